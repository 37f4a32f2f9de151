import type { Steps } from "./bucket-fold.ts";
import type { CellTable } from "./cell-table.ts";
import { createEdgeMap, createStationMap } from "./coarse-cells.ts";
import { coarseColumns } from "./coarse-columns.ts";
import type { EntryColumns, Frame } from "./frame.ts";
import { type FrameCapture, FrameRing } from "./frame-ring.ts";
import type { EdgeCell, StationCell } from "./site.ts";
import type { TierShape } from "./tiers.ts";
import { pickTraces } from "./trace-pick.ts";

/** Cells that nothing shows any more are looked for every so many steps. */
const FORGET_EVERY_STEPS = 60;

/** The fine cells that rows of buckets are of. */
export interface FineCells {
  readonly stationCells: CellTable<StationCell>;
  readonly edgeCells: CellTable<EdgeCell>;
}

/** One tier of coarser steps: each is summed up from its buckets when the last of them has closed. */
export class CoarseTier {
  readonly shape: TierShape;
  readonly frames: FrameRing;
  readonly #fine: FineCells;
  readonly #stations = createStationMap();
  readonly #edges = createEdgeMap();

  constructor(shape: TierShape, fine: FineCells) {
    this.shape = shape;
    this.#fine = fine;
    this.frames = new FrameRing(shape);
  }

  get stationCells(): CellTable<StationCell> {
    return this.#stations.table;
  }

  get edgeCells(): CellTable<EdgeCell> {
    return this.#edges.table;
  }

  /** The step to sum up next, when all its buckets have closed. */
  due({ firstBucket, frames }: FrameCapture): number | undefined {
    if (frames.length === 0) return undefined;
    const { buckets } = this.shape;
    // What lies before the oldest bucket can be summed up no more.
    const oldest = Math.floor(firstBucket / buckets);
    const step = Math.max(this.frames.endBucket ?? oldest, oldest);
    return (step + 1) * buckets <= firstBucket + frames.length ? step : undefined;
  }

  *fold(fine: FrameCapture, step: number): Steps<void> {
    const { buckets } = this.shape;
    const from = step * buckets - fine.firstBucket;
    const parts = fine.frames.slice(Math.max(0, from), Math.max(0, from + buckets));
    const isWhole = step * buckets >= fine.firstWholeBucket;
    const stations = yield* coarseColumns(
      parts.map((frame) => frame.stations),
      (cell) => this.#stations.numberOf(cell, this.#fine.stationCells.get(cell)),
    );
    const edges = yield* coarseColumns(
      parts.map((frame) => frame.edges),
      (cell) => this.#edges.numberOf(cell, this.#fine.edgeCells.get(cell)),
    );
    this.#stations.show(stations.cells, step);
    this.#edges.show(edges.cells, step);
    const rest = summed(parts);
    const isUnwatched = !isWhole || rest.isUnwatched;
    this.frames.restore(step, { stations, edges, ...rest, isUnwatched }, !isWhole);
    if (step % FORGET_EVERY_STEPS === 0) this.#forget(step);
  }

  /** A cell that rows of an earlier life are of. */
  station(cell: StationCell): number {
    return this.#stations.find(cell);
  }

  edge(cell: EdgeCell): number {
    return this.#edges.find(cell);
  }

  /** A frame of an earlier life. */
  restore(step: number, frame: Frame, isFirst: boolean): void {
    this.frames.restore(step, frame, isFirst);
    this.#stations.show(frame.stations.cells, step);
    this.#edges.show(frame.edges.cells, step);
  }

  #forget(step: number): void {
    this.#stations.forget(step - this.shape.kept);
    this.#edges.forget(step - this.shape.kept);
    this.#stations.clearKnown();
    this.#edges.clearKnown();
  }
}

type Rest = Omit<Frame, "stations" | "edges">;

/** Everything of some buckets but their columns. */
function summed(parts: readonly Frame[]): Rest {
  const templates = new Map<number, number>();
  const late = new Map<number, number>();
  const counts = { spans: 0, dropped: 0, entryRequests: 0, traced: 0 };
  for (const part of parts) {
    part.templates.forEach((template, row) => {
      templates.set(template, (templates.get(template) ?? 0) + (part.templateCounts[row] ?? 0));
    });
    for (let at = 0; at < part.late.length; at += 2) {
      const service = part.late[at] ?? 0;
      late.set(service, (late.get(service) ?? 0) + (part.late[at + 1] ?? 0));
    }
    counts.spans += part.counts.spans;
    counts.dropped += part.counts.dropped;
    counts.entryRequests += part.counts.entryRequests;
    counts.traced += part.counts.traced;
  }
  const heardFrom = parts.filter((part) => part.firstHeardMs > 0);
  return {
    entries: summedEntries(parts),
    exemplars: pickTraces(parts.map((part) => part.exemplars)),
    templates: Int32Array.from(templates.keys()),
    templateCounts: Float64Array.from(templates.values()),
    heard: Int32Array.from(new Set(parts.flatMap((part) => [...part.heard]))),
    present: Int32Array.from(new Set(parts.flatMap((part) => [...part.present]))),
    late: Int32Array.from([...late].flat()),
    counts,
    firstHeardMs: heardFrom[0]?.firstHeardMs ?? 0,
    lastHeardMs: heardFrom.at(-1)?.lastHeardMs ?? 0,
    closedMs: parts.reduce((max, part) => Math.max(max, part.closedMs), 0),
    isUnwatched: parts.length === 0 || parts.some((part) => part.isUnwatched),
  };
}

interface EntryTally {
  traced: number;
  readonly places: Map<number, { criticalMs: number; failed: number }>;
}

function summedEntries(parts: readonly Frame[]): EntryColumns[] {
  const tallies = new Map<number, EntryTally>();
  for (const entry of parts.flatMap((part) => part.entries)) {
    const tally = tallies.get(entry.operation) ?? { traced: 0, places: new Map() };
    tallies.set(entry.operation, tally);
    tally.traced += entry.traced;
    entry.places.forEach((place, at) => {
      const sums = tally.places.get(place) ?? { criticalMs: 0, failed: 0 };
      tally.places.set(place, sums);
      sums.criticalMs += entry.criticalMs[at] ?? 0;
      sums.failed += entry.failed[at] ?? 0;
    });
  }
  return Array.from(tallies, ([operation, { traced, places }]) => ({
    operation,
    traced,
    places: Int32Array.from(places.keys()),
    criticalMs: Float64Array.from(places.values(), (one) => one.criticalMs),
    failed: Float64Array.from(places.values(), (one) => one.failed),
  }));
}
