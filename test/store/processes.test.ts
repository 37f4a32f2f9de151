// The store between processes: two that race, and one that is killed while it appends.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createMeter } from "../../src/meter.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

type Appender = ChildProcessByStdio<Writable, Readable, null>;

async function startAppender(path: string, name: string, count: number): Promise<Appender> {
  const script = join(import.meta.dirname, "appender.ts");
  const appender = spawn(process.execPath, [script, path, name, String(count)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(appender.stdout, "data");
  return appender;
}

/** `VERSION NAME I`, as the appenders acknowledged and as the store holds. */
async function recorded(path: string): Promise<readonly string[]> {
  const store = await openSqliteStore({ path, clock: systemClock, meter: createMeter() });
  const events = await store.read("incident/shared");
  await store.close();
  return events.map(({ version, body }) => {
    const { name, i } = body as { name: string; i: number };
    return `${version} ${name} ${i}`;
  });
}

const linesOf = (output: string): string[] => output.split("\n").slice(0, -1);

test("two processes that race for every version each get what they were told", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  const count = 200;
  const racers = await Promise.all(["a", "b"].map((name) => startAppender(path, name, count)));
  const told = racers.map(({ stdout }) => text(stdout));
  for (const { stdin } of racers) stdin.end("go\n");
  const acknowledged = (await Promise.all(told)).flatMap(linesOf);
  const held = await recorded(path);
  expect(held).toHaveLength(2 * count);
  expect(new Set(acknowledged)).toEqual(new Set(held));
  // They did meet: neither had the stream to itself from start to end.
  expect(held.map((line) => line.split(" ")[1]).join("")).toMatch(/ab+a|ba+b/);
});

test("nothing that was acknowledged is lost when the process is killed", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "record.db");
  let before = 0;
  for (const afterLines of [1, 40, 90, 160]) {
    const appender = await startAppender(path, `life-${afterLines}`, 100_000);
    let output = "";
    appender.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (linesOf(output).length >= afterLines) appender.kill("SIGKILL");
    });
    appender.stdin.end("go\n");
    await once(appender, "close");
    const acknowledged = linesOf(output);
    const held = (await recorded(path)).slice(before);
    expect(acknowledged.length).toBeGreaterThanOrEqual(afterLines);
    expect(held.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(held.length - acknowledged.length).toBeLessThanOrEqual(1);
    before += held.length;
  }
});
