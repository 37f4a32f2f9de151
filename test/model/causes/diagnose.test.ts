import { expect, test } from "vitest";
import { diagnose } from "../../../src/model/causes/diagnose.ts";
import { entityId } from "../../../src/model/entity.ts";
import type { SloDefinition } from "../../../src/model/slo/slo.ts";
import type { Change, WorldView } from "../../../src/model/view.ts";
import { type Behaviour, type Shop, START_MS } from "./shop-traces.ts";
import { shopView } from "./synthetic-view.ts";

const CHECKOUT: SloDefinition = {
  id: "checkout",
  description: "",
  service: "gateway",
  operation: "POST /checkout",
  objective: 0.99,
  latencyThresholdMs: 220,
  rules: [],
  absentAfterMs: 30_000,
  settle: { effectMs: 20_000, observeMs: 40_000 },
};
const PRODUCT: SloDefinition = {
  ...CHECKOUT,
  id: "product",
  operation: "GET /product",
  latencyThresholdMs: 90,
};
const NORMAL: Readonly<Record<string, number>> = {
  gateway: 3,
  catalog: 20,
  checkout: 6,
  cart: 10,
  orders: 5,
  payment: 4,
};
const FAULT_S = 120;

const normal = (service: string): Behaviour => ({ selfMs: NORMAL[service] ?? 5 });

function change(kind: Change["kind"], service: string, atS: number, attributes = {}): Change {
  return {
    id: `change-${kind}-${service}`,
    timeMs: START_MS + atS * 1000,
    kind,
    entity: entityId("service", service),
    entityText: service,
    summary: "",
    attributes,
    origin: "reported",
  };
}

const DECOY = change("config", "cart", 70, {
  setting: "item_limit",
  value: "60",
  previous_value: "50",
});

function viewOf(fault: Partial<Shop>): WorldView {
  const { changes = [], ...rest } = fault;
  return shopView(
    { seconds: 165, rate: 20, behave: normal, ...rest, changes: [DECOY, ...changes] },
    [CHECKOUT, PRODUCT],
  );
}

function check(view: WorldView, sloId: string, name: string): ReturnType<typeof diagnose> {
  const answer = diagnose(view, { sloId });
  const sum = answer.hypotheses.reduce(
    (total, one) => total + one.probability,
    answer.noneProbability,
  );
  expect(sum).toBeCloseTo(1, 6);
  expect(
    answer.hypotheses[0]?.name,
    JSON.stringify(answer.hypotheses.map((h) => [h.name, h.type, h.probability])),
  ).toBe(name);
  expect(answer.hypotheses[0]?.probability).toBeGreaterThan(0.5);
  return answer;
}

test("names a version that became slower, with its deploy, ahead of a harmless change next door", () => {
  const deploy = change("deploy", "catalog", FAULT_S - 3, {
    version: "1.1.0",
    previous_version: "1.0.0",
  });
  const slow = (service: string, _: string, atS: number): Behaviour =>
    service === "catalog" && atS >= FAULT_S ? { selfMs: 90 } : normal(service);
  const version = (service: string, _: string, atS: number): string =>
    service === "catalog" && atS >= FAULT_S ? "1.1.0" : "1.0.0";
  const answer = check(viewOf({ behave: slow, version, changes: [deploy] }), "product", "catalog");
  expect(answer.hypotheses[0]?.type).toBe("version");
  expect(answer.hypotheses[0]?.changes[0]?.id).toBe(deploy.id);
  expect(answer.hypotheses[0]?.path.map((step) => step.entity)).toEqual([
    "service:catalog",
    "service:gateway",
  ]);
  expect(Math.abs(answer.symptom.onsetMs - (START_MS + FAULT_S * 1000))).toBeLessThanOrEqual(
    10_000,
  );
  expect(answer.hypotheses[0]?.reproduced).toBeGreaterThan(0.7);
});

test("names where failures begin, not who passes them on", () => {
  const deploy = change("deploy", "orders", FAULT_S - 2, { version: "1.1.0" });
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "orders" && atS >= FAULT_S ? { selfMs: 5, failRatio: 0.4 } : normal(service);
  const answer = check(viewOf({ behave, changes: [deploy] }), "checkout", "orders");
  expect(answer.symptom.kind).toBe("errors");
});

test("exonerates a database whose other callers see normal queries", () => {
  const flag: Change = {
    ...change("flag", "catalog", FAULT_S - 2, {
      flag: "highlights",
      variant: "on",
      previous_variant: "off",
    }),
  };
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "catalog" && atS >= FAULT_S ? { selfMs: 20, queryMs: 120 } : normal(service);
  const answer = check(viewOf({ behave, changes: [flag] }), "product", "catalog");
  expect(answer.hypotheses[0]?.title).toBe(
    "catalog became slower after flag highlights went from off to on",
  );
  expect(answer.hypotheses[0]?.changes[0]?.kind).toBe("flag");
});

test("blames a database that became slow for every caller", () => {
  const behave = (service: string, _: string, atS: number): Behaviour =>
    atS >= FAULT_S ? { ...normal(service), queryMs: 120 } : normal(service);
  check(viewOf({ behave }), "checkout", "shop");
});

test("sets one sick replica apart from its healthy siblings", () => {
  const behave = (service: string, instance: string, atS: number): Behaviour =>
    instance === "cart-1" && atS >= FAULT_S ? { selfMs: 400 } : normal(service);
  check(viewOf({ behave, changes: [] }), "checkout", "instance:cart-1");
});

test("finds a slow provider outside the telemetry behind a storm of retries", () => {
  const pspMs = (atS: number): number => (atS >= FAULT_S ? 900 : 40);
  const answer = check(viewOf({ pspMs }), "checkout", "psp");
  const texts = answer.hypotheses.flatMap(({ supporting, opposing }) =>
    [...supporting, ...opposing].map(({ text }) => text),
  );
  expect(texts).toContainEqual(expect.stringContaining("what payment waits for psp rose from"));
  expect(texts.filter((text) => /->|\bthe gap\b/.test(text))).toEqual([]);
  expect(answer.hypotheses[0]?.type).toBe("external");
  expect(answer.hypotheses[0]?.path.map((step) => step.entity)).toEqual([
    "external:psp",
    "service:payment",
    "service:checkout",
    "service:gateway",
  ]);
  // Nobody but payment calls it: the observation that decides speaks of nobody else.
  expect(answer.hypotheses[0]?.decidedBy).toBe(
    "ask psp directly: if it answers as fast as ever, the trouble is in payment or on the way",
  );
});

test("shows on the path what grew: whole requests, not each service's own time", () => {
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "orders" && atS >= FAULT_S ? { selfMs: 250 } : normal(service);
  const [first] = check(viewOf({ behave }), "checkout", "orders").hypotheses;
  expect(first?.path.map(({ magnitude }) => magnitude.value > 1.5)).toEqual([true, true, true]);
});

test("compares a store's callers with each other", () => {
  const behave = (service: string, _: string, atS: number): Behaviour =>
    atS >= FAULT_S ? { ...normal(service), queryMs: 120 } : normal(service);
  const [first] = check(viewOf({ behave }), "checkout", "shop").hypotheses;
  expect(first?.decidedBy).toMatch(/^compare the calls of \w+ to shop with those of \w+$/);
});

test("sees an entry service that stopped although nothing reports an error", () => {
  const answer = check(viewOf({ stopS: FAULT_S }), "checkout", "gateway");
  expect(answer.symptom.kind).toBe("absent");
  expect(answer.hypotheses[0]?.type).toBe("stopped");
  // Without requests there is no share of them.
  expect(answer.hypotheses[0]?.supporting.map(({ text }) => text)).not.toContainEqual(
    expect.stringContaining("accounts for"),
  );
});

test("says that nothing is wrong when nothing is", () => {
  for (const seed of [1, 2, 3]) {
    const answer = diagnose(viewOf({ seed }), { sloId: "checkout" });
    expect(answer.symptom.kind).toBe("none");
    expect(answer.noneProbability).toBeGreaterThan(0.6);
  }
});

test("works on one minute of history before the trouble", () => {
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "orders" && atS >= 60 ? { selfMs: 250 } : normal(service);
  check(viewOf({ seconds: 90, behave }), "checkout", "orders");
});

test("says so when the operation was never seen", () => {
  const answer = diagnose(viewOf({}), { service: "gateway", operation: "GET /nowhere" });
  expect(answer.noneProbability).toBe(1);
  expect(answer.blindSpots.length).toBeGreaterThan(0);
});

test("blames a surge of requests, not the service that it fills", () => {
  // Two replicas of one place each: 8 ms of work at 0.16 and 0.8 busy take 9.5 and 40 ms.
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "catalog" ? { selfMs: atS >= FAULT_S ? 40 : 9.5 } : { selfMs: 1 };
  const surge = (atS: number): number => (atS >= FAULT_S ? 5 : 1);
  const view = viewOf({ rate: 80, workers: 1, seconds: 150, behave, surge, seed: 4 });
  const answer = diagnose(view, { sloId: "product" });
  expect(answer.hypotheses[0]?.name).toBe("traffic:gateway GET /product");
  expect(answer.hypotheses[0]?.type).toBe("traffic");
});
