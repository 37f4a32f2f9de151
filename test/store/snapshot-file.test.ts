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

const parts = {
  savedMs: 1_764_000_000_000,
  entities: Array.from({ length: 1_001 }, (_, index) => ({ id: `service:s-${index}` })),
  none: [],
  sli: { checkout: { seconds: [[1, 2, 3]] } },
};

test("what was written is read back, over an older file too", async () => {
  const path = join(folder, "new", "world.jsonl");
  expect(await readSnapshot(path)).toEqual({ type: "missing" });
  await writeSnapshot(path, { savedMs: 1 });
  await writeSnapshot(path, parts);
  expect(await readSnapshot(path)).toEqual({ type: "read", parts });
  expect(readdirSync(join(folder, "new"))).toEqual(["world.jsonl"]);
});

test("a file cut at any line, or with any byte changed, is called corrupt", async () => {
  const path = join(folder, "cut.jsonl");
  await writeSnapshot(path, { savedMs: 1, entities: [{ id: "a" }, { id: "b" }] });
  const whole = readFileSync(path);
  for (let length = whole.length - 1; length >= 0; length -= 7) {
    truncateSync(path, length);
    expect((await readSnapshot(path)).type, `${length} bytes`).toBe("corrupt");
    writeFileSync(path, whole);
  }
  for (let at = 0; at < whole.length - 1; at += 3) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    writeFileSync(path, damaged);
    expect((await readSnapshot(path)).type, `byte ${at}`).toBe("corrupt");
  }
});

test("what cannot be written is said, and leaves the old file", async () => {
  const path = join(folder, "kept.jsonl");
  await writeSnapshot(path, { savedMs: 1 });
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const failure = await writeSnapshot(path, { circular }).catch((error: unknown) => error);
  expect(isOperationError(failure, "snapshot_unwritten")).toBe(true);
  expect(await readSnapshot(path)).toEqual({ type: "read", parts: { savedMs: 1 } });
  expect(readdirSync(folder)).not.toContain("kept.jsonl.draft");
});
