import type { SQLOutputValue } from "node:sqlite";
import { crc32 } from "node:zlib";
import { assert, must } from "../assert.ts";
import { OperationError } from "../errors.ts";
import { EVENT_BYTES_MAX } from "./store.ts";
import { corrupt } from "./store-failure.ts";

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Of everything that a row says, so that a flipped bit is noticed when it is read. */
export function checksumOf(content: readonly (string | number)[]): number {
  return crc32(JSON.stringify(content));
}

/** Errors: `OperationError("event_too_large")`. */
export function jsonOf(value: unknown, owner: string): string {
  const text = must(JSON.stringify(value), "what is stored is JSON data");
  const bytes = Buffer.byteLength(text);
  if (bytes > EVENT_BYTES_MAX)
    throw new OperationError(
      "event_too_large",
      `${owner} would hold ${bytes} bytes; at most ${EVENT_BYTES_MAX} fit. Nothing was recorded.`,
    );
  return text;
}

/** SQLite keeps text as UTF-8, where half a surrogate pair would turn into another character. */
export function assertKept(...names: readonly string[]): void {
  assert(
    names.every((name) => name.isWellFormed()),
    "a name in the store is well-formed Unicode",
  );
}

/** Each column under the name that we read it by, also when the file spells it otherwise. */
export function selectFrom(table: string, columns: readonly string[]): string {
  return `SELECT ${columns.map((name) => `${name} AS ${name}`).join(", ")} FROM ${table}`;
}

/** Reads one column that the table declares as text or number, and that its checksum has vouched for. */
export const textIn = (row: Row, column: string): string => String(row[column]);
export const numberIn = (row: Row, column: string): number => Number(row[column]);

/** Errors: `OperationError("store_corrupt")`. */
export function verified(
  row: Row,
  content: readonly (string | number)[],
  where: { readonly path: string; readonly what: string },
): void {
  if (row.checksum !== checksumOf(content))
    throw corrupt(where.path, `${where.what} is not what was written`);
}
