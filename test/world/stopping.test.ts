// However a person ends the demo, everything ends: soon, in order, and with one line.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { familyOf } from "../../src/demo/resources.ts";

const ENDED_MAX_MS = 12_000;
/** Shop, database, workspace, Orrery, executor. */
const PROCESSES_MIN = 18;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

interface RunningDemo {
  readonly npm: ChildProcess;
  readonly npmPid: number;
  said(): string;
  /** Resolves once it has said so. */
  says(text: string): Promise<void>;
}

/** `npm run demo` as the head of a process group, as a shell starts it. */
function startByNpm(): RunningDemo {
  const folder = mkdtempSync(join(tmpdir(), "stopping-"));
  folders.push(folder);
  const npm = spawn("npm", ["run", "demo", "--", "--folder", folder], {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [npm.stdout, npm.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
  const says = async (text: string): Promise<void> => {
    while (!output.includes(text)) {
      expect(npm.exitCode, output).toBeNull();
      await sleep(50);
    }
  };
  return { npm, npmPid: npm.pid ?? 0, said: () => output, says };
}

async function endOf(
  { npm, npmPid, said }: RunningDemo,
  send: () => void,
): Promise<{ readonly code: number | null; readonly lastWords: string; readonly left: number[] }> {
  const family = familyOf(npmPid);
  const before = said().length;
  const ended = new Promise<void>((resolve) => npm.once("close", () => resolve()));
  send();
  try {
    await Promise.race([ended, sleep(ENDED_MAX_MS)]);
    const left = family.filter(isAlive);
    return { code: npm.exitCode, lastWords: said().slice(before).trim(), left };
  } finally {
    for (const pid of family) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }
}

test("Ctrl-C, which reaches the whole process group, ends everything with one line", async () => {
  const demo = startByNpm();
  await demo.says("Ctrl-C ends everything");
  if (process.platform === "linux")
    expect(familyOf(demo.npmPid).length).toBeGreaterThan(PROCESSES_MIN);
  const end = await endOf(demo, () => process.kill(-demo.npmPid, "SIGINT"));
  expect(end).toEqual({ code: 0, lastWords: "Stopping … stopped.", left: [] });
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s to npm alone ends everything with one line",
  async (signal) => {
    const demo = startByNpm();
    await demo.says("Ctrl-C ends everything");
    const end = await endOf(demo, () => process.kill(demo.npmPid, signal));
    expect(end).toEqual({ code: 0, lastWords: "Stopping … stopped.", left: [] });
  },
);

test("a demo that is stopped while it starts ends as quietly", async () => {
  const demo = startByNpm();
  await demo.says("Starting a shop");
  await sleep(2_500);
  const end = await endOf(demo, () => process.kill(-demo.npmPid, "SIGINT"));
  expect(end).toEqual({ code: 0, lastWords: "Stopping … stopped.", left: [] });
});
