import { type CellColumns, inOrder, NO_ROWS } from "../cell-columns.ts";
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
  const { cells } = columns;
  into.uint(cells.length);
  if (cells.length === 0) return;
  for (let row = 0; row < cells.length; row += 1) {
    into.uint(number(cells[row] ?? -1));
    if (row % ROWS_A_STEP === ROWS_A_STEP - 1) yield;
  }
  into.column(columns.count);
  into.column(columns.durationSum);
  into.column(columns.innerSum);
  into.column(columns.offsets);
  into.column(columns.splits);
  into.column(columns.entries);
  into.column(columns.rareRows);
  into.column(columns.rare);
}

/** `cellOf` finds the cell of a dictionary number, -1 where there was no room for it. */
export function readColumns(from: ByteReader, cellOf: (number: number) => number): CellColumns {
  const rows = from.uint();
  if (rows === 0) return NO_ROWS;
  const cells = Int32Array.from({ length: rows }, () => cellOf(from.uint()));
  return inOrder({
    cells,
    count: from.float32s(),
    durationSum: from.float32s(),
    innerSum: from.float32s(),
    offsets: from.uint32s(),
    splits: from.uint16s(),
    entries: from.uint16s(),
    rareRows: from.uint32s(),
    rare: from.float32s(),
  });
}
