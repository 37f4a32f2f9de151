import { assert } from "../../assert.ts";
import type { CellTable } from "../cell-table.ts";
import type { CoarseTier } from "../coarse-tier.ts";
import { edgeKey } from "../edge-cells.ts";
import type { EntityId } from "../entity.ts";
import type { Frame } from "../frame.ts";
import type { FrameRing } from "../frame-ring.ts";
import type { LogStore } from "../log-store.ts";
import type { MetricStore } from "../metric-store.ts";
import type { PlaceTable } from "../place-table.ts";
import type { EdgeCell, StationCell } from "../site.ts";
import { stationKey } from "../station-cells.ts";
import type { Topology } from "../topology.ts";
import { BUCKET_MS } from "../view.ts";
import type { Fact } from "./fact.ts";
import type { FactBook } from "./fact-book.ts";
import type { NamedNumbers } from "./journal-names.ts";
import { type ReadRecord, RecordReader } from "./record-reader.ts";

/** Buckets of five seconds, and the coarser steps. */
export const TIER_NAMES = ["buckets", "minutes", "quarters"] as const;
export type TierName = (typeof TIER_NAMES)[number];

export interface RestoredParts {
  readonly facts: FactBook;
  readonly frames: FrameRing;
  readonly tiers: Readonly<Record<Exclude<TierName, "buckets">, CoarseTier>>;
  readonly topology: Topology;
  readonly stationCells: CellTable<StationCell>;
  readonly edgeCells: CellTable<EdgeCell>;
  readonly places: PlaceTable;
  readonly logs: LogStore;
  readonly metrics: MetricStore;
}

/** What an earlier life left, as far as it was read. */
export interface Restored {
  /** When it was last there. 0: it left nothing. */
  readonly endMs: number;
  readonly lastSignalMs: number;
  /** What damage has cost, as sentences for people. */
  readonly losses: readonly string[];
}

/** What was lost, in the order in which it is said. */
const LOSSES = {
  facts:
    "the file of what the model knew was damaged: entities, relations and changes of before the last restart may be missing",
  columns:
    "a part of the model's record was damaged: what it held is missing, and said where it is asked for",
} as const;

/** How far the records of one tier were read. */
class ReadTier {
  reader: RecordReader;
  /** Records told by then. */
  told = 0;
  /** Number of the record before, to notice one that is missing; 0 before the first. */
  lastTold = 0;
  isStretchNew = true;
  /** One past the last bucket, or step, that is known; undefined when none is. */
  bucket: number | undefined;

  constructor(reader: RecordReader) {
    this.reader = reader;
  }
}

/** Puts an earlier life back together: first the facts of its last snapshot, then its records, the oldest first. */
export class Restoration {
  readonly #of: RestoredParts;
  readonly #tiers: Readonly<Record<TierName, ReadTier>>;
  readonly #losses = new Set<string>();
  #snapshotTold = 0;
  #endMs = 0;
  #lastSignalMs = 0;

  constructor(parts: RestoredParts) {
    this.#of = parts;
    const tier = (name: TierName): ReadTier => new ReadTier(this.#reader(name));
    this.#tiers = {
      buckets: tier("buckets"),
      minutes: tier("minutes"),
      quarters: tier("quarters"),
    };
  }

  /** Facts of a snapshot that was begun when so many records had been told, at `savedMs`. */
  snapshot(told: number, savedMs: number): void {
    const { buckets } = this.#tiers;
    buckets.told = Math.max(buckets.told, told);
    this.#snapshotTold = told;
    this.#endMs = Math.max(this.#endMs, savedMs);
  }

  /** Says that a file was damaged, so that answers can say it too. */
  lose(what: keyof typeof LOSSES): void {
    this.#losses.add(LOSSES[what]);
  }

  fact(fact: Fact): void {
    this.#of.facts.learn(fact);
  }

  /** The next records of a tier can be read without those before. */
  beginStretch(tier: TierName = "buckets"): void {
    this.#tiers[tier].isStretchNew = true;
    this.#tiers[tier].reader = this.#reader(tier);
  }

  /** Throws when a record is not one of ours; what came before it stands. Contract: buckets come before other tiers. */
  record(bytes: Uint8Array, tier: TierName = "buckets"): void {
    const at = this.#tiers[tier];
    const record = at.reader.read(bytes, (told, facts) => {
      this.#follow(at, told);
      at.told = Math.max(at.told, told);
      // What the snapshot knows already, it may know better.
      if (told > this.#snapshotTold) for (const fact of facts) this.#of.facts.learn(fact);
    });
    if (tier === "buckets") this.#keepBucket(record, at);
    else this.#keepStep(record, at, this.#of.tiers[tier]);
  }

  /** Within a stretch a record stands on the one before; between two, one that is missing is a loss. */
  #follow(at: ReadTier, told: number): void {
    const isNext = at.lastTold === 0 || told === at.lastTold + 1;
    if (!isNext) this.lose("columns");
    assert(isNext || at.isStretchNew, "no record is missing in the middle of a stretch");
    at.lastTold = told;
    at.isStretchNew = false;
  }

  #keepBucket({ closed, values }: ReadRecord, at: ReadTier): void {
    if (closed === undefined) return;
    const { bucket, frame, isFirst } = closed;
    const { frames, topology } = this.#of;
    if (bucket < (at.bucket ?? 0)) return;
    frames.restore(bucket, frame, isFirst);
    at.bucket = bucket + 1;
    for (const { series, value } of values) {
      series.put(bucket, value);
      this.#of.metrics.heard(series, bucket);
    }
    for (const entity of this.#shownIn(frame)) {
      if (entity >= 0) topology.entities.seen(entity, (bucket + 1) * BUCKET_MS);
    }
    this.#endMs = Math.max(this.#endMs, frame.closedMs);
    this.#lastSignalMs = Math.max(this.#lastSignalMs, frame.lastHeardMs);
  }

  #keepStep({ closed, values }: ReadRecord, at: ReadTier, tier: CoarseTier): void {
    if (closed === undefined || closed.bucket < (at.bucket ?? 0)) return;
    tier.restore(closed.bucket, closed.frame, closed.isFirst);
    at.bucket = closed.bucket + 1;
    for (const { series, value, max } of values) {
      series.ring(tier.shape).put(closed.bucket, value, max);
    }
    this.#endMs = Math.max(this.#endMs, closed.frame.closedMs);
  }

  /** Entities that a bucket shows, by index; -1 for one that had no room. */
  *#shownIn({ heard, present, stations, edges }: Frame): Generator<number> {
    yield* heard;
    yield* present;
    for (const cell of stations.cells) yield this.#of.stationCells.get(cell)?.operationIndex ?? -1;
    for (const cell of edges.cells) yield this.#of.edgeCells.get(cell)?.callee ?? -1;
  }

  result(): Restored {
    return {
      endMs: this.#endMs,
      lastSignalMs: this.#lastSignalMs,
      losses: [...this.#losses],
    };
  }

  /** Where the records of a tier end. */
  end(tier: TierName): { readonly told: number; readonly bucket: number | undefined } {
    const { told, bucket } = this.#tiers[tier];
    return { told, bucket };
  }

  #reader(tier: TierName): RecordReader {
    return new RecordReader(this.#numbers(tier === "buckets" ? undefined : this.#of.tiers[tier]));
  }

  #numbers(tier: CoarseTier | undefined): NamedNumbers {
    const { topology, stationCells, edgeCells, places, logs, metrics } = this.#of;
    return {
      indexOf: (id: EntityId) => topology.entities.adopt(id, this.#endMs),
      station: (cell) =>
        tier === undefined
          ? stationCells.restore(stationKey(cell), () => cell)
          : tier.station(cell),
      edge: (cell) =>
        tier === undefined ? edgeCells.restore(edgeKey(cell), () => cell) : tier.edge(cell),
      place: (caller, callee) => places.place(caller, callee),
      template: (id) => logs.indexOf(id),
      series: (of) => metrics.restore(of),
    };
  }
}
