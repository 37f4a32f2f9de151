/** `CATEGORY/ID`, for example `incident/i-7k2m`, `proposal/p-3f`, `conversation/c-1`. */
export type StreamName = `${string}/${string}`;

export interface NewEvent {
  readonly type: string;
  readonly atMs: number;
  /** JSON data; at most `EVENT_BYTES_MAX`. */
  readonly body: unknown;
}

export interface StoredEvent extends NewEvent {
  /** Order over all streams. */
  readonly position: number;
  readonly stream: StreamName;
  /** 1, 2, 3 … in its stream. */
  readonly version: number;
}

export const EVENT_BYTES_MAX = 1_048_576;

/**
 * The durable record. Whole operations, each one transaction, on disk before its promise resolves; so that node:sqlite
 * (default) and PostgreSQL fit behind it alike. Several processes may have one store open (the executor is another).
 */
export interface Store {
  /**
   * Appends if the stream is at `expectedVersion` (0: new). This is the compare-and-set under every decision.
   * Errors: `OperationError("version_conflict")` when somebody else was first, `OperationError("event_too_large")`;
   * nothing is written then.
   */
  append(stream: StreamName, expectedVersion: number, events: readonly NewEvent[]): Promise<number>;
  read(stream: StreamName): Promise<readonly StoredEvent[]>;
  /** Events of all streams of a category with `position > afterPosition`, in order, at most `limit`. */
  readCategory(
    category: string,
    afterPosition: number,
    limit: number,
  ): Promise<readonly StoredEvent[]>;

  /**
   * Small documents beside the streams: inbox, outbox, executor registration, snapshots of parameters. Values are JSON
   * data of at most `EVENT_BYTES_MAX`; `undefined` is a document that is not there.
   */
  insertIfAbsent(bucket: string, key: string, value: unknown): Promise<boolean>;
  put(bucket: string, key: string, value: unknown): Promise<void>;
  get(bucket: string, key: string): Promise<unknown>;
  /** Writes `next` only if the stored value equals `expected` (by canonical JSON). */
  compareAndSet(bucket: string, key: string, expected: unknown, next: unknown): Promise<boolean>;
  /** In the order in which the keys came in. */
  list(bucket: string): Promise<readonly { readonly key: string; readonly value: unknown }[]>;
  remove(bucket: string, key: string): Promise<void>;
  close(): Promise<void>;
}
