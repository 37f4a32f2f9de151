import { addDurations, addInner, type CellColumns, NO_ROWS, RARE, rareOf } from "./cell-columns.ts";
import { ExponentialSketch } from "./exponential-sketch.ts";
import type { Frame } from "./frame.ts";
import type { Step } from "./quantity.ts";
import type { Sketch } from "./sketch.ts";

/** Consecutive frames of a window, and where they stand in it. */
export interface FrameSlice {
  readonly fromMs: number;
  readonly stepMs: Step;
  readonly frames: readonly Frame[];
}

/** The row of a cell among ascending cells, -1 when it has none. `guess`: where it was in a frame before. */
function rowOf(cells: Int32Array, cell: number, guess: number): number {
  const there = cells[guess];
  if (there === cell) return guess;
  let low = there !== undefined && there < cell ? guess + 1 : 0;
  let high = there !== undefined && there > cell ? guess - 1 : cells.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = cells[middle] ?? 0;
    if (found === cell) return middle;
    if (found < cell) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Where the rows of some cells are over a window, found when they are first asked for. */
export class CellRows {
  readonly #columns: readonly CellColumns[];
  readonly #cells: readonly number[];
  /** Frame and row, alternating, in the order of frames for each cell. */
  #places: Int32Array | undefined;

  constructor(columns: readonly CellColumns[], cells: readonly number[]) {
    this.#columns = columns;
    this.#cells = cells;
  }

  #find(): Int32Array {
    const places = new Int32Array(2 * this.#columns.length * this.#cells.length);
    let end = 0;
    for (const cell of this.#cells) {
      let guess = 0;
      for (let frame = 0; frame < this.#columns.length; frame += 1) {
        const row = rowOf(this.#columns[frame]?.cells ?? NO_ROWS.cells, cell, guess);
        if (row < 0) continue;
        guess = row;
        places[end] = frame;
        places[end + 1] = row;
        end += 2;
      }
    }
    return places.subarray(0, end);
  }

  #each(visit: (columns: CellColumns, row: number, frame: number) => void): void {
    this.#places ??= this.#find();
    const places = this.#places;
    for (let at = 0; at < places.length; at += 2) {
      const frame = places[at] ?? 0;
      const columns = this.#columns[frame];
      if (columns !== undefined) visit(columns, places[at + 1] ?? 0, frame);
    }
  }

  /** One number for each frame, summed over the cells. */
  column(read: (columns: CellColumns, row: number) => number): Float64Array {
    const values = new Float64Array(this.#columns.length);
    this.#each((columns, row, frame) => {
      values[frame] = (values[frame] ?? 0) + read(columns, row);
    });
    return values;
  }

  sketch(add: typeof addDurations): ExponentialSketch {
    const sketch = new ExponentialSketch();
    this.#each((columns, row) => add(sketch, columns, row));
    return sketch;
  }
}

/** A sketch over rows, put together when it is first asked: of thousands of links few are ever asked. */
class RowsSketch implements Sketch {
  readonly #rows: CellRows;
  readonly #add: typeof addDurations;
  #made: ExponentialSketch | undefined;

  constructor(rows: CellRows, add: typeof addDurations) {
    this.#rows = rows;
    this.#add = add;
  }

  get #sketch(): ExponentialSketch {
    this.#made ??= this.#rows.sketch(this.#add);
    return this.#made;
  }

  get count(): number {
    return this.#sketch.count;
  }

  get sum(): number {
    return this.#sketch.sum;
  }

  get min(): number {
    return this.#sketch.min;
  }

  get max(): number {
    return this.#sketch.max;
  }

  quantile(q: number): number {
    return this.#sketch.quantile(q);
  }

  rank(value: number): number {
    return this.#sketch.rank(value);
  }
}

const readCount = (columns: CellColumns, row: number): number => columns.count[row] ?? 0;
const readDuration = (columns: CellColumns, row: number): number => columns.durationSum[row] ?? 0;
const readInner = (columns: CellColumns, row: number): number => columns.innerSum[row] ?? 0;
const readRare =
  (field: number) =>
  (columns: CellColumns, row: number): number =>
    rareOf(columns, row, field);
const readErrors = readRare(RARE.errors);
const readOriginErrors = readRare(RARE.originErrors);
const readRetries = readRare(RARE.retries);
const readInnerCount = readRare(RARE.innerCount);

/** The columns of some cells over a window; each is read when it is first asked for, and kept. */
export class CellWindow {
  readonly #rows: CellRows;
  #duration: Sketch | undefined;
  #inner: Sketch | undefined;
  #count: Float64Array | undefined;
  #errors: Float64Array | undefined;
  #originErrors: Float64Array | undefined;
  #retries: Float64Array | undefined;
  #durationMsSum: Float64Array | undefined;
  #innerMsSum: Float64Array | undefined;
  #innerCount: Float64Array | undefined;

  constructor(columns: readonly CellColumns[], cells: readonly number[]) {
    this.#rows = new CellRows(columns, cells);
  }

  get duration(): Sketch {
    this.#duration ??= new RowsSketch(this.#rows, addDurations);
    return this.#duration;
  }

  get inner(): Sketch {
    this.#inner ??= new RowsSketch(this.#rows, addInner);
    return this.#inner;
  }

  get count(): Float64Array {
    this.#count ??= this.#rows.column(readCount);
    return this.#count;
  }

  get errors(): Float64Array {
    this.#errors ??= this.#rows.column(readErrors);
    return this.#errors;
  }

  get originErrors(): Float64Array {
    this.#originErrors ??= this.#rows.column(readOriginErrors);
    return this.#originErrors;
  }

  get retries(): Float64Array {
    this.#retries ??= this.#rows.column(readRetries);
    return this.#retries;
  }

  get durationMsSum(): Float64Array {
    this.#durationMsSum ??= this.#rows.column(readDuration);
    return this.#durationMsSum;
  }

  get innerMsSum(): Float64Array {
    this.#innerMsSum ??= this.#rows.column(readInner);
    return this.#innerMsSum;
  }

  get innerCount(): Float64Array {
    this.#innerCount ??= this.#rows.column(readInnerCount);
    return this.#innerCount;
  }
}

/** Cells with a row anywhere in a window, ascending. */
export function cellsIn(columns: readonly CellColumns[]): number[] {
  const last = columns.reduce((max, { cells }) => Math.max(max, cells.at(-1) ?? -1), -1);
  const isIn = new Uint8Array(last + 1);
  for (const { cells } of columns) for (const cell of cells) isIn[cell] = 1;
  const found: number[] = [];
  for (let cell = 0; cell <= last; cell += 1) if (isIn[cell] === 1) found.push(cell);
  return found;
}

/** Those of some cells that have a row anywhere in a window. */
export function cellsAmong(columns: readonly CellColumns[], wanted: Iterable<number>): number[] {
  return Array.from(wanted)
    .filter((cell) => columns.some(({ cells }) => rowOf(cells, cell, 0) >= 0))
    .sort((a, b) => a - b);
}
