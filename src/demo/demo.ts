import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorText, isOperationError, OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import { CHANNELS, PEOPLE, RESPONDER } from "./cast.ts";
import { KeptProgram } from "./kept-program.ts";
import { Product } from "./product.ts";
import type { FaultControl, LocalFault, LocalSlack } from "./slack/contract.ts";
import { startLocalSlack } from "./slack/local-slack.ts";
import { FAULT_NAMES } from "./world/faults.ts";
import { startWorld, type World } from "./world/supervisor.ts";
import { topologyFacts } from "./world/topology-facts.ts";

const APP_CONNECTS_MAX_MS = 20_000;

export interface DemoParts {
  readonly slack: LocalSlack;
  readonly world: World;
  readonly product: Product;
  /** Ends every process; safe to call twice. */
  stop(): Promise<void>;
  /** Process ids of Orrery itself: the product and its executor. */
  orreryPids(): readonly number[];
}

export interface DemoSettings {
  /** The demo's own folder; emptied at the start. */
  readonly folder: string;
  /** Where the truth of a fault is written; the product is not told. */
  readonly truthFolder: string;
  readonly requestsPerSecond: number;
  readonly seed: number;
  readonly llm: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Aborted: the start is given up, and what runs is ended. */
  readonly stopping?: AbortSignal;
}

/** The page's buttons break the shop; there is none before it has started. */
class Faults implements FaultControl {
  readonly faults = FAULT_NAMES;
  readonly #log: Log;
  world: World | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  async inject(name: string): Promise<void> {
    const fault = FAULT_NAMES.find((one) => one === name);
    if (fault === undefined)
      throw new OperationError("fault_refused", `no fault is called ${name}`);
    const { inEffect } = this.#up().beginFault(fault);
    // It takes hold after the harmless change; the button does not wait for that.
    inEffect.catch((error: unknown) => {
      if (isOperationError(error, "fault_called_off")) return;
      this.#log.warn("fault_not_injected", { fault, error: errorText(error) });
    });
  }

  mend(): Promise<readonly string[]> {
    return this.#up().mend();
  }

  status(): LocalFault {
    return this.world?.status().fault ?? { state: "quiet" };
  }

  #up(): World {
    if (this.world !== undefined) return this.world;
    throw new OperationError("fault_refused", "the shop is not up yet: try again in a moment");
  }
}

/** Starts the workspace, Orrery, the shop and the executor. Rejects with a clear reason, and then nothing is left running. */
export async function startDemo(settings: DemoSettings): Promise<DemoParts> {
  const { folder, log } = settings;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const closing: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopAll(closing);
    return stopped;
  };
  const { stopping } = settings;
  stopping?.addEventListener("abort", () => void stop(), { once: true });
  try {
    return await compose(settings, closing, stop);
  } catch (error) {
    if (stopping?.aborted !== true) log.error("demo_start_failed", { error: errorText(error) });
    await stop();
    throw error;
  }
}

async function stopAll(closing: (() => Promise<void>)[]): Promise<void> {
  for (const close of closing.toReversed()) {
    // biome-ignore lint/performance/noAwaitInLoops: what was started last is stopped first
    await close();
  }
}

async function compose(
  { folder, truthFolder, requestsPerSecond, seed, llm, log, stopping }: DemoSettings,
  closing: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<DemoParts> {
  const faultControl = new Faults(log);
  const slack = await startLocalSlack({
    port: 0,
    users: PEOPLE,
    channels: CHANNELS,
    log,
    faultControl,
  });
  closing.push(() => slack.close());
  const topologyFile = join(folder, "topology.json");
  writeFileSync(topologyFile, JSON.stringify(topologyFacts(), null, 2));
  const product = new Product({ slack, folder, topologyFile, llm, log });
  closing.push(() => product.stop());
  await product.start();
  stopping?.throwIfAborted();
  const world = await startWorld({
    otlpEndpoint: product.url,
    changesEndpoint: `${product.url}/v1/changes`,
    load: { requestsPerSecond, seed },
    dataDir: join(folder, "shop"),
    truthFolder,
    log,
    ...(stopping === undefined ? {} : { stopping }),
  });
  closing.push(() => world.stop());
  stopping?.throwIfAborted();
  faultControl.world = world;
  const executor = new KeptProgram({
    name: "executor",
    module: "remediation/executor-main.ts",
    env: () => ({
      ORRERY_STORE: join(product.dataFolder, "orrery.sqlite"),
      ORRERY_EXECUTOR_URL: world.operations.url,
      ORRERY_EXECUTOR_TOKEN: world.operations.token,
      ORRERY_APPROVERS: RESPONDER.id,
    }),
    logFile: join(folder, "executor.log"),
    log,
    onReady: () => undefined,
  });
  closing.push(() => executor.stop());
  await executor.start();
  await slack.waitForApp(APP_CONNECTS_MAX_MS);
  return { slack, world, product, stop, orreryPids: () => [product.pid, executor.pid] };
}
