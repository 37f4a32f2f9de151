import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../errors.ts";

/** A program that is not ready by then has failed to start. Generous: a busy machine starts many at once. */
const READY_MAX_MS = 45_000;
/** Ends by itself within this after SIGTERM, or is killed. */
const STOP_MAX_MS = 6_000;
const KILL_MAX_MS = 2_000;
const LAST_WORDS_CHARS = 600;

export interface ProgramOptions {
  readonly name: string;
  /** Module below `src`. */
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** One of the product's own programs as a child of the demo, started as a person would: by its settings alone. */
export class Program {
  readonly name: string;
  readonly #options: ProgramOptions;
  readonly #process: ChildProcess;
  readonly ended: Promise<void>;
  #isEnded = false;

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.#options = options;
    const output = openSync(options.logFile, "a");
    const module = join(import.meta.dirname, "..", options.module);
    this.#process = spawn(process.execPath, [module], {
      stdio: ["ignore", output, output, "ipc"],
      // A terminal's Ctrl-C is for the demo, which ends its programs in order.
      detached: true,
      env: { ...inherited(), ...options.env },
    });
    closeSync(output);
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#isEnded = true;
        resolve();
      };
      this.#process.once("exit", end);
      this.#process.once("error", end);
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** What the program says when it is ready. Errors: `OperationError("program_failed")` with its last words. */
  async ready(): Promise<unknown> {
    const told = new Promise<unknown>((resolve) => this.#process.once("message", resolve));
    const late = new AbortController();
    const result = await Promise.race([
      told.then((message) => ({ message })),
      this.ended.then(() => "ended while it started"),
      sleep(READY_MAX_MS, "was not ready in time", { signal: late.signal }).catch(() => ""),
    ]);
    late.abort();
    if (typeof result !== "string") return result.message;
    throw new OperationError("program_failed", `${this.name} ${result}: ${this.#lastWords()}`);
  }

  #lastWords(): string {
    const text = readFileSync(this.#options.logFile, "utf8").trim();
    return text === "" ? "it said nothing" : text.slice(-LAST_WORDS_CHARS);
  }

  /** Ends it without asking, as a crash would. */
  kill(): void {
    if (!this.#isEnded) this.#process.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    if (this.#isEnded) return;
    this.#process.kill("SIGTERM");
    await this.#endedWithin(STOP_MAX_MS);
    this.kill();
    await this.#endedWithin(KILL_MAX_MS);
  }

  async #endedWithin(ms: number): Promise<void> {
    const late = new AbortController();
    await Promise.race([
      this.ended,
      sleep(ms, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
  }
}

/** Programs get a clean environment: only what any process needs. */
function inherited(): Readonly<Record<string, string>> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];
  return Object.fromEntries(
    names.flatMap((name) => {
      // biome-ignore lint/style/noProcessEnv: the variables that any child process needs.
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
