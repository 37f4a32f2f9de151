import type { DatabaseSync, StatementSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import {
  assertKept,
  checksumOf,
  jsonOf,
  type Row,
  selectFrom,
  textIn,
  verified,
} from "./row-content.ts";
import { transaction } from "./schema.ts";

/** The documents of one open file; each operation is one transaction. Errors: as the `Store` that it belongs to. */
export interface DocumentTable {
  insertIfAbsent(bucket: string, key: string, value: unknown): boolean;
  put(bucket: string, key: string, value: unknown): void;
  get(bucket: string, key: string): unknown;
  compareAndSet(bucket: string, key: string, expected: unknown, next: unknown): boolean;
  list(bucket: string): readonly { readonly key: string; readonly value: unknown }[];
  remove(bucket: string, key: string): void;
}

const SELECT = selectFrom("document", ["bucket", "key", "value", "checksum"]);

export function createDocumentTable(database: DatabaseSync, path: string): DocumentTable {
  const insert = "INSERT INTO document (bucket, key, value, checksum) VALUES (?, ?, ?, ?)";
  const add = database.prepare(`${insert} ON CONFLICT (bucket, key) DO NOTHING`);
  const replace = database.prepare(
    `${insert} ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value, checksum = excluded.checksum`,
  );
  const one = database.prepare(`${SELECT} WHERE bucket = ? AND key = ?`);
  const all = database.prepare(`${SELECT} WHERE bucket = ? ORDER BY position`);
  const remove = database.prepare("DELETE FROM document WHERE bucket = ? AND key = ?");
  const get = (bucket: string, key: string): unknown => {
    const row = one.get(bucket, key);
    return row === undefined ? undefined : documentOf(row, path);
  };
  return {
    insertIfAbsent: (bucket, key, value) => write(add, bucket, key, value) === 1,
    put: (bucket, key, value) => {
      write(replace, bucket, key, value);
    },
    get,
    compareAndSet: (bucket, key, expected, next) => {
      const wanted: unknown =
        expected === undefined ? undefined : JSON.parse(jsonOf(expected, key));
      return transaction(database, () => {
        if (!isDeepStrictEqual(get(bucket, key), wanted)) return false;
        write(replace, bucket, key, next);
        return true;
      });
    },
    list: (bucket) =>
      all.all(bucket).map((row) => ({ key: textIn(row, "key"), value: documentOf(row, path) })),
    remove: (bucket, key) => {
      remove.run(bucket, key);
    },
  };
}

/** The number of rows written. */
function write(statement: StatementSync, bucket: string, key: string, value: unknown): number {
  assertKept(bucket, key);
  const text = jsonOf(value, `${key} in ${bucket}`);
  return Number(statement.run(bucket, key, text, checksumOf([bucket, key, text])).changes);
}

function documentOf(row: Row, path: string): unknown {
  const [bucket, key, value] = [textIn(row, "bucket"), textIn(row, "key"), textIn(row, "value")];
  verified(row, [bucket, key, value], { path, what: `${key} in ${bucket}` });
  return JSON.parse(value);
}
