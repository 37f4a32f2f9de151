import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { FaultName } from "./world/faults.ts";

/** Where a running demo leaves its address, below the checkout: readable by its owner alone. */
const FILE = "running.json";
const ASK_TIMEOUT_MS = 5_000;

const recordSchema = z.object({
  pid: z.number(),
  pageUrl: z.string(),
  fault: z.object({ url: z.string(), token: z.string() }),
});
export type RunningDemo = z.infer<typeof recordSchema>;

export function noteRunning(folder: string, running: RunningDemo): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, FILE), JSON.stringify(running), { mode: 0o600 });
}

export function forgetRunning(folder: string): void {
  rmSync(join(folder, FILE), { force: true });
}

/** The demo that runs in this checkout; undefined when there is none, or it has died. */
export function findRunning(folder: string): RunningDemo | undefined {
  try {
    const running = recordSchema.parse(JSON.parse(readFileSync(join(folder, FILE), "utf8")));
    process.kill(running.pid, 0);
    return running;
  } catch {
    // No file, an unreadable one, or a process that is gone: there is no demo.
    return undefined;
  }
}

/** Asks a running demo to break its shop. Errors: `OperationError("fault_refused")`. */
export async function askForFault({ fault }: RunningDemo, name: FaultName): Promise<void> {
  const response = await fetch(`${fault.url}/fault`, {
    method: "POST",
    headers: { authorization: `Bearer ${fault.token}`, "content-type": "application/json" },
    body: JSON.stringify({ fault: name }),
    // The harmless change comes first, then the fault.
    signal: AbortSignal.timeout(60_000 + ASK_TIMEOUT_MS),
  });
  if (response.ok) return;
  throw new OperationError("fault_refused", `the running demo refused: ${await response.text()}`);
}
