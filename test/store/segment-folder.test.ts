// Records that are added to files: cut, damaged, full and old ones.
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isOperationError } from "../../src/errors.ts";
import { readSegment, type SegmentEnd, SegmentWriter } from "../../src/store/segment-file.ts";
import { SegmentFolder } from "../../src/store/segment-folder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const record = (text: string): Uint8Array => Buffer.from(text);

async function readAll(path: string): Promise<{ texts: string[]; end: SegmentEnd }> {
  const texts: string[] = [];
  const records = readSegment(path);
  for (;;) {
    const next = await records.next();
    if (next.done === true) return { texts, end: next.value };
    texts.push(Buffer.from(next.value).toString());
  }
}

async function written(folder: string, texts: readonly string[]): Promise<string> {
  const path = join(folder, "one.segment");
  const writer = await SegmentWriter.create(path);
  for (const text of texts) await writer.append([record(text)]);
  await writer.close();
  return path;
}

test("records are read back as they were written", async () => {
  using folder = temporaryFolder();
  const path = await written(folder.path, ["a", "", "b".repeat(100_000)]);
  const { texts, end } = await readAll(path);
  expect([texts.map((text) => text.length), end]).toEqual([[1, 0, 100_000], { type: "whole" }]);
});

test("a segment cut at any byte tells the records before the cut, and that it was cut", async () => {
  const texts = ["alpha", "beta", "gamma"];
  using folder = temporaryFolder();
  const path = await written(folder.path, texts);
  const whole = readFileSync(path);
  const seen = new Set<string>();
  for (let length = whole.length - 1; length >= 0; length -= 1) {
    truncateSync(path, length);
    const { texts: read, end } = await readAll(path);
    expect(texts.slice(0, read.length)).toEqual(read);
    seen.add(`${read.length} ${end.type}`);
  }
  // Cut just between two records it looks whole: the number of the next record tells that some are missing.
  expect([...seen].sort()).toEqual(["0 cut", "0 whole", "1 cut", "1 whole", "2 cut", "2 whole"]);
});

test("any changed byte ends the segment before the record that it is in; nothing damaged is told", async () => {
  const texts = ["alpha", "beta", "gamma"];
  using folder = temporaryFolder();
  const path = await written(folder.path, texts);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += 1) {
    for (const bit of [1, 128]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ bit;
      writeFileSync(path, damaged);
      const { texts: read, end } = await readAll(path);
      expect(texts.slice(0, read.length), `byte ${at}`).toEqual(read);
      expect(end.type, `byte ${at}`).not.toBe("whole");
    }
  }
});

test("a file that is no segment is called corrupt, a missing one too", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "x.segment");
  expect((await readAll(path)).end.type).toBe("corrupt");
  writeFileSync(path, "something else entirely");
  expect((await readAll(path)).end.type).toBe("corrupt");
});

const LIMITS = { segmentMs: 1_000, keptMs: 5_000, bytesMax: 10_000 };

test("a new segment begins every so often, after an error, and in every life", async () => {
  using temporary = temporaryFolder();
  const path = join(temporary.path, "journal");
  const folder = await SegmentFolder.open(path, LIMITS);
  const begun: boolean[] = [];
  for (const nowMs of [10_000, 10_500, 11_000, 11_900]) {
    begun.push(folder.beginsAnew(nowMs));
    await folder.append([record("x")], nowMs);
  }
  expect(begun).toEqual([true, false, true, false]);
  await folder.close();
  const again = await SegmentFolder.open(path, LIMITS);
  expect(again.segments.map((one) => one.startedMs)).toEqual([10_000, 11_000]);
  expect(again.beginsAnew(11_950)).toBe(true);
  // A clock that was set back must not put the newest first.
  await again.append([record("y")], 9_000);
  await again.close();
  expect(readdirSync(path).sort().at(-1)).toBe("0000000011000-000002.segment");
});

test("old segments go, but none that is still needed; the newest stay when all are too much", async () => {
  using temporary = temporaryFolder();
  const folder = await SegmentFolder.open(join(temporary.path, "journal"), LIMITS);
  for (let second = 0; second < 10; second += 1) {
    await folder.append([record("x".repeat(1_500))], second * 1_000);
    if (second === 7) await folder.prune(7_000, 1_000);
    if (second === 7) expect(folder.segments.map((one) => one.startedMs / 1_000)[0]).toBe(2);
  }
  await folder.prune(9_000, 9_000);
  expect(folder.segments.map((one) => one.startedMs / 1_000)).toEqual([4, 5, 6, 7, 8]);
  expect(folder.givenUp).toBe(1);
  expect(folder.bytes).toBeLessThanOrEqual(10_000);
});

test("what cannot be written is said, and the next records go into another file", async () => {
  using temporary = temporaryFolder();
  const path = join(temporary.path, "journal");
  const folder = await SegmentFolder.open(path, LIMITS);
  await folder.append([record("x")], 1_000);
  await folder.close();
  writeFileSync(join(path, "0000000001000-000001.segment"), "");
  const failure = await folder.append([record("y")], 1_000).catch((error: unknown) => error);
  expect(isOperationError(failure, "segment_unwritten")).toBe(true);
  expect(folder.beginsAnew(1_000)).toBe(true);
});
