import { setImmediate as yieldToLoop } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { OperationError } from "../errors.ts";
import type { Meter } from "../meter.ts";
import { createDocumentTable, type DocumentTable } from "./document-table.ts";
import { createEventTable, type EventTable } from "./event-table.ts";
import type { Store } from "./store.ts";
import { isBusy, storeFailure } from "./store-failure.ts";
import { openStoreFile, type StoreFile } from "./store-file.ts";

/** An operation that finds the file locked comes back until this has passed. */
export const STORE_BUSY_MAX_MS = 5_000;
/** The first pause; each is twice the one before, up to the longest. */
const BUSY_PAUSE_MS = 10;
const BUSY_PAUSE_MAX_MS = 200;
/** Limit: operations of one connection that wait for their turn. */
const WAITING_MAX = 10_000;
/** Limit: size of the file; bounds what a runaway writer can take of the disk. */
const STORE_BYTES_MAX = 8 * 1_024 ** 3;

export interface SqliteStoreOptions {
  /** The file; it and its folder are made when missing. Two more files lie beside it: `-wal` and `-shm`. */
  readonly path: string;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly bytesMax?: number;
  /** For a process that only joins: a path that leads nowhere is an error, not a new store. */
  readonly mustExist?: boolean;
}

/**
 * The store on `node:sqlite`. Errors: OperationErrors that name the file and what to do. `store_corrupt`,
 * `store_foreign`, `store_newer`, `store_unavailable`, `store_busy` at the start; `store_busy`, `store_full`,
 * `store_failed`, `store_corrupt`, `store_replaced`, `store_closed`, `event_too_large` later, and nothing is written then.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, events, documents } = await untilFree(options, () => openTables(options));
  const turns = new Turns(options, file);
  return {
    append: (stream, expectedVersion, added) =>
      turns.take(() => events.append(stream, expectedVersion, added)),
    read: (stream) => turns.take(() => events.read(stream)),
    readCategory: (category, afterPosition, limit) =>
      turns.take(() => events.readCategory(category, afterPosition, limit)),
    insertIfAbsent: (bucket, key, value) =>
      turns.take(() => documents.insertIfAbsent(bucket, key, value)),
    put: (bucket, key, value) => turns.take(() => documents.put(bucket, key, value)),
    get: (bucket, key) => turns.take(() => documents.get(bucket, key)),
    compareAndSet: (bucket, key, expected, next) =>
      turns.take(() => documents.compareAndSet(bucket, key, expected, next)),
    list: (bucket) => turns.take(() => documents.list(bucket)),
    remove: (bucket, key) => turns.take(() => documents.remove(bucket, key)),
    close: () => turns.close(),
  };
}

interface Tables {
  readonly file: StoreFile;
  readonly events: EventTable;
  readonly documents: DocumentTable;
}

function openTables({ path, bytesMax, mustExist }: SqliteStoreOptions): Tables {
  const file = openStoreFile(path, {
    bytesMax: bytesMax ?? STORE_BYTES_MAX,
    mustExist: mustExist ?? false,
  });
  const { database } = file;
  try {
    const events = createEventTable(database, path);
    return { file, events, documents: createDocumentTable(database, path) };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Repeats what another connection's lock kept from happening, and leaves the loop free in between. */
async function untilFree<T>({ path, clock, meter }: SqliteStoreOptions, work: () => T): Promise<T> {
  const untilMs = clock.nowMs() + STORE_BUSY_MAX_MS;
  for (let pauseMs = BUSY_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, BUSY_PAUSE_MAX_MS)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || clock.nowMs() >= untilMs) throw storeFailure(path, error);
    }
    meter.add("orrery_store_busy_total");
    // biome-ignore lint/performance/noAwaitInLoops: a retry comes after the attempt that failed
    await clock.sleep(pauseMs);
  }
}

/**
 * The operations of one connection, one after the other in the order of asking, also when one has to come back for a
 * lock. Between two of them the loop gets to run: a burst of commits must not hold up a socket.
 */
class Turns {
  readonly #options: SqliteStoreOptions;
  readonly #file: StoreFile;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isClosed = false;

  constructor(options: SqliteStoreOptions, file: StoreFile) {
    this.#options = options;
    this.#file = file;
  }

  async take<T>(work: () => T): Promise<T> {
    const { path, meter } = this.#options;
    if (this.#isClosed) throw new OperationError("store_closed", `The store ${path} is closed.`);
    if (this.#waiting >= WAITING_MAX) {
      meter.add("orrery_store_overflow_total");
      throw new OperationError("store_busy", `Too much waits for the store ${path}; try again.`);
    }
    const previous = this.#waiting === 0 ? this.#last : this.#last.then(() => yieldToLoop());
    this.#waiting += 1;
    const turn = previous.then(() => untilFree(this.#options, () => this.#inPlace(work)));
    const settled = (): void => {
      this.#waiting -= 1;
    };
    this.#last = turn.then(settled, settled);
    return turn;
  }

  #inPlace<T>(work: () => T): T {
    const { path } = this.#options;
    if (this.#file.isInPlace()) return work();
    throw new OperationError(
      "store_replaced",
      `The store ${path} was removed or replaced while it was open; nothing was recorded. Put it back and start again.`,
    );
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#last;
    this.#file.database.close();
  }
}
