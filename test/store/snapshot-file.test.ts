import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isOperationError } from "../../src/errors.ts";
import { readSnapshot, writeSnapshot } from "../../src/store/snapshot-file.ts";

const folder = mkdtempSync(join(tmpdir(), "snapshot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const values = [
  { savedMs: 1_764_000_000_000 },
  Array.from({ length: 1_001 }, (_, index) => ({ id: `service:s-${index}` })),
  [],
  { sli: { checkout: { seconds: [[1, 2, 3]] } } },
];

async function read(path: string): Promise<unknown> {
  const found = await readSnapshot(path);
  return found.type === "read" ? [...found.values] : found.type;
}

test("what was written is read back, over an older file too", async () => {
  const path = join(folder, "new", "world.jsonl");
  expect(await readSnapshot(path)).toEqual({ type: "missing" });
  await writeSnapshot(path, [{ savedMs: 1 }]);
  await writeSnapshot(path, values);
  expect(await read(path)).toEqual(values);
  expect(readdirSync(join(folder, "new"))).toEqual(["world.jsonl"]);
});

test("values may be made while the file is being written", async () => {
  const path = join(folder, "lazy.jsonl");
  const made = function* (): Generator<number> {
    for (let value = 0; value < 1_000; value += 1) yield value;
  };
  await writeSnapshot(path, made());
  expect(await read(path)).toEqual([...made()]);
});

test("a file cut at any byte, or with any byte changed, is called corrupt", async () => {
  const path = join(folder, "cut.jsonl");
  await writeSnapshot(path, [{ savedMs: 1 }, [{ id: "a" }, { id: "b" }]]);
  const whole = readFileSync(path);
  for (let length = whole.length - 1; length >= 0; length -= 1) {
    truncateSync(path, length);
    expect(await read(path), `${length} bytes`).toBe("corrupt");
    writeFileSync(path, whole);
  }
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    expect(await read(path), `byte ${at}`).toBe("corrupt");
  }
});

test("a file of another format is said to be one", async () => {
  const path = join(folder, "old.jsonl");
  writeFileSync(path, '{"format":1}\n{"end":"0"}\n');
  expect(await readSnapshot(path)).toMatchObject({ type: "corrupt" });
});

test("what cannot be written is said, and leaves the old file", async () => {
  const path = join(folder, "kept.jsonl");
  await writeSnapshot(path, [{ savedMs: 1 }]);
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const failure = await writeSnapshot(path, [circular]).catch((error: unknown) => error);
  expect(isOperationError(failure, "snapshot_unwritten")).toBe(true);
  expect(await read(path)).toEqual([{ savedMs: 1 }]);
  expect(readdirSync(folder)).not.toContain("kept.jsonl.draft");
});
