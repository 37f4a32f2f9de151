import { ExponentialSketch } from "./exponential-sketch.ts";
import { type CellColumns, FIELD, FIELDS, type Frame } from "./frame.ts";

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
  readonly duration: ExponentialSketch;
  readonly inner: ExponentialSketch;
}

/** Columns handed out, in the order of `FIELD`. */
const COLUMNS = 7;

function emptyWindow(cell: number, length: number): CellWindow {
  const all = new Float64Array(length * COLUMNS);
  const column = (field: number): Float64Array =>
    all.subarray(field * length, (field + 1) * length);
  return {
    cell,
    count: column(FIELD.count),
    errors: column(FIELD.errors),
    originErrors: column(FIELD.originErrors),
    retries: column(FIELD.retries),
    durationMsSum: column(FIELD.durationSum),
    innerMsSum: column(FIELD.innerSum),
    innerCount: column(FIELD.innerCount),
    duration: new ExponentialSketch(),
    inner: new ExponentialSketch(),
  };
}

/** Adds a row's columns and, for its sketches, entries and moments. */
function addRow(window: CellWindow, columns: CellColumns, row: number, at: number): void {
  const { data } = columns;
  const from = row * FIELDS;
  const value = (field: number): number => data[from + field] ?? 0;
  const add = (column: Float64Array, field: number): void => {
    column[at] = (column[at] ?? 0) + value(field);
  };
  add(window.count, FIELD.count);
  add(window.errors, FIELD.errors);
  add(window.originErrors, FIELD.originErrors);
  add(window.retries, FIELD.retries);
  add(window.durationMsSum, FIELD.durationSum);
  add(window.innerMsSum, FIELD.innerSum);
  add(window.innerCount, FIELD.innerCount);
  addDuration(window.duration, columns, row);
  if (value(FIELD.innerCount) === 0) return;
  const { inner, innerOffsets } = columns;
  window.inner.addPacked(inner, innerOffsets[row] ?? 0, innerOffsets[row + 1] ?? 0);
  window.inner.addMoments({
    sum: value(FIELD.innerSum),
    min: value(FIELD.innerMin),
    max: value(FIELD.innerMax),
  });
}

/** Adds one row's durations to a sketch. */
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

/** The columns of a window, by what `groupOf` makes of each cell; a negative group is left out. */
export function readCells(
  slice: FrameSlice,
  columnsOf: (frame: Frame) => CellColumns,
  groupOf: (cell: number) => number,
): ReadonlyMap<number, CellWindow> {
  const windows = new Map<number, CellWindow>();
  const length = slice.frames.length;
  slice.frames.forEach((frame, at) => {
    const columns = columnsOf(frame);
    for (let row = 0; row < columns.cells.length; row += 1) {
      const cell = columns.cells[row] ?? 0;
      const group = groupOf(cell);
      if (group < 0) continue;
      let window = windows.get(group);
      if (window === undefined) {
        window = emptyWindow(cell, length);
        windows.set(group, window);
      }
      addRow(window, columns, row, at);
    }
  });
  return windows;
}
