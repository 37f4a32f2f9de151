// What a restart finds again of the model, on real files: killed, cut, damaged, and kept small.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { WorldView } from "../../src/model/view.ts";
import { readAll } from "../model/reading.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { openMemory, playSecond, SHOP_START_MS } from "./steady-shop.ts";

const ms = (second: number): number => SHOP_START_MS + second * 1000;
const ALL = { fromMs: ms(-60), toMs: ms(4_000) };

type Opened = Awaited<ReturnType<typeof openMemory>>;

/** As the watch loop does; the last segment is open no more. */
async function play({ memory, setSecond }: Opened, fromS: number, toS: number): Promise<void> {
  for (let second = fromS; second < toS; second += 1) {
    playSecond(memory.world, second);
    setSecond(second + 1);
    if (second % 5 === 0) await memory.save();
  }
  await memory.save();
  await memory.close();
}

const segmentsIn = (dataDir: string): string[] =>
  readdirSync(join(dataDir, "journal", "buckets"))
    .sort()
    .map((name) => join(dataDir, "journal", "buckets", name));

const lastView = ({ memory }: Opened): WorldView => memory.world.at(memory.world.stats().closedMs);

test("a memory that is opened again tells what it told before, over snapshots and segments", async () => {
  using folder = temporaryFolder();
  const first = await openMemory(folder.path);
  expect(first.memory.knewSystem).toBe(false);
  await play(first, 0, 700);
  expect(segmentsIn(folder.path).length).toBe(3);
  const again = await openMemory(folder.path);
  expect(again.memory.knewSystem).toBe(true);
  expect(again.events).toEqual(["world_restored"]);
  expect(readAll(lastView(again), ALL)).toEqual(readAll(lastView(first), ALL));
  const changes = lastView(again).changes(ALL);
  expect(changes.map((one) => one.attributes.version)).toEqual(["1.1", "1.2", "1.3"]);
});

test("killed at any time, it loses less than half a minute of columns and nothing that it said was saved", async () => {
  using folder = temporaryFolder();
  let second = 0;
  for (let life = 0; life < 6; life += 1) {
    const script = join(import.meta.dirname, "recorder.ts");
    const recorder = spawn(process.execPath, [script, folder.path, String(second)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    recorder.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.split("\n").length > 15 + 9 * life) recorder.kill("SIGKILL");
    });
    await once(recorder, "close");
    const [atS = 0, closedS = 0] = (output.split("\n").at(-2) ?? "").split(" ").map(Number);
    const again = await openMemory(folder.path);
    expect(again.memory.world.stats().closedMs).toBeGreaterThanOrEqual(ms(closedS));
    expect(ms(atS) - again.memory.world.stats().closedMs).toBeLessThan(30_000);
    expect(again.meter.get("orrery_journal_corrupt_total")).toBe(0);
    const served = again.memory.world
      .at(ms(closedS))
      .stations({ fromMs: ms(closedS - 5), toMs: ms(closedS) });
    expect(served.length).toBeGreaterThan(0);
    await again.memory.close();
    second = atS + 20;
  }
}, 60_000);

test("a journal that was cut short is told by its whole records", async () => {
  using folder = temporaryFolder();
  const first = await openMemory(folder.path);
  await play(first, 0, 100);
  const [segment = ""] = segmentsIn(folder.path);
  truncateSync(segment, statSync(segment).size - 7);
  const again = await openMemory(folder.path);
  expect(again.events).toEqual(["journal_cut", "world_restored"]);
  expect(again.meter.get("orrery_journal_cut_total")).toBe(1);
  expect(again.memory.world.stats().frames).toBe(first.memory.world.stats().frames - 1);
});

test("damage is said in the log, in a counter and in every answer; the rest is told as before", async () => {
  using folder = temporaryFolder();
  const first = await openMemory(folder.path);
  await play(first, 0, 700);
  const [, second = ""] = segmentsIn(folder.path);
  const bytes = readFileSync(second);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(second, bytes);
  const again = await openMemory(folder.path);
  expect(again.events).toContain("journal_corrupt");
  expect(again.meter.get("orrery_journal_corrupt_total")).toBe(1);
  const { notes } = lastView(again).coverage(ALL);
  expect(notes.join()).toMatch(/record was damaged/);
  const [gap] = lastView(again).unwatched(ALL);
  expect(gap).toMatchObject({ fromMs: expect.any(Number), toMs: ms(590) });
  for (const window of [
    { fromMs: ms(0), toMs: gap?.fromMs ?? 0 },
    { fromMs: gap?.toMs ?? 0, toMs: ms(690) },
  ]) {
    const [before, after] = [first, again].map((one) => readAll(lastView(one), window).stations);
    expect(after).toEqual(before);
  }
});

test("a damaged snapshot is said; the columns of the last hour still tell of whom they are", async () => {
  using folder = temporaryFolder();
  const first = await openMemory(folder.path);
  await play(first, 0, 400);
  writeFileSync(join(folder.path, "world.jsonl"), '{"format":2}\n{"told":');
  for (const old of segmentsIn(folder.path).slice(0, 1)) rmSync(old);
  const again = await openMemory(folder.path);
  expect(again.events).toContain("world_snapshot_corrupt");
  expect(again.meter.get("orrery_snapshots_corrupt_total")).toBe(1);
  expect(again.memory.knewSystem).toBe(true);
  const view = lastView(again);
  expect(view.coverage(ALL).notes.join()).toMatch(/what the model knew was damaged/);
  const services = new Set(view.stations(ALL).map((one) => one.service));
  expect(services).toEqual(new Set(["service:gateway", "service:cart"]));
});

test("the journal holds the last hour and little more, however long it runs", async () => {
  using folder = temporaryFolder();
  const opened = await openMemory(folder.path);
  const sizes: number[] = [];
  for (let second = 0; second < 4 * 3_600; second += 1) {
    if (second % 30 === 0) playSecond(opened.memory.world, second, 1);
    opened.setSecond(second + 1);
    if (second % 60 !== 0) continue;
    await opened.memory.save();
    sizes.push(opened.meter.get("orrery_journal_bytes", { tier: "buckets" }));
  }
  expect(Math.max(...sizes.slice(150))).toBeLessThan(1.1 * Math.max(...sizes.slice(80, 150)));
  const again = await openMemory(folder.path);
  expect(readAll(lastView(again), ALL).stations).toEqual(readAll(lastView(opened), ALL).stations);
  expect(again.memory.world.stats().frames).toBe(720);
}, 60_000);

test("what could not be written to the journal is in the next snapshot, and its columns are said to be lost", async () => {
  using folder = temporaryFolder();
  const opened = await openMemory(folder.path);
  await play(opened, 0, 190);
  const journal = join(folder.path, "journal", "buckets");
  renameSync(journal, `${journal}-away`);
  writeFileSync(journal, "in the way");
  for (let second = 190; second < 230; second += 1) playSecond(opened.memory.world, second);
  opened.setSecond(400);
  await expect(opened.memory.save()).rejects.toThrow(/could not be written/);
  expect(opened.meter.get("orrery_journal_failures_total")).toBe(1);
  rmSync(journal);
  renameSync(`${journal}-away`, journal);
  for (let second = 230; second < 280; second += 1) playSecond(opened.memory.world, second);
  opened.setSecond(401);
  await opened.memory.save();
  await opened.memory.close();
  const again = await openMemory(folder.path);
  const versions = lastView(again)
    .changes(ALL)
    .map((one) => one.attributes.version);
  expect(versions).toEqual(["1.1"]);
  expect(lastView(again).coverage(ALL).notes.join()).toMatch(/record was damaged/);
  expect(lastView(again).unwatched(ALL)).toEqual([{ fromMs: ms(185), toMs: ms(225) }]);
});

test("the memory that a setting allows is kept to, also for what an earlier life left, and what went is counted", async () => {
  using folder = temporaryFolder();
  await play(await openMemory(folder.path), 0, 1_500);
  const held = ({ memory }: Opened): number =>
    Object.values(memory.world.stats().bytes).reduce((sum, bytes) => sum + bytes, 0);
  const whole = await openMemory(folder.path);
  const memoryBytesMax = Math.round(held(whole) / 2);
  const small = await openMemory(folder.path, { memoryBytesMax });
  await play(small, 1_500, 1_540);
  expect(held(small)).toBeLessThan(0.8 * held(whole));
  const { framesGivenUp, exemplarsGivenUp } = small.memory.world.stats();
  expect(framesGivenUp + exemplarsGivenUp).toBeGreaterThan(0);
  const { framesGivenUp: none } = whole.memory.world.stats();
  expect(none).toBe(0);
});
