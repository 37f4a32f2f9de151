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

/** Asks a running demo to break its shop; resolves when it is broken. Errors: `OperationError("fault_refused")`. */
export async function askForFault({ fault }: RunningDemo, name: FaultName): Promise<void> {
  await ask(`${fault.url}/fault`, fault.token, { fault: name });
}

const mendedSchema = z.object({ done: z.array(z.string()) });

/** Asks a running demo to put its shop back; what that took. Errors: `OperationError("fault_refused")`. */
export async function askToMend({ fault }: RunningDemo): Promise<readonly string[]> {
  return mendedSchema.parse(await ask(`${fault.url}/mend`, fault.token, {})).done;
}

const refusedSchema = z.object({ message: z.string() });

async function ask(url: string, token: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    // A harmless change comes before a fault; to mend takes one operation after the other.
    signal: AbortSignal.timeout(60_000 + ASK_TIMEOUT_MS),
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new OperationError("fault_refused", `The running demo refused: ${reasonIn(text)}`);
}

/** The port says why in JSON; whatever else answers there is quoted as it is. */
function reasonIn(text: string): string {
  try {
    return refusedSchema.parse(JSON.parse(text)).message;
  } catch {
    // Not our port's answer.
    return text;
  }
}
