import type { DatabaseSync } from "node:sqlite";
import { assert } from "../assert.ts";
import { OperationError } from "../errors.ts";
import {
  assertKept,
  checksumOf,
  jsonOf,
  numberIn,
  type Row,
  selectFrom,
  textIn,
  verified,
} from "./row-content.ts";
import { transaction } from "./schema.ts";
import type { NewEvent, StoredEvent, StreamName } from "./store.ts";
import { corrupt } from "./store-failure.ts";

/** The streams of one open file; each operation is one transaction. Errors: as the `Store` that it belongs to. */
export interface EventTable {
  append(stream: StreamName, expectedVersion: number, events: readonly NewEvent[]): number;
  read(stream: StreamName): readonly StoredEvent[];
  readCategory(category: string, afterPosition: number, limit: number): readonly StoredEvent[];
}

function categoryOf(stream: StreamName): string {
  const end = stream.indexOf("/");
  assert(end > 0 && end < stream.length - 1, "a stream is named CATEGORY/ID");
  return stream.slice(0, end);
}

const SELECT = selectFrom("event", [
  "position",
  "stream",
  "version",
  "type",
  "at_ms",
  "body",
  "checksum",
]);

export function createEventTable(database: DatabaseSync, path: string): EventTable {
  const version = database.prepare("SELECT max(version) AS version FROM event WHERE stream = ?");
  const add = database.prepare(
    "INSERT INTO event (category, stream, version, type, at_ms, body, checksum) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const ofStream = database.prepare(`${SELECT} WHERE stream = ? ORDER BY version`);
  const ofCategory = database.prepare(
    `${SELECT} WHERE category = ? AND position > ? ORDER BY position LIMIT ?`,
  );
  return {
    append: (stream, expectedVersion, events) => {
      const category = categoryOf(stream);
      const rows = events.map((event) => rowOf(stream, event));
      return transaction(database, () => {
        const current = Number(version.get(stream)?.version ?? 0);
        if (current !== expectedVersion) throw conflict(stream, current, expectedVersion);
        rows.forEach(({ type, atMs, body }, i) => {
          const next = current + i + 1;
          const checksum = checksumOf([stream, next, type, atMs, body]);
          add.run(category, stream, next, type, atMs, body, checksum);
        });
        return current + rows.length;
      });
    },
    read: (stream) => {
      const events = ofStream.all(stream).map((row) => eventOf(row, path));
      if (events.some((event, i) => event.version !== i + 1))
        throw corrupt(path, `events of ${stream} are missing`);
      return events;
    },
    readCategory: (category, afterPosition, limit) =>
      ofCategory.all(category, afterPosition, limit).map((row) => eventOf(row, path)),
  };
}

function rowOf(
  stream: StreamName,
  { type, atMs, body }: NewEvent,
): { readonly type: string; readonly atMs: number; readonly body: string } {
  assertKept(stream, type);
  assert(Number.isFinite(atMs), "an event has a finite time");
  return { type, atMs, body: jsonOf(body, `An event of ${stream}`) };
}

function eventOf(row: Row, path: string): StoredEvent {
  const stream = textIn(row, "stream");
  const body = textIn(row, "body");
  const event = {
    position: numberIn(row, "position"),
    version: numberIn(row, "version"),
    type: textIn(row, "type"),
    atMs: numberIn(row, "at_ms"),
  };
  const { version, type, atMs } = event;
  const what = `event ${version} of ${stream}`;
  verified(row, [stream, version, type, atMs, body], { path, what });
  return { ...event, stream: stream as StreamName, body: JSON.parse(body) };
}

function conflict(stream: StreamName, current: number, expected: number): OperationError {
  return new OperationError(
    "version_conflict",
    `${stream} is at version ${current}, not ${expected}: somebody else was first. Nothing was recorded.`,
  );
}
