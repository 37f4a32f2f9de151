import { type ExponentialSketch, SLOT_BITS } from "./exponential-sketch.ts";

/** One observation of a cell. */
export interface Observation {
  readonly durationMs: number;
  readonly error: boolean;
  readonly originError: boolean;
  readonly retry: boolean;
  /** Self time of a station, gap of a link; NaN: not known. */
  readonly innerMs: number;
  /** How many like it this one stands for. */
  readonly weight: number;
}

/** What few rows have: numbers of `RARE` for each row in `rareRows`. */
export const RARE = { errors: 0, originErrors: 1, retries: 2, innerCount: 3 } as const;
export const RARE_FIELDS = 4;

/** The columns of one closed bucket, in the order of cells: about 30 bytes a row. Nothing in it changes any more. */
export interface CellColumns {
  /** Which cell each row is of, ascending. */
  readonly cells: Int32Array;
  readonly count: Float32Array;
  readonly durationSum: Float32Array;
  readonly innerSum: Float32Array;
  /**
   * Row i's sketch entries are `[offsets[i], offsets[i + 1])`: of durations first, then of inner times. Empty in columns
   * of coarse steps: there each row has the slots of `COARSE_QUANTILES` of its durations, and of inner times their mean.
   */
  readonly offsets: Uint32Array;
  /** How many of a row's entries are of durations. */
  readonly splits: Uint16Array;
  readonly entries: Uint16Array;
  /** Rows with an error, a retry, or observations whose inner time is not known; ascending. */
  readonly rareRows: Uint32Array;
  readonly rare: Float32Array;
}

export const NO_ROWS: CellColumns = {
  cells: new Int32Array(0),
  count: new Float32Array(0),
  durationSum: new Float32Array(0),
  innerSum: new Float32Array(0),
  offsets: new Uint32Array(1),
  splits: new Uint16Array(0),
  entries: new Uint16Array(0),
  rareRows: new Uint32Array(0),
  rare: new Float32Array(0),
};

export const bytesOf = (columns: CellColumns): number =>
  columns.cells.byteLength +
  columns.count.byteLength +
  columns.durationSum.byteLength +
  columns.innerSum.byteLength +
  columns.offsets.byteLength +
  columns.splits.byteLength +
  columns.entries.byteLength +
  columns.rareRows.byteLength +
  columns.rare.byteLength;

/** A sketch entry is one number, slot and count; a count that does not fit stands in the two after it. */
const COUNT_BITS = 16 - SLOT_BITS;
const COUNT_ESCAPE = 2 ** COUNT_BITS - 1;
const HALF = 65_536;
const COUNT_MAX = HALF * HALF - 1;

/** Appends an entry at `at`; returns where the next one goes. Contract: there is room for three. */
export function putEntry(
  into: Uint16Array,
  at: number,
  entry: { readonly slot: number; readonly count: number },
): number {
  const count = Math.min(COUNT_MAX, entry.count);
  const isLarge = count >= COUNT_ESCAPE;
  into[at] = entry.slot * 2 ** COUNT_BITS + (isLarge ? COUNT_ESCAPE : count);
  if (!isLarge) return at + 1;
  into[at + 1] = count % HALF;
  into[at + 2] = Math.floor(count / HALF);
  return at + 3;
}

function addEntries(
  sketch: ExponentialSketch,
  entries: Uint16Array,
  from: number,
  to: number,
): void {
  for (let at = from; at < to; at += 1) {
    const entry = entries[at] ?? 0;
    let count = entry % 2 ** COUNT_BITS;
    if (count === COUNT_ESCAPE) {
      count = (entries[at + 1] ?? 0) + (entries[at + 2] ?? 0) * HALF;
      at += 2;
    }
    sketch.addSlot(entry >>> COUNT_BITS, count);
  }
}

/** Where the rare numbers of a row are; -1 when it has none. */
function rareAt({ rareRows }: CellColumns, row: number): number {
  let low = 0;
  let high = rareRows.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = rareRows[middle] ?? 0;
    if (found === row) return middle;
    if (found < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** A rare number of a row: 0 where nothing is told, for inner times as many as there are observations. */
export function rareOf(columns: CellColumns, row: number, field: number): number {
  const at = columns.rareRows.length === 0 ? -1 : rareAt(columns, row);
  if (at >= 0) return columns.rare[at * RARE_FIELDS + field] ?? 0;
  return field === RARE.innerCount ? (columns.count[row] ?? 0) : 0;
}

/** What is kept of the durations of a coarse step. */
export const COARSE_QUANTILES = [0.5, 0.9, 0.95, 0.99] as const;
/** The share of a row that each of them stands for, so that they come out again as they went in; the rest lies below. */
const COARSE_SHARES = [0.45, 0.225, 0.045, 0.03] as const;
const BELOW_SHARE = 0.25;

function addCoarse(sketch: ExponentialSketch, columns: CellColumns, row: number): void {
  const count = columns.count[row] ?? 0;
  const from = row * COARSE_QUANTILES.length;
  COARSE_SHARES.forEach((share, at) => {
    sketch.addSlot(columns.entries[from + at] ?? 0, share * count);
  });
  const [middle = 0, ninth = 0] = columns.entries.subarray(from, from + 2);
  // The lower half is taken to reach as far down as the upper one reaches up.
  sketch.addSlot(Math.max(0, 2 * middle - ninth), BELOW_SHARE * count);
}

/** A single observation has no entries: its sum says where it lies. */
export function addDurations(sketch: ExponentialSketch, columns: CellColumns, row: number): void {
  if (columns.offsets.length === 0) {
    addCoarse(sketch, columns, row);
    sketch.sum += columns.durationSum[row] ?? 0;
    return;
  }
  const from = columns.offsets[row] ?? 0;
  const to = from + (columns.splits[row] ?? 0);
  const sum = columns.durationSum[row] ?? 0;
  const count = columns.count[row] ?? 0;
  if (to > from) addEntries(sketch, columns.entries, from, to);
  else if (count > 0) sketch.addValue(sum / count, count);
  sketch.sum += sum;
}

export function addInner(sketch: ExponentialSketch, columns: CellColumns, row: number): void {
  const from = (columns.offsets[row] ?? 0) + (columns.splits[row] ?? 0);
  const to = columns.offsets[row + 1] ?? 0;
  const sum = columns.innerSum[row] ?? 0;
  const count = to > from ? 0 : rareOf(columns, row, RARE.innerCount);
  if (to > from) addEntries(sketch, columns.entries, from, to);
  else if (count > 0) sketch.addValue(sum / count, count);
  sketch.sum += sum;
}

/** The same rows in the order of their cells, without those of no cell: for columns whose cells have got new numbers. */
export function inOrder(columns: CellColumns): CellColumns {
  const { cells } = columns;
  const isInOrder = cells.every((cell, row) => cell > (cells[row - 1] ?? -1));
  if (isInOrder) return columns;
  const order = Uint32Array.from(cells, (_, row) => row)
    .filter((row) => (cells[row] ?? -1) >= 0)
    .sort((a, b) => (cells[a] ?? 0) - (cells[b] ?? 0));
  const offsets = new Uint32Array(order.length + 1);
  const entries = new Uint16Array(columns.entries.length);
  const rareRows: number[] = [];
  const rare: number[] = [];
  order.forEach((row, at) => {
    const part = columns.entries.subarray(columns.offsets[row], columns.offsets[row + 1]);
    entries.set(part, offsets[at]);
    offsets[at + 1] = (offsets[at] ?? 0) + part.length;
    const from = rareAt(columns, row);
    if (from < 0) return;
    rareRows.push(at);
    rare.push(...columns.rare.subarray(from * RARE_FIELDS, (from + 1) * RARE_FIELDS));
  });
  const column = (values: Float32Array): Float32Array =>
    Float32Array.from(order, (row) => values[row] ?? 0);
  return {
    cells: Int32Array.from(order, (row) => cells[row] ?? 0),
    count: column(columns.count),
    durationSum: column(columns.durationSum),
    innerSum: column(columns.innerSum),
    offsets,
    splits: Uint16Array.from(order, (row) => columns.splits[row] ?? 0),
    entries: entries.slice(0, offsets[order.length]),
    rareRows: Uint32Array.from(rareRows),
    rare: Float32Array.from(rare),
  };
}
