import { assert } from "../../assert.ts";
import type { CellTable } from "../cell-table.ts";
import { edgeKey } from "../edge-cells.ts";
import type { EntityId } from "../entity.ts";
import type { Frame } from "../frame.ts";
import type { FrameRing } from "../frame-ring.ts";
import type { LogStore } from "../log-store.ts";
import type { MetricStore, RestoredSeries, StoredSeries } from "../metric-store.ts";
import type { PlaceTable } from "../place-table.ts";
import type { EdgeCell, StationCell } from "../site.ts";
import { stationKey } from "../station-cells.ts";
import type { Topology } from "../topology.ts";
import { BUCKET_MS } from "../view.ts";
import type { Fact } from "./fact.ts";
import type { FactBook } from "./fact-book.ts";
import type { NamedNumbers } from "./journal-names.ts";
import { type ReadRecord, RecordReader } from "./record-reader.ts";

export interface RestoredParts {
  readonly facts: FactBook;
  readonly frames: FrameRing;
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
  /** Records told by then. */
  readonly told: number;
  /** One past the last bucket that is known; undefined when none is. */
  readonly endBucket: number | undefined;
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

/** Puts an earlier life back together: first the facts of its last snapshot, then its records, the oldest first. */
export class Restoration implements NamedNumbers {
  readonly #of: RestoredParts;
  #reader: RecordReader;
  #told = 0;
  #snapshotTold = 0;
  /** Of the record before, to notice one that is missing; 0 before the first. */
  #lastTold = 0;
  #isStretchNew = true;
  #endMs = 0;
  #lastSignalMs = 0;
  #endBucket: number | undefined;
  readonly #losses = new Set<string>();

  constructor(parts: RestoredParts) {
    this.#of = parts;
    this.#reader = new RecordReader(this);
  }

  /** Facts of a snapshot that was begun when so many records had been told, at `savedMs`. */
  snapshot(told: number, savedMs: number): void {
    this.#told = Math.max(this.#told, told);
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

  /** The next records can be read without those before. */
  beginStretch(): void {
    this.#isStretchNew = true;
    this.#reader = new RecordReader(this);
  }

  /** Throws when a record is not one of ours; what came before it stands. */
  record(bytes: Uint8Array): void {
    const record = this.#reader.read(bytes, (told, facts) => {
      this.#follow(told);
      this.#told = Math.max(this.#told, told);
      // What the snapshot knows already, it may know better.
      if (told > this.#snapshotTold) for (const fact of facts) this.#of.facts.learn(fact);
    });
    this.#keep(record);
  }

  /** Within a stretch a record stands on the one before; between two, one that is missing is a loss. */
  #follow(told: number): void {
    const isNext = this.#lastTold === 0 || told === this.#lastTold + 1;
    if (!isNext) this.lose("columns");
    assert(isNext || this.#isStretchNew, "no record is missing in the middle of a stretch");
    this.#lastTold = told;
    this.#isStretchNew = false;
  }

  #keep({ closed, values }: ReadRecord): void {
    if (closed === undefined) return;
    const { bucket, frame, isFirst } = closed;
    const { frames, metrics, topology } = this.#of;
    const endBucket = frames.endBucket ?? Number.NEGATIVE_INFINITY;
    if (bucket < endBucket) return;
    frames.restore(bucket, frame, isFirst);
    this.#endBucket = bucket + 1;
    for (const [series, value] of values) {
      metrics.put(series, bucket, value);
      metrics.heard(series, bucket);
    }
    for (const entity of this.#shownIn(frame)) {
      if (entity >= 0) topology.entities.seen(entity, (bucket + 1) * BUCKET_MS);
    }
    this.#endMs = Math.max(this.#endMs, frame.closedMs);
    this.#lastSignalMs = Math.max(this.#lastSignalMs, frame.lastHeardMs);
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
      told: this.#told,
      endBucket: this.#endBucket,
      lastSignalMs: this.#lastSignalMs,
      losses: [...this.#losses],
    };
  }

  indexOf(id: EntityId): number | undefined {
    return this.#of.topology.entities.adopt(id, this.#endMs);
  }

  station(cell: StationCell): number {
    return this.#of.stationCells.restore(stationKey(cell), () => cell);
  }

  edge(cell: EdgeCell): number {
    return this.#of.edgeCells.restore(edgeKey(cell), () => cell);
  }

  place(caller: number, callee: number): number {
    return this.#of.places.place(caller, callee);
  }

  template(id: string): number | undefined {
    return this.#of.logs.indexOf(id);
  }

  series(of: RestoredSeries): StoredSeries | undefined {
    return this.#of.metrics.restore(of);
  }
}
