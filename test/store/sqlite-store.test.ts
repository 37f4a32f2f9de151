// The durable store against its twin in memory, on two connections to one file.

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { OperationError } from "../../src/errors.ts";
import { createMeter } from "../../src/meter.ts";
import { openSqliteStore, STORE_BUSY_MAX_MS } from "../../src/store/sqlite-store.ts";
import { EVENT_BYTES_MAX, type Store, type StreamName } from "../../src/store/store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { sleepingClock } from "../support/sleeping-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const open = (path: string, clock: Clock = systemClock): Promise<Store> =>
  openSqliteStore({ path, clock, meter: createMeter() });

interface Connections {
  readonly path: string;
  readonly open: Store[];
}

type Operation = (store: Store) => Promise<unknown>;

async function answerOf(operation: Operation, store: Store): Promise<unknown> {
  try {
    return { answer: await operation(store) };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { code: error.code };
  }
}

/** One operation on one of the connections must answer what the twin answers. */
class Same implements fc.AsyncCommand<Store, Connections> {
  readonly #name: string;
  readonly #connection: number;
  readonly #operation: (twin: Store) => Operation | Promise<Operation>;

  constructor(
    name: string,
    connection: number,
    operation: (twin: Store) => Operation | Promise<Operation>,
  ) {
    this.#name = name;
    this.#connection = connection;
    this.#operation = operation;
  }

  check(): boolean {
    return true;
  }

  async run(twin: Store, real: Connections): Promise<void> {
    const operation = await this.#operation(twin);
    const store = real.open[this.#connection];
    if (store === undefined) throw new Error("no such connection");
    expect(await answerOf(operation, store)).toEqual(await answerOf(operation, twin));
  }

  toString(): string {
    return `${this.#name}@${this.#connection}`;
  }
}

class Reopen implements fc.AsyncCommand<Store, Connections> {
  check(): boolean {
    return true;
  }

  async run(_twin: Store, real: Connections): Promise<void> {
    await real.open[0]?.close();
    real.open[0] = await open(real.path);
  }

  toString(): string {
    return "reopen@0";
  }
}

const connection = fc.nat(1);
const category = fc.constantFrom("incident", "proposal", "prop");
const stream = fc
  .tuple(category, fc.constantFrom("1", "2", "1/part"))
  .map(([name, id]): StreamName => `${name}/${id}`);
const event = fc.record({
  type: fc.constantFrom("made", "approved", "żółw \u0000 end"),
  atMs: fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  body: fc.jsonValue(),
});
const bucket = fc.constantFrom("inbox", "outbox", "");
const key = fc.constantFrom("a", "b", "a\u0000b", "ä/💥", "");
const value = fc.oneof(fc.jsonValue(), fc.constantFrom({ a: 1, b: [1] }, { b: [1], a: 1 }, 7));

const commands = fc.commands(
  [
    fc
      .tuple(connection, stream, fc.constantFrom(-1, 0, 0, 0, 1), fc.array(event, { maxLength: 3 }))
      .map(
        ([at, name, off, events]) =>
          new Same(`append ${name} ${off}`, at, async (twin) => {
            const version = Math.max(0, (await twin.read(name)).length + off);
            return (store) => store.append(name, version, events);
          }),
      ),
    fc
      .tuple(connection, stream)
      .map(([at, name]) => new Same(`read ${name}`, at, () => (store) => store.read(name))),
    fc
      .tuple(connection, category, fc.nat(8), fc.integer({ min: 1, max: 5 }))
      .map(
        ([at, name, after, limit]) =>
          new Same(
            `readCategory ${name} ${after} ${limit}`,
            at,
            () => (store) => store.readCategory(name, after, limit),
          ),
      ),
    fc
      .tuple(connection, bucket, key, value)
      .map(
        ([at, name, id, next]) =>
          new Same(
            `insertIfAbsent ${name} ${id}`,
            at,
            () => (store) => store.insertIfAbsent(name, id, next),
          ),
      ),
    fc
      .tuple(connection, bucket, key, value)
      .map(
        ([at, name, id, next]) =>
          new Same(`put ${name} ${id}`, at, () => (store) => store.put(name, id, next)),
      ),
    fc
      .tuple(connection, bucket, key, fc.option(value, { nil: undefined }), fc.boolean(), value)
      .map(
        ([at, name, id, guess, isRight, next]) =>
          new Same(`compareAndSet ${name} ${id}`, at, async (twin) => {
            const expected = isRight ? await twin.get(name, id) : guess;
            return (store) => store.compareAndSet(name, id, expected, next);
          }),
      ),
    fc
      .tuple(connection, bucket, key)
      .map(([at, name, id]) => new Same(`get ${name} ${id}`, at, () => (s) => s.get(name, id))),
    fc
      .tuple(connection, bucket)
      .map(([at, name]) => new Same(`list ${name}`, at, () => (store) => store.list(name))),
    fc
      .tuple(connection, bucket, key)
      .map(
        ([at, name, id]) => new Same(`remove ${name} ${id}`, at, () => (s) => s.remove(name, id)),
      ),
    fc.constant(new Reopen()),
  ],
  { maxCommands: 60 },
);

test("two connections to one file answer as one store in memory does", async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      using folder = temporaryFolder();
      const path = join(folder.path, "record.db");
      const real: Connections = { path, open: [await open(path), await open(path)] };
      try {
        await fc.asyncModelRun(() => ({ model: createMemoryStore(), real }), sequence);
      } finally {
        await Promise.all(real.open.map((store) => store.close()));
      }
    }),
    { numRuns: 40 },
  );
});

test("of many that append at one version, from either connection, one wins", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const stores = [await open(path), await open(path)];
  const claims = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      stores[i % 2]?.append("proposal/p", 0, [{ type: "claim", atMs: i, body: i }]),
    ),
  );
  expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await stores[1]?.read("proposal/p")).toHaveLength(1);
  await Promise.all(stores.map((store) => store.close()));
});

test("what is too large is refused whole", async () => {
  using folder = temporaryFolder();
  const store = await open(join(folder.path, "record.db"));
  const fits = "x".repeat(EVENT_BYTES_MAX - 2);
  const event = (body: unknown) => ({ type: "note", atMs: 1, body });
  await expect(
    store.append("incident/i", 0, [event("small"), event(`${fits}x`)]),
  ).rejects.toMatchObject({ code: "event_too_large" });
  expect(await store.read("incident/i")).toEqual([]);
  await expect(store.put("bucket", "key", `${fits}x`)).rejects.toMatchObject({
    code: "event_too_large",
  });
  expect(await store.append("incident/i", 0, [event(fits)])).toBe(1);
  expect((await store.read("incident/i"))[0]?.body).toBe(fits);
  await store.close();
});

test("a lock that never goes away ends in an error that names the file", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const clock = sleepingClock(1_000_000);
  const store = await open(path, clock);
  using holder = new DatabaseSync(path);
  holder.exec("BEGIN IMMEDIATE");
  const startMs = clock.nowMs();
  await expect(store.put("bucket", "key", 1)).rejects.toMatchObject({
    code: "store_busy",
    message: expect.stringContaining(path),
  });
  expect(clock.nowMs() - startMs).toBeGreaterThanOrEqual(STORE_BUSY_MAX_MS);
  holder.exec("ROLLBACK");
  await store.put("bucket", "key", 2);
  expect(await store.get("bucket", "key")).toBe(2);
  await store.close();
});

test("operations that waited for a lock keep their order", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const startMs = 1_000_000;
  const clock = sleepingClock(startMs, (nowMs) => {
    if (nowMs > startMs + 60 && holder.isTransaction) holder.exec("ROLLBACK");
  });
  const store = await open(path, clock);
  using holder = new DatabaseSync(path);
  holder.exec("BEGIN IMMEDIATE");
  const writes = [1, 2, 3].map((next) => store.put("bucket", "key", next));
  const read = store.get("bucket", "key");
  await Promise.all(writes);
  expect(await read).toBe(3);
  await store.close();
});

test("a closed store refuses, and closing waits for what was asked before", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const store = await open(path);
  const writes = [1, 2, 3].map((next) => store.put("bucket", String(next), next));
  await store.close();
  await Promise.all(writes);
  await expect(store.get("bucket", "1")).rejects.toMatchObject({ code: "store_closed" });
  await store.close();
  const again = await open(path);
  expect(await again.list("bucket")).toHaveLength(3);
  await again.close();
});
