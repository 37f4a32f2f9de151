import { assertNever } from "../../../src/assert.ts";
import type { Log } from "../../../src/log.ts";
import { createMeter } from "../../../src/meter.ts";
import type { Signal } from "../../../src/model/signal.ts";
import { createExecutor, type Executor } from "../../../src/remediation/executor.ts";
import { createSimulation, type Simulation } from "../../../src/simulator/simulation.ts";
import { EarlierLife } from "../../support/earlier-life.ts";
import { createMemoryStore } from "../../support/memory-store.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import type { ScenarioWorld } from "../worlds/scenario-world.ts";
import { declaredFacts } from "./declared-facts.ts";
import { createExporter, type Exporter } from "./exporter.ts";
import { APPROVER, type Memory, type Product, startProduct } from "./product.ts";
import { createSimulatedTarget } from "./simulated-target.ts";
import type { Event } from "./statement.ts";

/** A Monday morning. */
export const START_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const PUMP_EVERY_MS = 50;
const SAMPLE_EVERY_MS = 5_000;
const WAIT_STEP_MS = 500;
const EXECUTOR_SETTLE_MS = 30_000;
const CLOSE_MAX_MS = 5 * 60_000;

export interface StageOptions {
  readonly world: ScenarioWorld;
  readonly seed: number;
  readonly perSecond: number;
  readonly log: Log;
}

/** A simulated system, the product that watches it, and its executor, all on one virtual clock. */
export class Stage {
  readonly clock = new VirtualClock(START_MS);
  readonly simulation: Simulation;
  readonly #options: StageOptions;
  readonly #exporter: Exporter;
  readonly #memory: Memory = { store: createMemoryStore(), life: new EarlierLife() };
  readonly meter = createMeter();
  readonly #executor: Executor;
  readonly #declared: readonly Signal[];
  #product: Product | undefined;
  #failure: unknown;

  private constructor(options: StageOptions) {
    const { clock } = this;
    const { world, seed, perSecond, log } = options;
    const system = world.system(perSecond);
    this.#options = options;
    this.#declared = [
      declaredFacts(system, START_MS),
      { type: "slos", source: "file", receivedMs: START_MS, slos: world.slos },
    ];
    this.#exporter = createExporter(clock, (signals) => this.#product?.deliver(signals));
    this.simulation = createSimulation(system, {
      seed,
      originMs: START_MS,
      sink: this.#exporter,
      sampleEveryMs: SAMPLE_EVERY_MS,
    });
    this.#executor = createExecutor({
      store: this.#memory.store,
      clock,
      log,
      meter: this.meter,
      target: createSimulatedTarget(this.simulation, clock),
      id: "simulated",
      approvers: [APPROVER],
      settleMs: EXECUTOR_SETTLE_MS,
    });
  }

  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options);
    stage.clock.every(
      PUMP_EVERY_MS,
      () => {
        stage.simulation.runUntil(stage.clock.nowMs());
        stage.#exporter.flush();
      },
      (error) => {
        stage.#failure ??= error;
      },
    );
    stage.#startProduct();
    await stage.#executor.start();
    return stage;
  }

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.clock.nowMs() - START_MS;
  }

  get product(): Product {
    if (this.#product === undefined) throw new Error("the product is down at this time");
    return this.#product;
  }

  /** Time passes. Errors: what went wrong in the simulation. */
  async advanceTo(ms: number): Promise<void> {
    await this.clock.advanceTo(START_MS + ms);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Lets time pass until something is so; undefined: it did not come in time. */
  async waitFor<T>(
    look: () => Promise<T | undefined> | T | undefined,
    untilMs: number,
  ): Promise<T | undefined> {
    for (;;) {
      const found = this.#product === undefined ? undefined : await look();
      if (found !== undefined || this.nowMs >= untilMs) return found;
      await this.advanceTo(Math.min(untilMs, this.nowMs + WAIT_STEP_MS));
    }
  }

  /** Lets an event happen at its time; `failed` hears what it names and is not there. */
  schedule(atMs: number, event: Event, failed: (error: unknown) => void): void {
    this.clock
      .sleep(START_MS + atMs - this.clock.nowMs())
      .then(() => this.#happen(event))
      .catch(failed);
  }

  #happen(event: Event): void | Promise<void> {
    switch (event.type) {
      case "intervention": {
        this.simulation.runUntil(this.clock.nowMs());
        this.simulation.intervene(event.intervention);
        return;
      }
      case "telemetry":
        this.#exporter.report(event.isOn, event.service);
        return;
      case "restart":
        return this.#restartProduct(event);
      default:
        return assertNever(event);
    }
  }

  #startProduct(): void {
    const { clock } = this;
    this.#product = startProduct({
      clock,
      log: this.#options.log,
      meter: this.meter,
      memory: this.#memory,
      declared: this.#declared,
    });
  }

  /** What arrives in between is lost, as behind a door that is closed. */
  async #restartProduct({
    isKilled,
    downMs,
  }: {
    readonly isKilled: boolean;
    readonly downMs: number;
  }): Promise<void> {
    const old = this.#product;
    this.#product = undefined;
    if (isKilled) await old?.kill();
    else await old?.stop();
    await this.clock.sleep(downMs);
    this.#startProduct();
  }

  async close(): Promise<void> {
    let isStopped = false;
    const stopped = Promise.all([this.#product?.stop(), this.#executor.stop()]).finally(() => {
      isStopped = true;
    });
    // What is under way ends in its own time.
    for (const untilMs = this.nowMs + CLOSE_MAX_MS; !isStopped && this.nowMs < untilMs; )
      await this.advanceTo(this.nowMs + WAIT_STEP_MS);
    await stopped;
  }
}
