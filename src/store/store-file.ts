import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OperationError } from "../errors.ts";
import { APPLICATION_ID, migrateSchema, numberOf } from "./schema.ts";
import { corrupt, unavailable } from "./store-failure.ts";

/** SQLite itself waits this long for a lock, without yielding; longer waits leave the loop free (`sqlite-store.ts`). */
const LOCK_WAIT_MS = 8;
const PAGE_BYTES = 4_096;
/** The journal is given back to the disk down to this after a checkpoint. */
const JOURNAL_BYTES_KEPT = 16 * 1_048_576;

export interface StoreFile {
  readonly database: DatabaseSync;
  /** Whether the path still names the file that was opened. */
  isInPlace(): boolean;
}

export interface OpenOptions {
  readonly bytesMax: number;
  readonly mustExist: boolean;
}

/**
 * Opens a store's file, makes it when there is none, and brings its schema to the newest version. Looks through the
 * whole file once (about 0.5 ms a megabyte). Errors: the codes of `store-failure.ts`, `store_foreign`, `store_newer`;
 * and SQLite's own, for the caller to read.
 */
export function openStoreFile(path: string, options: OpenOptions): StoreFile {
  if (!existsSync(path)) {
    if (options.mustExist) throw unavailable(path, "there is no such file yet");
    attempt(path, () => mkdirSync(dirname(path), { recursive: true, mode: 0o700 }));
    createFile(path);
  }
  const { size, ino, dev } = attempt(path, () => statSync(path));
  // Ours appear whole or not at all, so an empty file has lost what it held.
  if (size === 0) throw corrupt(path, "the file is empty");
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    prepare(database, path, options.bytesMax);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    database,
    isInPlace: () => {
      const now = statSync(path, { throwIfNoEntry: false });
      return now?.ino === ino && now.dev === dev;
    },
  };
}

function prepare(database: DatabaseSync, path: string, bytesMax: number): void {
  if (numberOf(database, "application_id") !== APPLICATION_ID)
    throw new OperationError(
      "store_foreign",
      `${path} is not a store of Orrery but another program's database. Name another file.`,
    );
  useJournal(database, path);
  database.exec(`PRAGMA journal_size_limit = ${JOURNAL_BYTES_KEPT}`);
  database.exec(`PRAGMA max_page_count = ${Math.ceil(bytesMax / PAGE_BYTES)}`);
  database.exec("PRAGMA trusted_schema = OFF");
  const found = Object.values(database.prepare("PRAGMA integrity_check(1)").get() ?? {})[0];
  if (found !== "ok") throw corrupt(path, String(found));
  migrateSchema(database, path);
}

/** A commit is on disk before the statement returns: the journal is synced at every one. */
function useJournal(database: DatabaseSync, path: string): void {
  const mode = Object.values(database.prepare("PRAGMA journal_mode = WAL").get() ?? {})[0];
  if (mode !== "wal") throw unavailable(path, "its file system cannot share a write-ahead log");
  database.exec("PRAGMA synchronous = FULL");
}

/**
 * Makes the file under another name and links it into place whole, so that neither a kill nor a second process that
 * starts at the same time ever sees, or leaves, half of one.
 */
function createFile(path: string): void {
  if (existsSync(`${path}-wal`))
    throw corrupt(path, `the file is gone, but its journal ${path}-wal is still there`);
  const draft = `${path}.${process.pid}.new`;
  attempt(path, () => {
    rmSync(draft, { force: true });
    closeSync(openSync(draft, "wx", 0o600));
  });
  try {
    const database = new DatabaseSync(draft);
    try {
      useJournal(database, path);
      migrateSchema(database, path);
    } finally {
      database.close();
    }
    attempt(path, () => linkIfAbsent(draft, path));
  } finally {
    rmSync(draft, { force: true });
  }
}

function linkIfAbsent(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    return;
  }
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unavailable(path, error instanceof Error ? error.message : String(error), error);
  }
}
