import { type CellColumns, NO_ROWS } from "../frame.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

/** Rows written between two pauses: about a millisecond. */
const ROWS_A_STEP = 4_000;

/** Rows of one bucket. `number` gives a cell's number in the dictionary. */
export function* writeColumns(
  into: ByteWriter,
  columns: CellColumns,
  number: (cell: number) => number,
): Generator<void> {
  const { cells, data, durationOffsets, duration, innerOffsets, inner } = columns;
  into.uint(cells.length);
  yield* inSteps(cells.length, (row) => into.uint(number(cells[row] ?? -1)));
  into.column(data);
  // Offsets as lengths, which are small.
  for (const offsets of [durationOffsets, innerOffsets]) {
    yield* inSteps(cells.length, (row) => {
      into.uint((offsets[row + 1] ?? 0) - (offsets[row] ?? 0));
    });
  }
  into.column(duration);
  into.column(inner);
}

function* inSteps(rows: number, write: (row: number) => void): Generator<void> {
  for (let row = 0; row < rows; row += 1) {
    write(row);
    if (row % ROWS_A_STEP === ROWS_A_STEP - 1) yield;
  }
}

/** `cellOf` finds the cell of a dictionary number. */
export function readColumns(from: ByteReader, cellOf: (number: number) => number): CellColumns {
  const rows = from.uint();
  const cells = Int32Array.from({ length: rows }, () => cellOf(from.uint()));
  const data = from.float32s();
  const durationOffsets = readOffsets(from, rows);
  const innerOffsets = readOffsets(from, rows);
  const duration = from.uint32s();
  const inner = from.uint32s();
  return rows === 0 ? NO_ROWS : { cells, data, durationOffsets, duration, innerOffsets, inner };
}

function readOffsets(from: ByteReader, rows: number): Uint32Array {
  const offsets = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row += 1) offsets[row + 1] = (offsets[row] ?? 0) + from.uint();
  return offsets;
}
