import {
  addDurations,
  type CellColumns,
  COARSE_QUANTILES,
  NO_ROWS,
  RARE,
  RARE_FIELDS,
  rareOf,
} from "./cell-columns.ts";
import { ExponentialSketch, sketchSlot } from "./exponential-sketch.ts";

/** Rows summed up between two chances to pause. */
const ROWS_A_STEP = 2_000;
/** What that costs in spans' worth. */
const STEP_COST = 250;

/** Where the rows of each coarse cell are: those of group g at `[starts[g], starts[g + 1])`. */
interface Groups {
  /** Coarse cells, ascending. */
  readonly cells: Int32Array;
  readonly starts: Uint32Array;
  readonly frames: Uint16Array;
  readonly rows: Uint32Array;
}

function* groupsOf(
  columns: readonly CellColumns[],
  coarseOf: (cell: number) => number,
): Generator<number, Groups> {
  const counts = new Map<number, number>();
  for (const { cells } of columns) {
    for (const cell of cells) {
      const coarse = coarseOf(cell);
      if (coarse >= 0) counts.set(coarse, (counts.get(coarse) ?? 0) + 1);
    }
    yield cells.length / 10;
  }
  const cells = Int32Array.from(counts.keys()).sort();
  const starts = new Uint32Array(cells.length + 1);
  const next = new Map<number, number>();
  cells.forEach((cell, group) => {
    next.set(cell, starts[group] ?? 0);
    starts[group + 1] = (starts[group] ?? 0) + (counts.get(cell) ?? 0);
  });
  const frames = new Uint16Array(starts[cells.length] ?? 0);
  const rows = new Uint32Array(frames.length);
  for (const [frame, { cells: fine }] of columns.entries()) {
    for (let row = 0; row < fine.length; row += 1) {
      const coarse = coarseOf(fine[row] ?? -1);
      const at = next.get(coarse);
      if (at === undefined) continue;
      frames[at] = frame;
      rows[at] = row;
      next.set(coarse, at + 1);
    }
    yield fine.length / 10;
  }
  return { cells, starts, frames, rows };
}

/**
 * Sums up the columns of several buckets by coarser cells; -1 leaves a cell out. Of the durations four quantiles are
 * kept, of the inner times their sum.
 */
export function* coarseColumns(
  columns: readonly CellColumns[],
  coarseOf: (cell: number) => number,
): Generator<number, CellColumns> {
  const groups = yield* groupsOf(columns, coarseOf);
  const { cells, starts } = groups;
  if (cells.length === 0) return NO_ROWS;
  const made = {
    cells,
    count: new Float32Array(cells.length),
    durationSum: new Float32Array(cells.length),
    innerSum: new Float32Array(cells.length),
    offsets: new Uint32Array(0),
    splits: new Uint16Array(0),
    entries: new Uint16Array(cells.length * COARSE_QUANTILES.length),
  };
  const rareRows: number[] = [];
  const rare: number[] = [];
  const sketch = new ExponentialSketch();
  let left = ROWS_A_STEP;
  for (let group = 0; group < cells.length; group += 1) {
    const sums = sumGroup(columns, groups, group, sketch);
    made.count[group] = sums.count;
    made.durationSum[group] = sums.durationSum;
    made.innerSum[group] = sums.innerSum;
    const from = group * COARSE_QUANTILES.length;
    COARSE_QUANTILES.forEach((quantile, at) => {
      made.entries[from + at] = sketchSlot(sketch.quantile(quantile));
    });
    if (sums.isRare) {
      rareRows.push(group);
      rare.push(...sums.rare);
    }
    left -= (starts[group + 1] ?? 0) - (starts[group] ?? 0);
    if (left > 0) continue;
    left = ROWS_A_STEP;
    yield STEP_COST;
  }
  return { ...made, rareRows: Uint32Array.from(rareRows), rare: Float32Array.from(rare) };
}

interface Sums {
  readonly count: number;
  readonly durationSum: number;
  readonly innerSum: number;
  readonly rare: Float64Array;
  readonly isRare: boolean;
}

/** Sums of one group; its durations are in `sketch` afterwards. */
function sumGroup(
  columns: readonly CellColumns[],
  { starts, frames, rows }: Groups,
  group: number,
  sketch: ExponentialSketch,
): Sums {
  sketch.clear();
  let count = 0;
  let durationSum = 0;
  let innerSum = 0;
  const rare = new Float64Array(RARE_FIELDS);
  const end = starts[group + 1] ?? 0;
  for (let at = starts[group] ?? 0; at < end; at += 1) {
    const from = columns[frames[at] ?? 0] ?? NO_ROWS;
    const row = rows[at] ?? 0;
    count += from.count[row] ?? 0;
    durationSum += from.durationSum[row] ?? 0;
    innerSum += from.innerSum[row] ?? 0;
    for (let field = 0; field < RARE_FIELDS; field += 1) {
      rare[field] = (rare[field] ?? 0) + rareOf(from, row, field);
    }
    addDurations(sketch, from, row);
  }
  const [errors = 0, originErrors = 0, retries = 0] = rare;
  const isRare = errors + originErrors + retries > 0 || rare[RARE.innerCount] !== count;
  return { count, durationSum, innerSum, rare, isRare };
}
