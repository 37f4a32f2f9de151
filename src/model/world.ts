import { assertNever } from "../assert.ts";
import { BucketCloser } from "./bucket-closer.ts";
import { ChangeLog } from "./change-log.ts";
import { applyTopology } from "./declared-facts.ts";
import { type EntityId, entityId } from "./entity.ts";
import { RETAINED_BUCKETS, SPARE_BUCKETS } from "./frame-ring.ts";
import { Grace } from "./grace.ts";
import type { Fact } from "./journal/fact.ts";
import type { Restoration, TierName } from "./journal/restoration.ts";
import { WorldJournal } from "./journal/world-journal.ts";
import { LogStore } from "./log-store.ts";
import { MEMORY_BYTES_MAX } from "./memory-budget.ts";
import { MetricStore } from "./metric-store.ts";
import { bucketOf, OpenBuckets } from "./open-buckets.ts";
import { OpenTraces } from "./open-traces.ts";
import { lastSignalBy } from "./past.ts";
import type { ChangeRecord, Signal } from "./signal.ts";
import { SignalIntake } from "./signal-intake.ts";
import { SiteResolver } from "./site-resolver.ts";
import { Objectives } from "./slo/objectives.ts";
import { SLI_GRACE_MS } from "./slo/sli-history.ts";
import { type Heard, Topology } from "./topology.ts";
import type { FirstSight } from "./versions-seen.ts";
import { BUCKET_MS, type WorldView } from "./view.ts";
import type { WorldStats } from "./world-stats.ts";
import { CapturedView } from "./world-view.ts";

export interface WorldOptions {
  /** Decides which traces are sampled; the same seed and signals give the same world. */
  readonly seed?: number;
  /** Limit: bytes that closed steps and series may hold; beyond, the oldest is given up before its time. */
  readonly memoryBytesMax?: number;
}

/** The live model. State is a fold over signals and the times told to `advance`; nothing else goes in. */
export interface World {
  /** Folds a signal in. Data of buckets that are closed is counted as late. */
  apply(signal: Signal): void;
  /**
   * Says what time it is: buckets, traces and seconds whose grace has passed are closed. `spansMax` bounds the work of one
   * call, for an event loop that must not wait: false says that more is due, and the same call goes on with it. Views
   * see a bucket when all of it is closed. Whatever the bound, the result is the same.
   */
  advance(nowMs: number, spansMax?: number): boolean;
  /** The system as it was at `validMs`, by what was known at `knownAtMs` (default: by all that is known now). */
  at(validMs: number, knownAtMs?: number): WorldView;
  stats(): WorldStats;
  /** All that is known beside columns, as plain JSON. The world may go on in between. */
  facts(): Generator<Fact>;
  /** How many records were told by now. */
  readonly told: number;
  /**
   * What was closed and learned since the last call, as records; undefined is a place where the caller may pause. With
   * `isFresh` these and the next can be read without those before. Contract: one call is gone through before the next.
   * Each tier has records of its own; facts are in those of the buckets.
   */
  records(isFresh: boolean, tier?: TierName): Generator<Uint8Array | undefined>;
  /** Puts an earlier life back together. Contract: before the first signal, and followed by `resume`. */
  restoration(): Restoration;
  /** Goes on where the earlier life ended. */
  resume(restoration: Restoration): void;
}

export function createWorld(options: WorldOptions = {}): World {
  return new FoldedWorld(options);
}

class FoldedWorld implements World {
  readonly #topology: Topology;
  readonly #resolver: SiteResolver;
  readonly #traces = new OpenTraces();
  readonly #buckets = new OpenBuckets();
  readonly #metrics = new MetricStore(RETAINED_BUCKETS + SPARE_BUCKETS);
  readonly #logs = new LogStore();
  readonly #changes: ChangeLog;
  readonly #objectives = new Objectives();
  readonly #watched = new Set<EntityId>();
  readonly #intake: SignalIntake;
  readonly #closer: BucketCloser;
  readonly #journal: WorldJournal;
  #nowMs = 0;
  /** What damage to our files has cost. */
  #losses: readonly string[] = [];

  constructor(options: WorldOptions) {
    this.#topology = new Topology((sight) => this.#observeVersion(sight));
    this.#resolver = new SiteResolver(this.#topology);
    this.#changes = new ChangeLog((text) => this.#serviceNamed(text));
    const parts = {
      topology: this.#topology,
      resolver: this.#resolver,
      traces: this.#traces,
      buckets: this.#buckets,
      metrics: this.#metrics,
      grace: new Grace(),
    };
    this.#closer = new BucketCloser({
      ...parts,
      seed: options.seed ?? 1,
      memoryBytesMax: options.memoryBytesMax ?? MEMORY_BYTES_MAX,
      definitions: () => this.#objectives.all().map((one) => one.definition),
    });
    this.#intake = new SignalIntake({ ...parts, logs: this.#logs });
    this.#journal = new WorldJournal({
      topology: this.#topology,
      resolver: this.#resolver,
      closer: this.#closer,
      changes: this.#changes,
      logs: this.#logs,
      metrics: this.#metrics,
      objectives: this.#objectives,
    });
  }

  apply(signal: Signal): void {
    // What comes while buckets are being closed must not be seen by those: they are closed first.
    this.#closer.work(Number.POSITIVE_INFINITY);
    this.#nowMs = Math.max(this.#nowMs, signal.receivedMs);
    this.#buckets.begin(this.#nowMs);
    const heard: Heard = { seenMs: signal.receivedMs, nowMs: this.#nowMs };
    switch (signal.type) {
      case "spans":
        this.#intake.spans(signal, this.#nowMs);
        break;
      case "metrics":
        this.#intake.metrics(signal, this.#nowMs);
        break;
      case "logs":
        this.#intake.logs(signal, this.#nowMs);
        break;
      case "change":
        this.#applyChange(signal.change, signal.source);
        break;
      case "topology":
        applyTopology(this.#topology, signal, heard);
        break;
      case "slos":
        this.#objectives.define(signal.slos, signal.source, this.#nowMs);
        this.#watchObjectives();
        break;
      default:
        assertNever(signal);
    }
  }

  #applyChange(change: ChangeRecord, source: string): void {
    this.#changes.report(change, source === "executor" ? "executor" : "reported", this.#nowMs);
    this.#closer.facts.add(change);
  }

  #watchObjectives(): void {
    const byOperation = Map.groupBy(this.#objectives.all(), (one) => one.operation);
    for (const operation of this.#watched) {
      if (!byOperation.has(operation)) this.#resolver.watch(operation, []);
    }
    this.#watched.clear();
    for (const [operation, objectives] of byOperation) {
      this.#watched.add(operation);
      this.#resolver.watch(
        operation,
        objectives.map((one) => one.history),
      );
    }
  }

  #serviceNamed(text: string): EntityId | undefined {
    const id = entityId("service", text.startsWith("service:") ? text.slice(8) : text);
    return this.#topology.entities.indexOf(id) === undefined ? undefined : id;
  }

  #observeVersion({ service, serviceId, version, previousVersion, seenMs }: FirstSight): void {
    this.#changes.observe(
      {
        id: `seen-${service}-${version}`,
        timeMs: seenMs,
        kind: "deploy",
        entity: serviceId,
        summary: `${service} ${version} was seen for the first time`,
        attributes: { service, version, previous_version: previousVersion },
      },
      this.#nowMs,
    );
  }

  advance(nowMs: number, spansMax = Number.POSITIVE_INFINITY): boolean {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#objectives.close(this.#nowMs);
    this.#closer.begin(this.#nowMs);
    if (!this.#closer.work(spansMax)) return false;
    if (!this.#closer.isDue(this.#nowMs)) return true;
    // What was under way is done; since then more has become due.
    return Number.isFinite(spansMax) ? false : this.advance(nowMs);
  }

  at(validMs: number, knownAtMs = Number.POSITIVE_INFINITY): WorldView {
    const frames = this.#closer.frames.capture();
    const closedBucket = Math.min(this.#closer.closedBy(frames, knownAtMs), bucketOf(validMs));
    const byMs = Math.min(validMs, knownAtMs);
    const { topology } = this.#closer;
    const { aliases } = this.#closer.callees;
    const { places } = this.#closer;
    const tiers = [this.#closer.minutes, this.#closer.quarters].map((tier) => ({
      shape: tier.shape,
      frames: tier.frames.capture(),
      cells: { stationCells: tier.stationCells, edgeCells: tier.edgeCells, places },
    }));
    const heardIn = [
      { stepMs: BUCKET_MS, frames },
      ...tiers.map((tier) => ({ stepMs: tier.shape.stepMs, frames: tier.frames })),
    ];
    return new CapturedView({
      asOfMs: validMs,
      closedMs: closedBucket * BUCKET_MS,
      knownAtMs,
      frames,
      entities: topology.entities.capture(),
      indexOf: (id) => topology.entities.indexOf(id),
      aliases: new Map(
        [...aliases].flatMap(([ghost, { service, knownMs }]) =>
          knownMs <= knownAtMs ? [[ghost, service] as const] : [],
        ),
      ),
      relations: topology.relations,
      relationSequence: topology.relations.sequence,
      changes: this.#changes,
      changeSequence: this.#changes.sequence,
      cells: {
        stationCells: this.#resolver.stationCells,
        edgeCells: this.#resolver.edgeCells,
        places,
      },
      tiers,
      heardIn,
      metrics: this.#metrics,
      templates: this.#logs.capture(),
      objectives: this.#objectives.all().map((one) => ({
        ...one,
        closedSecond: Math.min(
          one.history.closedSecond,
          Math.floor((knownAtMs - SLI_GRACE_MS) / 1000),
        ),
      })),
      heardServices: new Set(
        [...topology.heardServices].flatMap(([service, sinceMs]) =>
          sinceMs <= byMs ? [service] : [],
        ),
      ),
      lastSignalMs:
        this.#intake.lastSignalMs <= byMs ? this.#intake.lastSignalMs : lastSignalBy(heardIn, byMs),
      notes: [...this.#losses, ...this.#intake.notes()],
    });
  }

  stats(): WorldStats {
    const histories = this.#objectives.all().map((one) => one.history);
    const { frames, minutes, quarters } = this.#closer;
    const rings = [frames, minutes.frames, quarters.frames];
    const sumOf = (
      field: "exemplarSpans" | "exemplarBytes" | "framesGivenUp" | "exemplarsGivenUp",
    ): number => rings.reduce((total, ring) => total + ring[field], 0);
    return {
      nowMs: this.#nowMs,
      closedMs: (frames.endBucket ?? 0) * BUCKET_MS,
      ...this.#intake.stats(),
      changes: this.#changes.size,
      changesForgotten: this.#changes.forgotten,
      changeFactsDropped: this.#closer.facts.dropped,
      frames: frames.size,
      bytes: {
        buckets: frames.bytes,
        minutes: minutes.frames.bytes,
        quarters: quarters.frames.bytes,
        series: this.#metrics.bytes,
      },
      framesGivenUp: sumOf("framesGivenUp"),
      exemplarSpans: sumOf("exemplarSpans"),
      exemplarBytes: sumOf("exemplarBytes"),
      exemplarsGivenUp: sumOf("exemplarsGivenUp"),
      sliMoved: histories.reduce((total, one) => total + one.moved, 0),
      sliDropped: histories.reduce((total, one) => total + one.dropped, 0),
      objectivesRefused: this.#objectives.refused,
    };
  }

  facts(): Generator<Fact> {
    return this.#journal.facts(this.#nowMs);
  }

  get told(): number {
    return this.#journal.told;
  }

  records(isFresh: boolean, tier: TierName = "buckets"): Generator<Uint8Array | undefined> {
    return this.#journal.records(isFresh, tier);
  }

  restoration(): Restoration {
    return this.#journal.restoration();
  }

  resume(restoration: Restoration): void {
    const { endMs, lastSignalMs, losses } = restoration.result();
    this.#losses = losses;
    this.#intake.lastSignalMs = lastSignalMs;
    this.#nowMs = Math.max(this.#nowMs, endMs);
    this.#journal.resume(restoration);
  }
}
