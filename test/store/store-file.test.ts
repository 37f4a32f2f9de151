// A file that is damaged, foreign, newer, gone or full: said plainly, never silently wrong.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { isOperationError } from "../../src/errors.ts";
import { createMeter } from "../../src/meter.ts";
import { migrateSchema, numberOf, SCHEMA_STEPS } from "../../src/store/schema.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const open = (path: string, bytesMax?: number): Promise<Store> =>
  openSqliteStore({
    path,
    clock: systemClock,
    meter: createMeter(),
    ...(bytesMax === undefined ? {} : { bytesMax }),
  });

const note = (i: number) => ({ type: "note", atMs: i, body: { text: `note ${i}`.repeat(20), i } });

/** A store with something in every table, closed. */
async function fill(path: string): Promise<void> {
  const store = await open(path);
  for (let i = 0; i < 25; i++) {
    await store.append("incident/a", i, [note(i)]);
    await store.append(`proposal/${i}`, 0, [note(i), note(i + 1)]);
    await store.put("inbox", `key-${i}`, { i });
  }
  await store.close();
}

async function contentOf(store: Store): Promise<string> {
  return JSON.stringify([
    await store.read("incident/a"),
    await store.read("proposal/7"),
    await store.readCategory("proposal", 0, 1_000),
    await store.readCategory("incident", 0, 1_000),
    await store.list("inbox"),
    await store.get("inbox", "key-3"),
  ]);
}

/** The content, or the code of the error that says why not. */
async function openedContent(path: string): Promise<string> {
  try {
    const store = await open(path);
    try {
      return await contentOf(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!isOperationError(error)) throw error;
    expect(error.message).toContain(path);
    return error.code;
  }
}

const REFUSALS = ["store_corrupt", "store_foreign", "store_newer", "store_unavailable"];

test("a changed byte is noticed or does not matter", async () => {
  using folder = temporaryFolder();
  const original = join(folder.path, "original.db");
  await fill(original);
  const content = await openedContent(original);
  const bytes = readFileSync(original);
  let refused = 0;
  const damaged = join(folder.path, "damaged.db");
  await fc.assert(
    fc.asyncProperty(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ flip;
        writeFileSync(damaged, changed);
        const found = await openedContent(damaged);
        rmSync(`${damaged}-wal`, { force: true });
        rmSync(`${damaged}-shm`, { force: true });
        if (REFUSALS.includes(found)) refused += 1;
        else expect(found).toBe(content);
      },
    ),
    { numRuns: 150 },
  );
  expect(refused).toBeGreaterThan(30);
});

test("a truncated file is refused, whatever is left of it", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  await fill(path);
  for (
    let size = statSync(path).size - 1;
    size >= 0;
    size = size < 4_096 ? size - 512 : size - 4_000
  ) {
    truncateSync(path, size);
    expect(await openedContent(path), `at ${size} bytes`).toBe("store_corrupt");
  }
  truncateSync(path, 0);
  expect(await openedContent(path)).toBe("store_corrupt");
  expect(statSync(path).size).toBe(0);
});

test("a file that is no store is left alone", async () => {
  using folder = temporaryFolder();
  const text = join(folder.path, "notes.txt");
  writeFileSync(text, "dear diary ".repeat(500));
  expect(await openedContent(text)).toBe("store_corrupt");
  expect(readFileSync(text, "utf8")).toBe("dear diary ".repeat(500));
  const foreign = join(folder.path, "foreign.db");
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE mine (a)");
  other.close();
  const before = readFileSync(foreign);
  expect(await openedContent(foreign)).toBe("store_foreign");
  expect(readFileSync(foreign).equals(before)).toBe(true);
  mkdirSync(join(folder.path, "folder.db"));
  expect(await openedContent(join(folder.path, "folder.db"))).toBe("store_unavailable");
});

test("a newer schema is refused and left as it is", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  await fill(path);
  const newer = new DatabaseSync(path);
  newer.exec(`PRAGMA user_version = ${SCHEMA_STEPS.length + 1}`);
  newer.close();
  await expect(open(path)).rejects.toMatchObject({
    code: "store_newer",
    message: expect.stringMatching(/record\.db .*newer Orrery/),
  });
});

test("a schema step that fails leaves the version before it, and the next start goes on from there", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  using database = new DatabaseSync(path);
  migrateSchema(database, path);
  database.exec("INSERT INTO document (bucket, key, value, checksum) VALUES ('b', 'k', '1', 0)");
  const good = "ALTER TABLE document ADD COLUMN note TEXT";
  const bad = "CREATE TABLE half (a); CREATE TABLE document (a)";
  expect(() => migrateSchema(database, path, [...SCHEMA_STEPS, good, bad])).toThrow(
    /already exists/,
  );
  expect(numberOf(database, "user_version")).toBe(SCHEMA_STEPS.length + 1);
  expect(() => database.exec("SELECT * FROM half")).toThrow(/no such table/);
  migrateSchema(database, path, [...SCHEMA_STEPS, good, "CREATE TABLE whole (a)"]);
  expect(numberOf(database, "user_version")).toBe(SCHEMA_STEPS.length + 2);
  expect(database.prepare("SELECT value, note FROM document").get()).toEqual({
    value: "1",
    note: null,
  });
});

test("a store that disappears under its process is noticed before anything is written", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const store = await open(path);
  await store.put("bucket", "key", 1);
  renameSync(path, `${path}.moved`);
  await expect(store.put("bucket", "key", 2)).rejects.toMatchObject({ code: "store_replaced" });
  await expect(store.get("bucket", "key")).rejects.toMatchObject({ code: "store_replaced" });
  writeFileSync(path, "another");
  await expect(store.put("bucket", "key", 2)).rejects.toMatchObject({ code: "store_replaced" });
  await store.close();
});

test("a journal without its file is not mixed into a new store", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  writeFileSync(`${path}-wal`, "left over");
  await expect(open(path)).rejects.toMatchObject({
    code: "store_corrupt",
    message: expect.stringContaining(`${path}-wal`),
  });
  expect(existsSync(path)).toBe(false);
});

test("what does not fit is refused whole, and what was recorded stays", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const store = await open(path, 200_000);
  let kept = 0;
  const append = async (): Promise<void> => {
    for (; kept < 1_000; kept++)
      await store.append("incident/a", kept, [{ type: "note", atMs: 1, body: "x".repeat(3_000) }]);
  };
  await expect(append()).rejects.toMatchObject({
    code: "store_full",
    message: expect.stringContaining(path),
  });
  expect(kept).toBeGreaterThan(10);
  expect(await store.read("incident/a")).toHaveLength(kept);
  await store.close();
  const roomy = await open(path);
  await roomy.append("incident/a", kept, [note(1)]);
  await roomy.close();
});

test("who only joins a store makes none", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "deep", "record.db");
  const joining = { path, clock: systemClock, meter: createMeter(), mustExist: true };
  await expect(openSqliteStore(joining)).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("no such file yet"),
  });
  expect(readdirSync(folder.path)).toEqual([]);
  await fill(path);
  await (await openSqliteStore(joining)).close();
});

/** Permissions do not bind root, so root's tests step down for a while. */
async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test("a folder that may not be written to is named", async () => {
  using folder = temporaryFolder();
  const home = join(folder.path, "locked");
  mkdirSync(home);
  chmodSync(folder.path, 0o755);
  chmodSync(home, 0o555);
  for (const path of [join(home, "record.db"), join(home, "deeper", "record.db")])
    expect(await asOrdinaryUser(() => openedContent(path))).toBe("store_unavailable");
  chmodSync(home, 0o755);
  const path = join(home, "record.db");
  await fill(path);
  chmodSync(path, 0o444);
  chmodSync(home, 0o555);
  expect(await asOrdinaryUser(() => openedContent(path))).toBe("store_unavailable");
  chmodSync(home, 0o755);
});

test("the file is for its owner alone, and no draft of it stays", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "deep", "record.db");
  const [one, two] = await Promise.all([open(path), open(path)]);
  await one.put("bucket", "key", 1);
  expect(await two.get("bucket", "key")).toBe(1);
  for (const file of readdirSync(join(folder.path, "deep")))
    expect(statSync(join(folder.path, "deep", file)).mode & 0o077, file).toBe(0);
  await Promise.all([one.close(), two.close()]);
  expect(readdirSync(join(folder.path, "deep"))).toEqual(["record.db"]);
});
