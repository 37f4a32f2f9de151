import { assertNever } from "../assert.ts";
import { BucketFold } from "./bucket-fold.ts";
import { ChangeLog } from "./change-log.ts";
import { applyChangeFacts, applyObjectives, applyTopology } from "./declared-facts.ts";
import { type EntityId, entityId } from "./entity.ts";
import type { Frame } from "./frame.ts";
import { FrameRing, RETAINED_BUCKETS, SPARE_BUCKETS } from "./frame-ring.ts";
import { LogStore } from "./log-store.ts";
import { MetricStore } from "./metric-store.ts";
import { bucketOf, closedBefore, OpenBuckets } from "./open-buckets.ts";
import { OpenTraces } from "./open-traces.ts";
import { PlaceTable } from "./place-table.ts";
import type { ChangeRecord, Signal } from "./signal.ts";
import { SignalIntake } from "./signal-intake.ts";
import { SiteResolver } from "./site-resolver.ts";
import { Objectives } from "./slo/objectives.ts";
import { type FirstSight, type Heard, Topology } from "./topology.ts";
import { BUCKET_MS, type WorldView } from "./view.ts";
import {
  loadChange,
  loadRelation,
  saveChange,
  saveRelation,
  type WorldSnapshot,
} from "./world-snapshot.ts";
import type { WorldStats } from "./world-stats.ts";
import { CapturedView } from "./world-view.ts";

export interface WorldOptions {
  /** Decides which traces are sampled; the same seed and signals give the same world. */
  readonly seed?: number;
}

/** The live model. State is a fold over signals and the times told to `advance`; nothing else goes in. */
export interface World {
  /** Folds a signal in. Data of buckets that are closed is counted as late. */
  apply(signal: Signal): void;
  /** Says what time it is: buckets, traces and seconds whose grace has passed are closed. */
  advance(nowMs: number): void;
  /** The system as it was at `validMs`, by what was known at `knownAtMs` (default: by all that is known now). */
  at(validMs: number, knownAtMs?: number): WorldView;
  stats(): WorldStats;
  /** What outlives the process, as plain JSON. */
  snapshot(): WorldSnapshot;
  /** Contract: before the first signal. */
  restore(snapshot: WorldSnapshot): void;
}

export function createWorld(options: WorldOptions = {}): World {
  return new FoldedWorld(options);
}

class FoldedWorld implements World {
  readonly #topology: Topology;
  readonly #resolver: SiteResolver;
  readonly #traces = new OpenTraces();
  readonly #buckets = new OpenBuckets();
  readonly #fold: BucketFold;
  readonly #places = new PlaceTable();
  readonly #frames = new FrameRing();
  readonly #metrics = new MetricStore(RETAINED_BUCKETS + SPARE_BUCKETS);
  readonly #logs = new LogStore();
  readonly #changes: ChangeLog;
  readonly #objectives = new Objectives();
  readonly #watched = new Set<EntityId>();
  readonly #intake: SignalIntake;
  #nowMs = 0;

  constructor(options: WorldOptions) {
    this.#topology = new Topology((sight) => this.#observeVersion(sight));
    this.#resolver = new SiteResolver(this.#topology);
    this.#changes = new ChangeLog((text) => this.#serviceNamed(text));
    this.#fold = new BucketFold({
      topology: this.#topology,
      resolver: this.#resolver,
      traces: this.#traces,
      places: this.#places,
      seed: options.seed ?? 1,
    });
    this.#intake = new SignalIntake({
      topology: this.#topology,
      resolver: this.#resolver,
      traces: this.#traces,
      buckets: this.#buckets,
      metrics: this.#metrics,
      logs: this.#logs,
    });
  }

  apply(signal: Signal): void {
    this.#nowMs = Math.max(this.#nowMs, signal.receivedMs);
    const heard: Heard = { seenMs: signal.receivedMs, nowMs: this.#nowMs };
    switch (signal.type) {
      case "spans":
        this.#intake.spans(signal, this.#nowMs);
        break;
      case "metrics":
        this.#intake.metrics(signal, heard);
        break;
      case "logs":
        this.#intake.logs(signal, heard);
        break;
      case "change":
        this.#applyChange(signal.change, signal.source, heard);
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

  #applyChange(change: ChangeRecord, source: string, heard: Heard): void {
    this.#changes.report(change, source === "executor" ? "executor" : "reported", heard.nowMs);
    applyChangeFacts(this.#topology, change, heard);
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

  #observeVersion(sight: FirstSight): void {
    const service = this.#topology.name(sight.service);
    this.#changes.observe(
      {
        id: `seen-${service}-${sight.version}`,
        timeMs: sight.seenMs,
        kind: "deploy",
        entity: sight.serviceId,
        summary: `${service} ${sight.version} was seen for the first time`,
        attributes: {
          service,
          version: sight.version,
          previous_version: sight.previousVersion,
        },
      },
      this.#nowMs,
    );
  }

  advance(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    this.#objectives.close(this.#nowMs);
    const target = closedBefore(this.#nowMs);
    let bucket = this.#firstToClose(target);
    if (bucket >= target) return;
    for (; bucket < target; bucket += 1) this.#frames.push(bucket, this.#close(bucket));
    const now: Heard = { seenMs: this.#nowMs, nowMs: this.#nowMs };
    const definitions = this.#objectives.all().map((one) => one.definition);
    applyObjectives(this.#topology, definitions, now);
    this.#traces.expire(this.#nowMs);
    this.#topology.relations.expire(this.#nowMs);
  }

  /** The bucket to go on with. What lies further back than is kept gets no frame, and is only let go of. */
  #firstToClose(target: number): number {
    const oldest = this.#buckets.oldest() ?? target - 1;
    const isFirst = !Number.isFinite(this.#buckets.end);
    const next = isFirst ? Math.min(oldest, target - 1) : this.#buckets.end;
    const firstKept = target - RETAINED_BUCKETS;
    if (next >= firstKept) return next;
    for (let old = this.#buckets.oldest(); old !== undefined && old < firstKept; ) {
      this.#close(old);
      old = this.#buckets.oldest();
    }
    this.#buckets.skipTo(firstKept);
    this.#frames.clear();
    return firstKept;
  }

  #close(index: number): Frame {
    const bucket = this.#buckets.take(index);
    const heard: Heard = { seenMs: (index + 1) * BUCKET_MS, nowMs: this.#nowMs };
    const folded = this.#fold.fold(bucket?.nodes ?? [], heard);
    const { entryRequests, traced, ...columns } = folded;
    const templates = [...(bucket?.templates ?? [])];
    return {
      ...columns,
      templates: Int32Array.from(templates, ([template]) => template),
      templateCounts: Float64Array.from(templates, ([, count]) => count),
      heard: Int32Array.from(bucket?.heard ?? []),
      counts: {
        spans: bucket?.spans ?? 0,
        dropped: bucket?.dropped ?? 0,
        entryRequests,
        traced,
      },
    };
  }

  at(validMs: number, knownAtMs = Number.POSITIVE_INFINITY): WorldView {
    const endMs = (this.#frames.endBucket ?? bucketOf(validMs)) * BUCKET_MS;
    return new CapturedView({
      asOfMs: validMs,
      closedMs: Math.min(endMs, bucketOf(validMs) * BUCKET_MS),
      knownAtMs,
      frames: this.#frames.capture(),
      entities: this.#topology.entities.capture(),
      indexOf: (id) => this.#topology.entities.indexOf(id),
      aliases: new Map(this.#fold.callees.aliases),
      relations: this.#topology.relations,
      relationSequence: this.#topology.relations.sequence,
      changes: this.#changes,
      changeSequence: this.#changes.sequence,
      cells: {
        stationCells: this.#resolver.stationCells,
        edgeCells: this.#resolver.edgeCells,
        places: this.#places,
      },
      metrics: this.#metrics,
      templates: this.#logs.capture(),
      objectives: this.#objectives
        .all()
        .map((one) => ({ ...one, closedSecond: one.history.closedSecond })),
      heardServices: this.#topology.heardServices,
      lastSignalMs: this.#lastSignalBefore(validMs),
      notes: this.#intake.notes(),
    });
  }

  /** The last time that anything was heard by then; in the past known to the bucket. */
  #lastSignalBefore(validMs: number): number {
    if (this.#intake.lastSignalMs <= validMs) return this.#intake.lastSignalMs;
    const { firstBucket, frames } = this.#frames.capture();
    for (let at = Math.min(frames.length, bucketOf(validMs) - firstBucket) - 1; at >= 0; at -= 1) {
      if ((frames[at]?.heard.length ?? 0) > 0) return (firstBucket + at + 1) * BUCKET_MS;
    }
    return 0;
  }

  stats(): WorldStats {
    const histories = this.#objectives.all().map((one) => one.history);
    return {
      nowMs: this.#nowMs,
      closedMs: (this.#frames.endBucket ?? 0) * BUCKET_MS,
      ...this.#intake.stats(),
      changes: this.#changes.size,
      changesForgotten: this.#changes.forgotten,
      frames: this.#frames.size,
      exemplarSpans: this.#frames.exemplarSpans,
      exemplarsGivenUp: this.#frames.exemplarsGivenUp,
      sliMoved: histories.reduce((total, one) => total + one.moved, 0),
      sliDropped: histories.reduce((total, one) => total + one.dropped, 0),
      objectivesRefused: this.#objectives.refused,
    };
  }

  snapshot(): WorldSnapshot {
    return {
      format: 1,
      savedMs: this.#nowMs,
      entities: this.#topology.entities.rows(),
      relations: this.#topology.relations.rows().map(saveRelation),
      changes: this.#changes.rows().map(saveChange),
      versions: this.#topology.versions(),
      sli: this.#objectives.snapshot(),
    };
  }

  restore(snapshot: WorldSnapshot): void {
    this.#topology.entities.restore(snapshot.entities);
    this.#topology.relations.restore(snapshot.relations.map(loadRelation), snapshot.savedMs);
    this.#topology.restoreVersions(snapshot.versions);
    this.#changes.restore(snapshot.changes.map(loadChange));
    this.#objectives.restore(snapshot.sli);
  }
}
