import type { DatabaseSync } from "node:sqlite";
import { OperationError } from "../errors.ts";

/** "ORRY": tells our file from another program's. */
export const APPLICATION_ID = 0x4f_52_52_59;

/**
 * Step n (from 0) takes a file of version n to version n + 1. A step that has been released is never edited; a change
 * is a new step. Every row carries a CRC-32 of its content, so that a flipped bit is noticed when it is read.
 */
export const SCHEMA_STEPS: readonly string[] = [
  `CREATE TABLE event (
     position INTEGER PRIMARY KEY,
     category TEXT NOT NULL,
     stream TEXT NOT NULL,
     version INTEGER NOT NULL,
     type TEXT NOT NULL,
     at_ms REAL NOT NULL,
     body TEXT NOT NULL,
     checksum INTEGER NOT NULL,
     UNIQUE (stream, version)
   ) STRICT;
   CREATE INDEX event_by_category ON event (category, position);
   CREATE TABLE document (
     position INTEGER PRIMARY KEY,
     bucket TEXT NOT NULL,
     key TEXT NOT NULL,
     value TEXT NOT NULL,
     checksum INTEGER NOT NULL,
     UNIQUE (bucket, key)
   ) STRICT;`,
];

export function numberOf(database: DatabaseSync, pragma: string): number {
  const [value] = Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {});
  return typeof value === "number" ? value : 0;
}

/** One transaction that holds the write lock from its start. When `work` throws, nothing of it stays. */
export function transaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Brings the file to the newest version, one transaction a step, so that a kill between two steps leaves a version that
 * the next start goes on from. Safe when two processes do it at once. Errors: `OperationError("store_newer")`.
 */
export function migrateSchema(
  database: DatabaseSync,
  path: string,
  steps: readonly string[] = SCHEMA_STEPS,
): void {
  for (;;) {
    const version = numberOf(database, "user_version");
    if (version > steps.length)
      throw new OperationError(
        "store_newer",
        `The store ${path} was written by a newer Orrery (schema ${version}, this one knows ${steps.length}). Start that version, or name another file.`,
      );
    const step = steps[version];
    if (step === undefined) return;
    transaction(database, () => {
      if (numberOf(database, "user_version") !== version) return;
      database.exec(step);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec(`PRAGMA user_version = ${version + 1}`);
    });
  }
}
