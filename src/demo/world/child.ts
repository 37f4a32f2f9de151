import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../../errors.ts";
import { readySchema } from "./contract.ts";

/** Limit: one process of the world starts within this time, or the start has failed. Generous: many start at once. */
const READY_MAX_MS = 45_000;
/** A process that has not ended by then after SIGTERM is killed. */
const STOP_MAX_MS = 1_500;
const KILL_MAX_MS = 2_000;

export interface ChildOptions {
  readonly name: string;
  /** Module below this folder. */
  readonly module: string;
  readonly logFolder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMb: number;
}

/** One process of the world. It ends by itself when its channel to us closes. */
export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly #ended: Promise<void>;
  #isEnded = false;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const output = openSync(join(options.logFolder, `${options.name}.log`), "a");
    this.process = spawn(
      process.execPath,
      [
        `--max-old-space-size=${options.memoryMb}`,
        "--max-semi-space-size=4",
        join(import.meta.dirname, options.module),
      ],
      {
        stdio: ["ignore", output, output, "ipc"],
        // A terminal's Ctrl-C is for the demo, which ends its processes in order.
        detached: true,
        env: { PATH: inherited("PATH"), TMPDIR: inherited("TMPDIR"), ...options.env },
      },
    );
    closeSync(output);
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#isEnded = true;
        resolve();
      };
      this.process.once("exit", end);
      this.process.once("error", end);
    });
    // A message to a process that is ending is lost; its end is noticed by itself.
    this.process.on("error", () => undefined);
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get ended(): Promise<void> {
    return this.#ended;
  }

  send(message: unknown): void {
    if (!this.#isEnded && this.process.connected)
      this.process.send(Object(message), () => undefined);
  }

  /** Resolves with the port that the process listens on. */
  async ready(): Promise<number> {
    const timeout = new AbortController();
    const late = sleep(READY_MAX_MS, undefined, { signal: timeout.signal });
    const port = new Promise<number>((resolve) => {
      this.process.on("message", (message) => {
        const parsed = readySchema.safeParse(message);
        if (parsed.success) resolve(parsed.data.port);
      });
    });
    const result = await Promise.race([
      port,
      this.#ended.then(() => "ended" as const),
      late.then(
        () => "late" as const,
        () => "late" as const,
      ),
    ]);
    timeout.abort();
    if (typeof result === "number") return result;
    const what = result === "ended" ? "ended while it started" : "was not ready in time";
    throw new OperationError(
      "world_process_failed",
      `${this.name} ${what}; see ${this.name}.log in the world's folder`,
    );
  }

  async stop(): Promise<void> {
    if (this.#isEnded) return;
    this.process.kill("SIGCONT");
    this.process.kill("SIGTERM");
    await this.#endedWithin(STOP_MAX_MS);
    if (this.#isEnded) return;
    this.process.kill("SIGKILL");
    await this.#endedWithin(KILL_MAX_MS);
  }

  async #endedWithin(ms: number): Promise<void> {
    const timer = new AbortController();
    const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.#ended, late]);
    timer.abort();
  }
}

/** Children get a clean environment: nothing of ours, least of all a token, is theirs to know. */
function inherited(name: "PATH" | "TMPDIR"): string {
  // biome-ignore lint/style/noProcessEnv: the two variables that any child process needs.
  return process.env[name] ?? "";
}
