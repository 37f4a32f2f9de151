import { ExponentialSketch } from "./exponential-sketch.ts";
import { type CellColumns, FIELD, FIELDS, type Frame } from "./frame.ts";
import type { Sketch } from "./sketch.ts";

/** Consecutive frames of a window, and where they stand in it. */
export interface FrameSlice {
  readonly fromMs: number;
  readonly frames: readonly Frame[];
}

/** The columns of one cell over a window. */
export interface CellWindow {
  readonly cell: number;
  readonly count: Float64Array;
  readonly errors: Float64Array;
  readonly originErrors: Float64Array;
  readonly retries: Float64Array;
  readonly durationMsSum: Float64Array;
  readonly innerMsSum: Float64Array;
  readonly innerCount: Float64Array;
  readonly duration: Sketch;
  readonly inner: Sketch;
}

/** Columns handed out, in the order of `FIELD`. */
const COLUMNS = 7;

/** Rows of one cell (or group of cells) in the frames of a window. */
interface Rows {
  readonly columns: CellColumns[];
  readonly rows: number[];
}

/** A sketch over rows, put together when it is first asked: of thousands of links few are ever asked. */
class RowsSketch implements Sketch {
  readonly #of: Rows;
  readonly #which: "duration" | "inner";
  #made: ExponentialSketch | undefined;

  constructor(of: Rows, which: "duration" | "inner") {
    this.#of = of;
    this.#which = which;
  }

  get #sketch(): ExponentialSketch {
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): ExponentialSketch {
    const sketch = new ExponentialSketch();
    this.#of.columns.forEach((columns, at) => {
      const row = this.#of.rows[at] ?? 0;
      if (this.#which === "duration") addDuration(sketch, columns, row);
      else addInner(sketch, columns, row);
    });
    return sketch;
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

function addDuration(sketch: ExponentialSketch, columns: CellColumns, row: number): void {
  const { data, duration, durationOffsets } = columns;
  const from = row * FIELDS;
  sketch.addPacked(duration, durationOffsets[row] ?? 0, durationOffsets[row + 1] ?? 0);
  sketch.addMoments({
    sum: data[from + FIELD.durationSum] ?? 0,
    min: data[from + FIELD.durationMin] ?? 0,
    max: data[from + FIELD.durationMax] ?? 0,
  });
}

function addInner(sketch: ExponentialSketch, columns: CellColumns, row: number): void {
  const { data, inner, innerOffsets } = columns;
  const from = row * FIELDS;
  if ((data[from + FIELD.innerCount] ?? 0) === 0) return;
  sketch.addPacked(inner, innerOffsets[row] ?? 0, innerOffsets[row + 1] ?? 0);
  sketch.addMoments({
    sum: data[from + FIELD.innerSum] ?? 0,
    min: data[from + FIELD.innerMin] ?? 0,
    max: data[from + FIELD.innerMax] ?? 0,
  });
}

class GrowingWindow {
  readonly cell: number;
  /** All columns one after another, each as long as the window. */
  readonly data: Float64Array;
  readonly of: Rows = { columns: [], rows: [] };

  constructor(cell: number, length: number) {
    this.cell = cell;
    this.data = new Float64Array(length * COLUMNS);
  }

  add(columns: CellColumns, row: number, at: number): void {
    const length = this.data.length / COLUMNS;
    const from = row * FIELDS;
    for (let field = 0; field < COLUMNS; field += 1) {
      const index = field * length + at;
      this.data[index] = (this.data[index] ?? 0) + (columns.data[from + field] ?? 0);
    }
    this.of.columns.push(columns);
    this.of.rows.push(row);
  }

  result(): CellWindow {
    const length = this.data.length / COLUMNS;
    const column = (field: number): Float64Array =>
      this.data.subarray(field * length, (field + 1) * length);
    return {
      cell: this.cell,
      count: column(FIELD.count),
      errors: column(FIELD.errors),
      originErrors: column(FIELD.originErrors),
      retries: column(FIELD.retries),
      durationMsSum: column(FIELD.durationSum),
      innerMsSum: column(FIELD.innerSum),
      innerCount: column(FIELD.innerCount),
      duration: new RowsSketch(this.of, "duration"),
      inner: new RowsSketch(this.of, "inner"),
    };
  }
}

/** The columns of a window, by what `groupOf` makes of each cell; a negative group is left out. */
export function readCells(
  slice: FrameSlice,
  columnsOf: (frame: Frame) => CellColumns,
  groupOf: (cell: number) => number,
): readonly (readonly [group: number, window: CellWindow])[] {
  const windows = new Map<number, GrowingWindow>();
  const length = slice.frames.length;
  slice.frames.forEach((frame, at) => {
    const columns = columnsOf(frame);
    for (let row = 0; row < columns.cells.length; row += 1) {
      const cell = columns.cells[row] ?? 0;
      const group = groupOf(cell);
      if (group < 0) continue;
      let window = windows.get(group);
      if (window === undefined) {
        window = new GrowingWindow(cell, length);
        windows.set(group, window);
      }
      window.add(columns, row, at);
    }
  });
  return [...windows].map(([group, window]) => [group, window.result()] as const);
}
