import type { ChangeRecord, Signal } from "../../src/model/signal.ts";
import type { SloDefinition } from "../../src/model/slo/slo.ts";
import type { Change, WorldView } from "../../src/model/view.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import { batch, traceIdOf, traceSpans, type Visit } from "../support/spans.ts";

/** 2026-11-24 02:00:00 UTC. */
const START_MS = Date.UTC(2026, 10, 24, 2, 0, 0);
const at = (seconds: number): number => START_MS + seconds * 1000;

const BATCH_S = 5;
/** Requests per second. */
const RATE = 4;
/** What the shop is seen until, and the time in its views. */
export const SEEN_S = 300;
export const NOW_MS = at(SEEN_S + 3);
/** When catalog 1.1.0 replaced 1.0.0. */
const DEPLOY_S = 200;

export const CHECKOUT: SloDefinition = {
  id: "checkout",
  description: "people can pay",
  service: "gateway",
  operation: "POST /checkout",
  objective: 0.99,
  latencyThresholdMs: 200,
  rules: [],
  absentAfterMs: 30_000,
  settle: { effectMs: 20_000, observeMs: 40_000 },
};

export interface ShopPlan {
  readonly version?: (service: string, atS: number, request: number) => string;
  /** `false`: the instance is not there. */
  readonly runs?: (instance: string, atS: number) => boolean;
  readonly changes?: readonly (readonly [number, Partial<ChangeRecord> & Pick<Change, "kind">])[];
  readonly seconds?: number;
}

const REPLICAS: Readonly<Record<string, number>> = { gateway: 2, catalog: 2, cart: 2, payment: 1 };

export const CHANGES: NonNullable<ShopPlan["changes"]> = [
  [
    100,
    {
      kind: "config",
      entity: "cart",
      attributes: { setting: "item_limit", value: "60", previous_value: "50" },
    },
  ],
  [
    150,
    {
      kind: "flag",
      entity: "catalog",
      attributes: { flag: "catalog-review-highlights", variant: "on", previous_variant: "off" },
    },
  ],
  [
    DEPLOY_S - 2,
    {
      kind: "deploy",
      entity: "catalog",
      attributes: { version: "1.1.0", previous_version: "1.0.0" },
    },
  ],
];

function versionAt(service: string, atS: number): string {
  return service === "catalog" && atS >= DEPLOY_S ? "1.1.0" : "1.0.0";
}

function requestAt(plan: ShopPlan, request: number, atS: number): Visit | undefined {
  const runs = plan.runs ?? (() => true);
  const visit = (service: string, operation: string, calls: Visit["calls"] = []): Visit => {
    const all = Array.from({ length: REPLICAS[service] ?? 1 }, (_, i) => `${service}-${i}`);
    const there = all.filter((instance) => runs(instance, atS));
    const instance = there[request % Math.max(1, there.length)] ?? `${service}-0`;
    const slow = service === "catalog" && versionAt(service, atS) === "1.1.0" ? 20 : 1;
    return {
      service,
      operation,
      instance,
      host: `node-${instance.at(-1)}`,
      zone: "zone-a",
      version: plan.version?.(service, atS, request) ?? versionAt(service, atS),
      selfMs: 10 * slow * (0.8 + 0.4 * ((request * 7919) % 100) * 0.01),
      calls,
    };
  };
  if (!runs("gateway-0", atS) && !runs("gateway-1", atS)) return undefined;
  const payment = visit("payment", "POST /pay", [
    { to: { external: "psp", what: "POST", ms: 30 } },
  ]);
  return visit("gateway", "POST /checkout", [
    { to: visit("catalog", "GET /items/{id}") },
    { to: visit("cart", "GET /cart", [{ to: { database: "shop", what: "SELECT 1", ms: 3 } }]) },
    { to: payment },
  ]);
}

function changeSignal([atS, change]: NonNullable<ShopPlan["changes"]>[number]): Signal {
  const record: ChangeRecord = {
    id: `${change.kind}-${atS}`,
    timeMs: at(atS),
    entity: "",
    summary: "",
    attributes: {},
    ...change,
  };
  return { type: "change", source: "webhook", receivedMs: at(atS), change: record };
}

/** A small shop as the model sees it: gateway, catalog, cart and payment, a database, and a provider outside. */
function shopWorld(plan: ShopPlan = {}): World {
  const world = createWorld();
  world.apply({ type: "slos", source: "test", receivedMs: at(0), slos: [CHECKOUT] });
  const changes = (plan.changes ?? CHANGES).map(changeSignal);
  const seconds = plan.seconds ?? SEEN_S;
  for (let fromS = 0; fromS < seconds; fromS += BATCH_S) {
    const traces = Array.from({ length: RATE * BATCH_S }, (_, index) => {
      const atS = fromS + index / RATE;
      const number = fromS * RATE + index;
      const visit = requestAt(plan, number, atS);
      const trace = { traceId: traceIdOf(number), startMs: at(atS) };
      return visit === undefined ? [] : traceSpans(visit, trace);
    });
    const nowMs = at(fromS + BATCH_S);
    for (const signal of batch(traces, nowMs)) world.apply(signal);
    for (const signal of changes) {
      const { receivedMs } = signal;
      if (receivedMs >= at(fromS) && receivedMs < nowMs) world.apply(signal);
    }
    world.advance(nowMs);
  }
  world.advance(at(seconds + 3));
  return world;
}

export function shopView(plan: ShopPlan = {}, nowMs = at((plan.seconds ?? SEEN_S) + 3)): WorldView {
  return shopWorld(plan).at(nowMs);
}

let still: WorldView | undefined;

/** The shop after the bad deploy; the same for all tests that only read it. */
export function sharedShop(): WorldView {
  still ??= shopView();
  return still;
}
