// A demo that is killed without a chance to clean up must leave nothing behind, not even a paused process.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { z } from "zod";

const GONE_MAX_MS = 10_000;

const SCRIPT = `
import { startWorld } from "./src/demo/world/supervisor.ts";
import { silentLog } from "./src/log.ts";
const nowhere = "http://127.0.0.1:9";
const world = await startWorld({
  otlpEndpoint: nowhere, changesEndpoint: nowhere, load: { requestsPerSecond: 5, seed: 3 },
  dataDir: process.argv[1], log: silentLog, decoyLeadMs: 10,
});
await world.injectFault("starved-replica");
process.stdout.write(JSON.stringify([...world.pids().values()]) + "\\n");
setInterval(() => undefined, 1000);
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a killed supervisor leaves no process behind", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "world-killed-"));
  const supervisor = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: supervisor.stdout });
    const line = await new Promise<string>((resolve) => lines.once("line", resolve));
    const pids = z.array(z.number().positive()).min(15).parse(JSON.parse(line));
    expect(pids.filter((pid) => !isAlive(pid))).toEqual([]);
    supervisor.kill("SIGKILL");
    const endMs = Date.now() + GONE_MAX_MS;
    while (pids.some(isAlive) && Date.now() < endMs) await sleep(100);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(dataDir)).toBe(true);
  } finally {
    supervisor.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  }
});
