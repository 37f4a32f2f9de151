import { errorText } from "../errors.ts";
import type { Log } from "../log.ts";
import { Program } from "./program.ts";

const RESTART_AFTER_MS = 500;
/** Limit: a program that keeps ending is not started for ever. */
const RESTARTS_MAX = 10;

export interface KeptProgramOptions {
  readonly name: string;
  /** Module below `src`. */
  readonly module: string;
  /** The settings of the next start. */
  readonly env: () => Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly log: Log;
  /** Called with what the program says when it is ready; may throw an OperationError. */
  readonly onReady: (message: unknown) => void;
}

/** A program that is started again when it ends by itself, as a process manager would. */
export class KeptProgram {
  readonly #options: KeptProgramOptions;
  #program: Program | undefined;
  #isStopping = false;
  #restarts = 0;

  constructor(options: KeptProgramOptions) {
    this.#options = options;
  }

  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  /** Errors: `OperationError("program_failed")`. */
  async start(): Promise<void> {
    const { name, module, env, logFile, onReady } = this.#options;
    const program = new Program({ name, module, env: env(), logFile });
    this.#program = program;
    onReady(await program.ready());
    void program.ended.then(() => this.#again(program));
  }

  async #again(ended: Program): Promise<void> {
    const { name, log } = this.#options;
    if (this.#isStopping || this.#program !== ended) return;
    this.#restarts += 1;
    log.warn("program_ended", { name, restarts: this.#restarts });
    if (this.#restarts > RESTARTS_MAX) return;
    await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
    if (this.#isStopping) return;
    try {
      await this.start();
      log.info("program_started_again", { name });
    } catch (error) {
      log.error("program_not_started", { name, error: errorText(error) });
    }
  }

  /** As a crash would; it is started again. */
  crash(): void {
    this.#program?.kill();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#program?.stop();
  }
}
