import { createIncidents } from "../../src/incident/incidents.ts";
import { createProposals } from "../../src/incident/proposals.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter, type Meter } from "../../src/meter.ts";
import type { Signal } from "../../src/model/signal.ts";
import type { BurnRateRule, SloDefinition } from "../../src/model/slo/slo.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import type { Store } from "../../src/store/store.ts";
import { createWatch, type Watch } from "../../src/watch/watch.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { traceIdOf, traceSignals } from "../support/spans.ts";

const T0 = Date.UTC(2026, 10, 24, 2, 0, 0);

const RULE: BurnRateRule = { longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" };

function slo(operation: string, over: Partial<SloDefinition> = {}): SloDefinition {
  return {
    id: operation.toLowerCase().replace(/[^a-z]+/g, "-"),
    description: operation,
    service: "gateway",
    operation,
    objective: 0.99,
    latencyThresholdMs: 500,
    rules: [RULE],
    absentAfterMs: 30_000,
    settle: { effectMs: 20_000, observeMs: 40_000 },
    channel: "checkout-incidents",
    ...over,
  };
}

/** What one request of an operation meets in the second that it is sent. */
export interface Weather {
  /** Self time of catalog and cart, ms. */
  readonly catalogMs?: number;
  readonly gatewayMs?: number;
  readonly cartMs?: number;
  readonly cartFails?: boolean;
  /** Requests a second of each operation; 0: none. */
  readonly home?: number;
  readonly basket?: number;
  /** The gateway says nothing, the worker goes on; or nobody says anything. */
  readonly silent?: "gateway" | "all";
}

/** The watch loop over a small shop on virtual time: `GET /home` meets catalog, `POST /cart` meets cart. */
export class RunningWatch {
  readonly meter: Meter = createMeter();
  readonly store: Store;
  world: World;
  watch: Watch;
  nowMs = T0;
  #waiting: Signal[] = [];
  #traces = 0;

  constructor(store: Store = createMemoryStore(), knewSystem = false, startMs = T0) {
    this.store = store;
    this.nowMs = startMs;
    this.world = createWorld();
    this.watch = this.#start(knewSystem);
  }

  get incidents() {
    return createIncidents({ store: this.store, meter: this.meter });
  }

  #start(knewSystem: boolean): Watch {
    const { meter, store, incidents } = this;
    const slos = [slo("GET /home"), slo("POST /cart")];
    this.world.apply({ type: "slos", source: "file", receivedMs: this.nowMs, slos });
    return createWatch({
      world: this.world,
      take: () => this.#waiting.splice(0),
      incidents,
      proposals: createProposals({ store, meter, incidents, approvers: ["U0ALICE00"] }),
      clock: {
        nowMs: () => this.nowMs,
        sleep: () => Promise.resolve(),
        every: () => () => undefined,
      },
      log: silentLog,
      meter,
      defaultChannel: "incidents",
      knewSystem,
      save: () => Promise.resolve(),
    });
  }

  /** A signal that breaks whoever folds it. */
  sendBroken(): void {
    this.#waiting.push({ type: "spans", source: "test", receivedMs: this.nowMs } as Signal);
  }

  /** Lets `seconds` pass under the same weather, one look a second. */
  async pass(seconds: number, weather: Weather = {}): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.#serve(weather);
      this.nowMs += 1_000;
      await this.watch.tick();
    }
  }

  #serve({
    catalogMs = 20,
    gatewayMs = 4,
    cartMs = 10,
    cartFails = false,
    home = 10,
    basket = 4,
    silent,
  }: Weather): void {
    if (silent === "all") return;
    this.#send("worker", "process jobs", { selfMs: 5 + (this.#traces % 3) });
    if (silent === "gateway") return;
    const jitter = (ms: number): number => ms * (0.8 + ((this.#traces * 7) % 10) / 25);
    for (let one = 0; one < home; one += 1) {
      const call = {
        to: {
          service: "catalog",
          operation: "GET /items",
          version: "1.0.0",
          selfMs: jitter(catalogMs),
        },
      };
      this.#send("gateway", "GET /home", { selfMs: jitter(gatewayMs), calls: [call] }, one / home);
    }
    for (let one = 0; one < basket; one += 1) {
      const call = {
        to: {
          service: "cart",
          operation: "POST /add",
          version: "2.0.0",
          selfMs: jitter(cartMs),
          error: cartFails,
        },
      };
      this.#send("gateway", "POST /cart", { selfMs: jitter(4), calls: [call] }, one / basket);
    }
  }

  #send(
    service: string,
    operation: string,
    rest: Pick<Parameters<typeof traceSignals>[0], "selfMs" | "calls">,
    offset = 0,
  ): void {
    this.#traces += 1;
    const startMs = this.nowMs + offset * 1_000;
    const signals = traceSignals(
      { service, operation, ...rest },
      { traceId: traceIdOf(this.#traces), startMs, receivedMs: this.nowMs + 1_000 },
    );
    this.#waiting.push(...signals);
  }
}
