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

/** Where the rows of each group of cells are: group g's are `[starts[g], starts[g + 1])`, in the order of time. */
interface RowIndex {
  readonly columns: readonly CellColumns[];
  readonly starts: Int32Array;
  /** Which frame, and which row in it. */
  readonly frames: Int32Array;
  readonly rows: Int32Array;
}

/** A sketch over rows, put together when it is first asked: of thousands of links few are ever asked. */
class RowsSketch implements Sketch {
  readonly #index: RowIndex;
  readonly #group: number;
  readonly #add: typeof addDuration;
  #made: ExponentialSketch | undefined;

  constructor(index: RowIndex, group: number, add: typeof addDuration) {
    this.#index = index;
    this.#group = group;
    this.#add = add;
  }

  get #sketch(): ExponentialSketch {
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): ExponentialSketch {
    const sketch = new ExponentialSketch();
    const { columns, starts, frames, rows } = this.#index;
    const end = starts[this.#group + 1] ?? 0;
    for (let at = starts[this.#group] ?? 0; at < end; at += 1) {
      const held = columns[frames[at] ?? 0];
      if (held !== undefined) this.#add(sketch, held, rows[at] ?? 0);
    }
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

/** Cells by their group, numbered from 0 in the order in which they are met; -1: left out. */
class Grouping {
  /** A cell of each group. */
  readonly cells: number[] = [];
  readonly #groupOf: (cell: number) => number;
  readonly #numberOfGroup = new Map<number, number>();
  /** By cell: its group's number plus 2; 1 when it is left out, 0 when it was not met yet. */
  #known = new Int32Array(1024);

  constructor(groupOf: (cell: number) => number) {
    this.#groupOf = groupOf;
  }

  numberOf(cell: number): number {
    const known = this.#known[cell] ?? 0;
    return known === 0 ? this.#meet(cell) : known - 2;
  }

  #meet(cell: number): number {
    if (cell >= this.#known.length) {
      const larger = new Int32Array(Math.max(cell + 1, this.#known.length * 2));
      larger.set(this.#known);
      this.#known = larger;
    }
    const group = this.#groupOf(cell);
    let number = group < 0 ? -1 : this.#numberOfGroup.get(group);
    if (number === undefined) {
      number = this.cells.length;
      this.cells.push(cell);
      this.#numberOfGroup.set(group, number);
    }
    this.#known[cell] = number + 2;
    return number;
  }
}

function indexRows(columns: readonly CellColumns[], grouping: Grouping): RowIndex {
  const counts: number[] = [];
  for (const { cells } of columns) {
    for (const cell of cells) {
      const group = grouping.numberOf(cell);
      if (group >= 0) counts[group] = (counts[group] ?? 0) + 1;
    }
  }
  const starts = new Int32Array(counts.length + 1);
  counts.forEach((count, group) => {
    starts[group + 1] = (starts[group] ?? 0) + count;
  });
  const next = starts.slice();
  const frames = new Int32Array(starts[counts.length] ?? 0);
  const rows = new Int32Array(frames.length);
  columns.forEach(({ cells }, frame) => {
    for (let row = 0; row < cells.length; row += 1) {
      const group = grouping.numberOf(cells[row] ?? 0);
      if (group < 0) continue;
      const at = next[group] ?? 0;
      frames[at] = frame;
      rows[at] = row;
      next[group] = at + 1;
    }
  });
  return { columns, starts, frames, rows };
}

/** One group after another, so that what is written lies close together. */
function readGroup(index: RowIndex, group: number, length: number): Float64Array {
  const { columns, starts, frames, rows } = index;
  const read = new Float64Array(length * COLUMNS);
  const end = starts[group + 1] ?? 0;
  for (let at = starts[group] ?? 0; at < end; at += 1) {
    const frame = frames[at] ?? 0;
    const data = columns[frame]?.data;
    if (data === undefined) continue;
    const from = (rows[at] ?? 0) * FIELDS;
    for (let field = 0; field < COLUMNS; field += 1) {
      const into = field * length + frame;
      read[into] = (read[into] ?? 0) + (data[from + field] ?? 0);
    }
  }
  return read;
}

/** The columns of a window, by what `groupOf` makes of each cell; a negative group is left out. */
export function readCells(
  slice: FrameSlice,
  columnsOf: (frame: Frame) => CellColumns,
  groupOf: (cell: number) => number,
): readonly CellWindow[] {
  const grouping = new Grouping(groupOf);
  const length = slice.frames.length;
  const index = indexRows(slice.frames.map(columnsOf), grouping);
  return grouping.cells.map((cell, group) => {
    const data = readGroup(index, group, length);
    const column = (field: number): Float64Array =>
      data.subarray(field * length, (field + 1) * length);
    return {
      cell,
      count: column(FIELD.count),
      errors: column(FIELD.errors),
      originErrors: column(FIELD.originErrors),
      retries: column(FIELD.retries),
      durationMsSum: column(FIELD.durationSum),
      innerMsSum: column(FIELD.innerSum),
      innerCount: column(FIELD.innerCount),
      duration: new RowsSketch(index, group, addDuration),
      inner: new RowsSketch(index, group, addInner),
    };
  });
}
