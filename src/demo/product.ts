import { join } from "node:path";
import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import { INCIDENTS, RESPONDER } from "./cast.ts";
import { KeptProgram } from "./kept-program.ts";
import type { LocalSlack } from "./slack/contract.ts";

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

/** Orrery as a child, started as a person would: by its settings alone. */
export class Product {
  readonly #options: ProductOptions;
  readonly #program: KeptProgram;
  #url = "";

  constructor(options: ProductOptions) {
    this.#options = options;
    this.#program = new KeptProgram({
      name: "orrery",
      module: "main.ts",
      env: () => this.#env(),
      logFile: join(options.folder, "orrery.log"),
      log: options.log,
      onReady: (message) => {
        const ready = readySchema.safeParse(message);
        if (!ready.success)
          throw new OperationError("program_failed", "orrery did not say where it listens");
        this.#url = ready.data.url;
      },
    });
  }

  /** Where telemetry goes; stays the same over restarts. */
  get url(): string {
    return this.#url;
  }

  get pid(): number {
    return this.#program.pid;
  }

  get dataFolder(): string {
    return join(this.#options.folder, "data");
  }

  /** Errors: `OperationError("program_failed")`. */
  start(): Promise<void> {
    return this.#program.start();
  }

  #env(): Readonly<Record<string, string>> {
    const { slack, topologyFile, llm } = this.#options;
    return {
      ...llm,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_APP_TOKEN: slack.appToken,
      SLACK_API_URL: slack.apiUrl,
      ORRERY_CHANNEL: `#${INCIDENTS.name}`,
      ORRERY_APPROVERS: RESPONDER.id,
      ORRERY_PORT: this.#url === "" ? "0" : new URL(this.#url).port,
      ORRERY_DATA_DIR: this.dataFolder,
      ORRERY_SLO_FILE: join(import.meta.dirname, "world", "slo.yaml"),
      ORRERY_TOPOLOGY_FILE: topologyFile,
    };
  }

  /** As a crash would; it is started again. */
  crash(): void {
    this.#program.crash();
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}
