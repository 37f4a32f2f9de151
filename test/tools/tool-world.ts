import { actionHash } from "../../src/incident/action.ts";
import type { Proposal } from "../../src/incident/events.ts";
import { diagnose } from "../../src/model/causes/diagnose.ts";
import type { ChangeRecord, LogRecord, MetricPoint, Signal } from "../../src/model/signal.ts";
import type { SloDefinition } from "../../src/model/slo/slo.ts";
import { predict } from "../../src/model/whatif/predict.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import type { ProposalRequest, ToolContext } from "../../tools/define-tool.ts";
import { batch, resourceOf, traceIdOf, traceSpans, type Visit } from "../support/spans.ts";

/** 2026-11-24 02:00:00 UTC. */
const START_MS = Date.UTC(2026, 10, 24, 2, 0, 0);
export const at = (seconds: number): number => START_MS + seconds * 1000;
const BATCH_S = 5;

export interface WorldPlan {
  readonly seconds: number;
  /** Requests per second. */
  readonly rate: number;
  readonly visit: (request: number, atS: number) => Visit;
  /** Anything else, by when it is received. */
  readonly signals?: readonly Signal[];
  readonly slos?: readonly SloDefinition[];
}

/** A world that has seen a plan, told the time up to a few seconds after its end. */
export function buildWorld(plan: WorldPlan): World {
  const world = createWorld();
  const slos = plan.slos ?? [];
  world.apply({ type: "slos", source: "test", receivedMs: START_MS, slos });
  const others = (plan.signals ?? []).toSorted((a, b) => a.receivedMs - b.receivedMs);
  let request = 0;
  let next = 0;
  for (let fromS = 0; fromS < plan.seconds; fromS += BATCH_S) {
    const traces = Array.from({ length: plan.rate * BATCH_S }, (_, index) => {
      const atS = fromS + (index * BATCH_S) / (plan.rate * BATCH_S);
      const number = request + index;
      return traceSpans(plan.visit(number, atS), {
        traceId: traceIdOf(number),
        startMs: at(atS),
      });
    });
    request += traces.length;
    const nowMs = at(fromS + BATCH_S);
    for (const signal of batch(traces, nowMs)) world.apply(signal);
    for (let signal = others[next]; signal !== undefined && signal.receivedMs <= nowMs; ) {
      world.apply(signal);
      next += 1;
      signal = others[next];
    }
    world.advance(nowMs);
  }
  world.advance(at(plan.seconds + 10));
  return world;
}

export const CHECKOUT: SloDefinition = {
  id: "checkout",
  description: "people can pay",
  service: "gateway",
  operation: "POST /checkout",
  objective: 0.99,
  latencyThresholdMs: 220,
  rules: [{ longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" }],
  absentAfterMs: 30_000,
  settle: { effectMs: 20_000, observeMs: 40_000 },
};
const PRODUCT: SloDefinition = {
  ...CHECKOUT,
  id: "product",
  operation: "GET /product/{id}",
  latencyThresholdMs: 120,
};

/** Noise that is the same in every run. */
const wobble = (request: number, salt: number): number =>
  0.75 + ((Math.imul(request + 1, 2_654_435_761 + salt * 40_503) >>> 0) / 2 ** 32) * 0.5;

export const FAULT_S = 180;
export const SHOP_S = 240;

/** A small shop; from `FAULT_S` on catalog 1.1.0 is slow and a few payments fail. */
export function shopVisit(request: number, atS: number): Visit {
  const isSick = atS >= FAULT_S;
  const turn = request >> 1;
  const place = (service: string, replicas: number, host: string) => ({
    service,
    instance: `${service}-${turn % replicas}`,
    host: `${host}${turn % replicas}`,
    zone: turn % replicas === 0 ? "zone-a" : "zone-b",
  });
  const query = (ms: number, what: string) => ({
    to: { database: "shop", what, ms: ms * wobble(request, 5) },
  });
  if (request % 2 === 0) {
    const catalog: Visit = {
      ...place("catalog", 2, "node-"),
      operation: "GET /items/{id}",
      version: isSick ? "1.1.0" : "1.0.0",
      selfMs: (isSick ? 200 : 20) * wobble(request, 1),
      calls: [query(4, "SELECT * FROM items WHERE id = $1")],
    };
    return {
      ...place("gateway", 2, "edge-"),
      version: "3.2.0",
      operation: "GET /product/{id}",
      selfMs: 3 * wobble(request, 2),
      calls: [{ to: catalog }],
    };
  }
  const payment: Visit = {
    ...place("payment", 1, "node-"),
    version: "2.0.0",
    operation: "POST /pay",
    selfMs: 5 * wobble(request, 3),
    calls: [{ to: { external: "psp.example", what: "POST", ms: 40 * wobble(request, 4) } }],
    ...(isSick && request % 10 === 1 ? { error: "card_declined" } : {}),
  };
  const checkout: Visit = {
    ...place("checkout", 2, "node-"),
    version: "5.0.1",
    operation: "POST /orders",
    selfMs: 8 * wobble(request, 6),
    calls: [query(6, "INSERT INTO orders VALUES ($1)"), { to: payment }],
  };
  return {
    ...place("gateway", 2, "edge-"),
    version: "3.2.0",
    operation: "POST /checkout",
    selfMs: 3 * wobble(request, 7),
    calls: [{ to: checkout }],
  };
}

export function changeSignal(
  atS: number,
  change: Partial<ChangeRecord> & Pick<ChangeRecord, "kind" | "entity">,
): Signal {
  const record: ChangeRecord = {
    id: `${change.kind}-${change.entity}-${atS}`,
    timeMs: at(atS),
    summary: "",
    attributes: {},
    ...change,
  };
  return { type: "change", source: "webhook", receivedMs: at(atS), change: record };
}

export function logSignal(
  atS: number,
  service: string,
  record: { readonly body: string; readonly severity: number },
): Signal {
  const full: LogRecord = {
    timeMs: at(atS),
    traceId: "",
    spanId: "",
    attributes: {},
    ...record,
  };
  const resource = resourceOf({ service, instance: `${service}-0` });
  return { type: "logs", source: "test", receivedMs: at(atS), resource, records: [full] };
}

export function gaugeSignal(
  atS: number,
  service: string,
  gauge: { readonly name: string; readonly value: number } & Partial<MetricPoint>,
): Signal {
  const point: MetricPoint = {
    unit: "1",
    kind: "gauge",
    temporality: "unspecified",
    monotonic: false,
    startMs: 0,
    timeMs: at(atS),
    attributes: {},
    count: 0,
    ...gauge,
  };
  const resource = resourceOf({ service, instance: `${service}-0` });
  return { type: "metrics", source: "test", receivedMs: at(atS), resource, points: [point] };
}

const everySeconds = (step: number, make: (atS: number) => Signal): Signal[] =>
  Array.from({ length: Math.floor(SHOP_S / step) }, (_, index) => make(index * step));

const SHOP_SIGNALS: readonly Signal[] = [
  changeSignal(FAULT_S - 5, {
    kind: "deploy",
    entity: "catalog",
    summary: "deploy catalog 1.1.0",
    attributes: { version: "1.1.0", previous_version: "1.0.0" },
  }),
  changeSignal(60, {
    kind: "config",
    entity: "checkout",
    summary: "raise the item limit",
    attributes: { setting: "item_limit", value: "60", previous_value: "50" },
  }),
  changeSignal(70, {
    kind: "flag",
    entity: "",
    summary: "recommendations on",
    attributes: { flag: "recommendations", variant: "on", previous_variant: "off" },
  }),
  ...everySeconds(5, (atS) =>
    gaugeSignal(atS, "catalog", {
      name: "db.client.connection.count",
      value: atS < FAULT_S ? 3 : 9,
      attributes: { pool: "main" },
    }),
  ),
  ...everySeconds(5, (atS) =>
    logSignal(atS, "checkout", { body: `stock of item ${atS} is low`, severity: 13 }),
  ),
  ...everySeconds(5, (atS) => logSignal(atS, "catalog", { body: "served", severity: 9 })),
  ...[190, 195, 200, 205, 210].map((atS) =>
    logSignal(atS, "catalog", { body: `query ${atS} took too long`, severity: 17 }),
  ),
];

function shopWorld(over: Partial<WorldPlan> = {}): World {
  return buildWorld({
    seconds: SHOP_S,
    rate: 10,
    visit: shopVisit,
    signals: SHOP_SIGNALS,
    slos: [CHECKOUT, PRODUCT],
    ...over,
  });
}

let shop: World | undefined;

/** The same world for all tests of a file that only read. */
export function sharedShop(): World {
  shop ??= shopWorld();
  return shop;
}

/** What tools wrote through a context. */
export interface Written {
  readonly proposals: ProposalRequest[];
  readonly hypotheses: unknown[];
}

export interface TestContext extends ToolContext {
  readonly written: Written;
}

/** A context over a world as main puts it together, with memory instead of a store. */
export function contextOf(
  world: World,
  over: Partial<ToolContext> & { readonly nowMs?: number } = {},
): TestContext {
  const nowMs = over.nowMs ?? at(SHOP_S + 10);
  const view = world.at(nowMs);
  const written: Written = { proposals: [], hypotheses: [] };
  const context: ToolContext = {
    view,
    nowMs,
    signal: new AbortController().signal,
    speaker: "U1",
    incidentId: "i-1",
    callKey: "turn-1/call-1",
    viewAt: (ms) => world.at(ms),
    diagnose: (of, query) => diagnose(of, query),
    predict: (of, interventions, operations) =>
      Promise.resolve(
        predict(of, { interventions, ...(operations === undefined ? {} : { operations }) }),
      ),
    propose: (request) => {
      written.proposals.push(request);
      const prediction = predict(view, { interventions: [] });
      return Promise.resolve({ ok: true, proposal: proposalOf(request, { nowMs, prediction }) });
    },
    recordHypothesis: (hypothesis, key) => {
      written.hypotheses.push({ hypothesis, key });
      return Promise.resolve();
    },
    ledger: () => Promise.resolve([]),
    playbook: (name) =>
      name === "slow-database" ? "# Slow database\nLook at the pool." : undefined,
    playbookNames: () => ["slow-database", "bad-deploy"],
    ...over,
  };
  return { ...context, written };
}

export function proposalOf(
  request: ProposalRequest,
  made: Pick<Proposal, "prediction"> & { readonly nowMs: number; readonly id?: string },
): Proposal {
  const preconditions = { facts: {} };
  return {
    id: made.id ?? "p-1",
    incidentId: "i-1",
    action: request.action,
    preconditions,
    actionHash: actionHash(request.action, preconditions),
    prediction: made.prediction,
    reason: request.reason,
    evidenceIds: request.evidenceIds,
    madeMs: made.nowMs,
    expiresMs: made.nowMs + 12 * 60_000,
    executable: true,
  };
}
