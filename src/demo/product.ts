import { join } from "node:path";
import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import { INCIDENTS, RESPONDER } from "./cast.ts";
import { Program } from "./program.ts";
import type { LocalSlack } from "./slack/contract.ts";

const RESTART_AFTER_MS = 500;
/** Limit: an Orrery that keeps ending is not started for ever. */
const RESTARTS_MAX = 10;

const readySchema = z.object({ type: z.literal("ready"), url: z.string() });

export interface ProductOptions {
  readonly slack: LocalSlack;
  /** Holds the product's data and its log. */
  readonly folder: string;
  readonly topologyFile: string;
  /** `ANTHROPIC_API_KEY` and its like; empty: the offline investigator. */
  readonly llm: Readonly<Record<string, string>>;
  readonly log: Log;
}

/** Orrery as a child, kept up as a process manager would. */
export class Product {
  readonly #options: ProductOptions;
  #program: Program | undefined;
  #url = "";
  #isStopping = false;
  #restarts = 0;

  constructor(options: ProductOptions) {
    this.#options = options;
  }

  /** Where telemetry goes; stays the same over restarts. */
  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  get dataFolder(): string {
    return join(this.#options.folder, "data");
  }

  /** Errors: `OperationError("program_failed")`. */
  async start(): Promise<void> {
    const port = this.#url === "" ? "0" : new URL(this.#url).port;
    const program = new Program({
      name: "orrery",
      module: "main.ts",
      env: this.#env(port),
      logFile: join(this.#options.folder, "orrery.log"),
    });
    this.#program = program;
    const ready = readySchema.safeParse(await program.ready());
    if (!ready.success)
      throw new OperationError("program_failed", "orrery did not say where it listens");
    this.#url = ready.data.url;
    void program.ended.then(() => this.#again(program));
  }

  #env(port: string): Readonly<Record<string, string>> {
    const { slack, topologyFile, llm } = this.#options;
    return {
      ...llm,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      ORRERY_CHANNEL: `#${INCIDENTS.name}`,
      ORRERY_APPROVERS: RESPONDER.id,
      ORRERY_PORT: port,
      ORRERY_DATA_DIR: this.dataFolder,
      ORRERY_SLO_FILE: join(import.meta.dirname, "world", "slo.yaml"),
      ORRERY_TOPOLOGY_FILE: topologyFile,
    };
  }

  async #again(ended: Program): Promise<void> {
    const { log } = this.#options;
    if (this.#isStopping || this.#program !== ended) return;
    this.#restarts += 1;
    log.warn("orrery_ended", { restarts: this.#restarts });
    if (this.#restarts > RESTARTS_MAX) return;
    await new Promise((resolve) => setTimeout(resolve, RESTART_AFTER_MS));
    if (this.#isStopping) return;
    try {
      await this.start();
      log.info("orrery_started_again", { url: this.#url });
    } catch (error) {
      log.error("orrery_not_started", { error: error instanceof Error ? error.message : "" });
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
