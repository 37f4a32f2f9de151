import { expect, test } from "vitest";
import { diagnose } from "../../../src/model/causes/diagnose.ts";
import { entityId } from "../../../src/model/entity.ts";
import type { SloDefinition } from "../../../src/model/slo/slo.ts";
import type { Change, WorldView } from "../../../src/model/view.ts";
import { proposeCandidates } from "../../../src/model/whatif/candidates.ts";
import type { Intervention } from "../../../src/model/whatif/intervention.ts";
import { predict } from "../../../src/model/whatif/predict.ts";
import type { PredictedSli } from "../../../src/model/whatif/prediction.ts";
import { settle } from "../../../src/model/whatif/verify.ts";
import { type Behaviour, type Shop, START_MS } from "../causes/shop-traces.ts";
import { shopView } from "../causes/synthetic-view.ts";

const PRODUCT: SloDefinition = {
  id: "product",
  description: "",
  service: "gateway",
  operation: "GET /product",
  objective: 0.98,
  latencyThresholdMs: 90,
  rules: [],
  absentAfterMs: 30_000,
  settle: { effectMs: 20_000, observeMs: 40_000 },
};
const CHECKOUT: SloDefinition = {
  ...PRODUCT,
  id: "checkout",
  operation: "POST /checkout",
  latencyThresholdMs: 220,
};
const FAULT_S = 180;
const ACT_S = 225;

const normal = (): Behaviour => ({ selfMs: 12 });
const at = (seconds: number): number => START_MS + seconds * 1000;

function change(kind: Change["kind"], service: string, attributes: Change["attributes"]): Change {
  return {
    id: `${kind}-${service}`,
    timeMs: at(FAULT_S - 2),
    kind,
    entity: entityId("service", service),
    entityText: service,
    summary: "",
    attributes,
    origin: "reported",
  };
}

/** The same world seen at the click, and after the action was done at `ACT_S`. */
function before(fault: Partial<Shop>): WorldView {
  return shopView({ seconds: ACT_S, rate: 20, behave: normal, ...fault }, [PRODUCT, CHECKOUT]);
}
function after(fault: Partial<Shop>): WorldView {
  return shopView({ seconds: ACT_S + 90, rate: 20, behave: normal, ...fault }, [PRODUCT, CHECKOUT]);
}
const sick = (atS: number): boolean => atS >= FAULT_S && atS < ACT_S + 5;

const slowCatalog: Partial<Shop> = {
  behave: (service, _, atS) => ({ selfMs: service === "catalog" && sick(atS) ? 110 : 12 }),
  version: (service, _, atS) => (service === "catalog" && sick(atS) ? "1.1.0" : "1.0.0"),
  changes: [change("deploy", "catalog", { version: "1.1.0", previous_version: "1.0.0" })],
};

function sli(slis: readonly PredictedSli[], statistic: string): PredictedSli {
  const found = slis.find((one) => one.statistic === statistic);
  if (found === undefined) throw new Error(`no ${statistic}`);
  return found;
}

const ROLLBACK: Intervention = { type: "rollback", entity: "catalog", to_version: "1.0.0" };

test("predicts a rollback that then comes true, with no action beside it", () => {
  const prediction = predict(before(slowCatalog), {
    interventions: [ROLLBACK],
    operations: ["GET /product"],
  });
  expect(prediction.grade).toBe("B");
  const p95 = sli(prediction.slis, "p95");
  expect(p95.noAction.median).toBeGreaterThan(2 * p95.after.high);
  expect(sli(prediction.slis, "bad_ratio").after.high).toBeLessThan(0.15);
  const outcome = settle(after(slowCatalog), prediction, {
    actedAtMs: at(ACT_S),
    effectMs: 20_000,
    observeMs: 40_000,
  });
  expect(outcome.verdict, JSON.stringify(outcome.observed)).toBe("inside");
});

test("refuses numbers for a version that never served", () => {
  const prediction = predict(before(slowCatalog), {
    interventions: [{ type: "rollback", entity: "catalog", to_version: "0.9.0" }],
    operations: ["GET /product"],
  });
  expect(prediction.grade).toBe("D");
  expect(prediction.missing[0]).toContain("0.9.0");
  expect(prediction.slis.every((one) => one.verdict === "insufficient_data")).toBe(true);
});

test("expects nothing of mending a service that is well", () => {
  const prediction = predict(before(slowCatalog), {
    interventions: [{ type: "restart", entity: "cart" }],
    operations: ["GET /product"],
  });
  const p95 = sli(prediction.slis, "p95");
  expect(p95.after.median).toBeGreaterThan(0.8 * p95.observed);
});

test.each(["catalog", "catalog-0"])(
  "does not promise that a restart of %s undoes a deploy",
  (entity) => {
    const prediction = predict(before(slowCatalog), {
      interventions: [{ type: "restart", entity }],
      operations: ["GET /product"],
    });
    const p95 = sli(prediction.slis, "p95");
    expect(p95.after.median).toBeGreaterThan(0.8 * p95.observed);
    expect(prediction.grade).toBe("C");
  },
);

test("proposes the rollback, and only names and versions that were seen", () => {
  const view = before(slowCatalog);
  const candidates = proposeCandidates(view, diagnose(view, { sloId: "product" }));
  expect(candidates[0]?.intervention).toEqual(ROLLBACK);
});

test("puts a flag back: proposed, predicted, held", () => {
  const fault: Partial<Shop> = {
    behave: (service, _, atS) => ({
      selfMs: 12,
      ...(service === "catalog" && sick(atS) ? { queryMs: 150 } : {}),
    }),
    changes: [
      change("flag", "catalog", { flag: "highlights", variant: "on", previous_variant: "off" }),
    ],
  };
  const view = before(fault);
  const candidates = proposeCandidates(view, diagnose(view, { sloId: "product" }));
  const first = candidates[0]?.intervention;
  expect(first).toEqual({ type: "flag", flag: "highlights", variant: "off" });
  const prediction = predict(view, {
    interventions: first === undefined ? [] : [first],
    operations: ["GET /product"],
  });
  expect(prediction.grade).toBe("B");
  const times = { actedAtMs: at(ACT_S), effectMs: 20_000, observeMs: 40_000 };
  expect(settle(after(fault), prediction, times).verdict).toBe("inside");
});

test("puts a setting back to the value before the change", () => {
  const fault: Partial<Shop> = {
    behave: (service, _, atS) => ({ selfMs: service === "orders" && sick(atS) ? 400 : 12 }),
    changes: [
      change("config", "orders", { setting: "pg_pool_max", value: "1", previous_value: "8" }),
    ],
  };
  const view = before(fault);
  const first = proposeCandidates(view, diagnose(view, { sloId: "checkout" }))[0]?.intervention;
  expect(first).toEqual({ type: "setting", entity: "orders", setting: "pg_pool_max", value: "8" });
  const prediction = predict(view, {
    interventions: first === undefined ? [] : [first],
    operations: ["POST /checkout"],
  });
  expect(sli(prediction.slis, "p95").after.high).toBeLessThan(sli(prediction.slis, "p95").observed);
});

test("restarts the one sick replica and predicts its siblings' health", () => {
  const fault: Partial<Shop> = {
    behave: (_, instance, atS) => ({ selfMs: instance === "cart-1" && sick(atS) ? 500 : 12 }),
  };
  const view = before(fault);
  const first = proposeCandidates(view, diagnose(view, { sloId: "checkout" }))[0]?.intervention;
  expect(first).toEqual({ type: "restart", entity: "cart-1" });
  const prediction = predict(view, {
    interventions: first === undefined ? [] : [first],
    operations: ["POST /checkout"],
  });
  const times = { actedAtMs: at(ACT_S), effectMs: 20_000, observeMs: 40_000 };
  expect(settle(after(fault), prediction, times).verdict).toBe("inside");
});

test("restarts an entry service that stopped", () => {
  const view = before({ stopS: FAULT_S });
  const first = proposeCandidates(view, diagnose(view, { sloId: "checkout" }))[0]?.intervention;
  expect(first).toEqual({ type: "restart", entity: "gateway" });
  const prediction = predict(view, {
    interventions: first === undefined ? [] : [first],
    operations: ["POST /checkout"],
  });
  expect(sli(prediction.slis, "bad_ratio").noAction.median).toBe(1);
  expect(sli(prediction.slis, "bad_ratio").after.high).toBeLessThan(0.2);
});

test("limits the caller of a slow provider without inventing a number for its effect", () => {
  const pspMs = (atS: number): number => (sick(atS) ? 900 : 40);
  const view = before({ pspMs });
  const first = proposeCandidates(view, diagnose(view, { sloId: "checkout" }))[0]?.intervention;
  expect(first).toMatchObject({ type: "limit", from: "payment", to: "psp" });
  const prediction = predict(view, {
    interventions: first === undefined ? [] : [first],
    operations: ["POST /checkout"],
  });
  expect(prediction.grade).toBe("D");
  expect(prediction.missing.length).toBeGreaterThan(0);
  const times = { actedAtMs: at(ACT_S), effectMs: 20_000, observeMs: 40_000 };
  expect(settle(after({ pspMs }), prediction, times).verdict).toBe("recovered");
});

const slowProvider: Partial<Shop> = { pspMs: (atS) => (sick(atS) ? 900 : 40) };

test("does not promise that a restart mends what the restarted process waits for", () => {
  const prediction = predict(before(slowProvider), {
    interventions: [{ type: "restart", entity: "payment" }],
    operations: ["POST /checkout"],
  });
  expect(prediction.assumptions[0]).toMatch(
    /^healthy is what was seen in the \d+ s before the onset$/,
  );
  const bad = sli(prediction.slis, "bad_ratio");
  expect(bad.observed).toBeGreaterThan(0.5);
  expect(bad.after.median).toBeGreaterThan(0.9 * bad.observed);
  expect(prediction.grade).toBe("C");
  expect(prediction.assumptions.join("; ")).toContain("does not mend psp");
});

test("says that what has nothing to do with the trouble leaves as many requests bad", () => {
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "orders" && sick(atS) ? { selfMs: 200, failRatio: 0.4 } : { selfMs: 12 };
  const prediction = predict(before({ behave }), {
    interventions: [{ type: "restart", entity: "catalog" }],
    operations: ["POST /checkout"],
  });
  const bad = sli(prediction.slis, "bad_ratio");
  expect(sli(prediction.slis, "error_ratio").observed).toBeGreaterThan(0.1);
  expect(bad.after.median).toBeCloseTo(bad.observed, 6);
});

test("leaves room for calls that happen to coincide when it limits a caller", () => {
  const view = before(slowProvider);
  const first = proposeCandidates(view, diagnose(view, { sloId: "checkout" }))[0]?.intervention;
  expect(first?.type === "limit" ? first.max_concurrent : 0).toBeGreaterThan(2);
});

test("does not suggest to undo what was gone back to", () => {
  const deploy = { ...change("deploy", "catalog", { version: "1.1.0" }), id: "d1", timeMs: at(60) };
  const changes = [
    { ...deploy, attributes: { version: "1.1.0", previous_version: "1.0.0" } },
    change("deploy", "catalog", { version: "1.0.0", previous_version: "1.1.0" }),
  ];
  const version = (service: string, _: string, atS: number): string =>
    service === "catalog" && atS >= 60 && atS < FAULT_S ? "1.1.0" : "1.0.0";
  const view = before({ ...slowCatalog, version, changes });
  const types = proposeCandidates(view, diagnose(view, { sloId: "product" })).map(
    ({ intervention }) => intervention,
  );
  expect(types).not.toContainEqual({ type: "rollback", entity: "catalog", to_version: "1.1.0" });
});

test("says in people's numbers what would prove a rollback wrong", () => {
  const behave = (service: string, _: string, atS: number): Behaviour => ({
    selfMs: service === "catalog" ? (sick(atS) ? 1900 : 660) : 12,
  });
  const prediction = predict(before({ ...slowCatalog, behave }), {
    interventions: [ROLLBACK],
    operations: ["GET /product"],
  });
  expect(prediction.falsifiers.join("; ")).toMatch(/stays above [\d.]+ (ms|s)$/);
});

test("gives a verdict, not a number, where a station saturates", () => {
  const view = before({ workers: 1, behave: () => ({ selfMs: 25 }) });
  const prediction = predict(view, {
    interventions: [{ type: "load", factor: 6 }],
    operations: ["GET /product"],
  });
  const p95 = sli(prediction.slis, "p95");
  expect(p95.verdict).toBe("saturates");
  expect(p95.timeToSaturationMs).toBeGreaterThan(0);
});

test("voids a comparison when somebody else changed something meanwhile", () => {
  const prediction = predict(before(slowCatalog), {
    interventions: [ROLLBACK],
    operations: ["GET /product"],
  });
  const other = { ...change("config", "cart", { setting: "x" }), timeMs: at(ACT_S + 20) };
  const outcome = settle(after({ ...slowCatalog, changes: [other] }), prediction, {
    actedAtMs: at(ACT_S),
    effectMs: 20_000,
    observeMs: 40_000,
  });
  expect(outcome.verdict).toBe("void");
});

test("plays requests from before the trouble, however many there were since", () => {
  const behave = (_: string, instance: string, atS: number): Behaviour => ({
    selfMs: instance === "cart-1" && atS >= FAULT_S ? 500 : 12,
  });
  const view = before({ behave, rate: 30, workers: 2 });
  const prediction = predict(view, {
    interventions: [{ type: "restart", entity: "cart-1" }],
    operations: ["POST /checkout"],
  });
  const past = predict(before({ rate: 30, workers: 2 }), {
    interventions: [{ type: "none" }],
    operations: ["POST /checkout"],
  });
  const [mean, well] = [prediction, past].map(({ slis }) => sli(slis, "mean").after.median);
  expect((mean ?? 0) / (well ?? 1)).toBeGreaterThan(0.9);
  expect((mean ?? 0) / (well ?? 1)).toBeLessThan(1.1);
});

test("answers for a service and an operation within, by any statistic", () => {
  const prediction = predict(before({ workers: 2, behave: () => ({ selfMs: 25 }) }), {
    interventions: [{ type: "load", factor: 1.3 }],
    operations: ["GET /product"],
    places: ["catalog", "catalog /work"],
    statistics: ["mean", "p99"],
  });
  const within = prediction.slis.filter((one) => one.operation === "operation:catalog /work");
  const whole = prediction.slis.filter((one) => one.operation === "service:catalog");
  expect(within.map((one) => one.statistic)).toEqual(["mean", "p99"]);
  for (const one of [...within, ...whole]) {
    expect(one.verdict).toBe("number");
    expect(one.after.median).toBeGreaterThan(one.noAction.median);
  }
});

test("compares plans on one picture as it would each alone", () => {
  const plans: readonly Intervention[] = [{ type: "load", factor: 1.5 }, ROLLBACK];
  const shared = before(slowCatalog);
  const ask = (view: WorldView, one: Intervention) =>
    predict(view, { interventions: [one], operations: ["GET /product"] });
  for (const plan of plans) expect(ask(shared, plan)).toEqual(ask(before(slowCatalog), plan));
});

test("answers the same question the same way", () => {
  const ask = () =>
    predict(before(slowCatalog), {
      interventions: [ROLLBACK],
      operations: ["GET /product"],
      seed: 3,
    });
  expect(ask()).toEqual(ask());
});

test("keeps what another cause adds when only one of two is mended", () => {
  const behave = (service: string, _: string, atS: number): Behaviour => {
    if (service === "orders" && sick(atS)) return { selfMs: 150 };
    return { selfMs: service === "cart" && atS >= FAULT_S ? 90 : 12 };
  };
  const version = (service: string, _: string, atS: number): string =>
    service === "orders" && sick(atS) ? "1.1.0" : "1.0.0";
  const prediction = predict(before({ behave, version }), {
    interventions: [{ type: "rollback", entity: "orders", to_version: "1.0.0" }],
    operations: ["POST /checkout"],
  });
  const times = { actedAtMs: at(ACT_S), effectMs: 20_000, observeMs: 40_000 };
  const outcome = settle(after({ behave, version }), prediction, times);
  const mean = outcome.observed.find((one) => one.statistic === "mean");
  expect(mean?.inside, JSON.stringify(mean)).toBe(true);
});

test("proposes replicas for a surge, and predicts that the wait shrinks", () => {
  const behave = (service: string, _: string, atS: number): Behaviour =>
    service === "catalog" ? { selfMs: atS >= FAULT_S ? 40 : 9.5 } : { selfMs: 1 };
  const surge = (atS: number): number => (atS >= FAULT_S ? 5 : 1);
  const view = before({ rate: 80, workers: 1, seconds: FAULT_S + 30, behave, surge });
  const first = proposeCandidates(view, diagnose(view, { sloId: "product" }))[0]?.intervention;
  expect(first).toMatchObject({ type: "scale", entity: "catalog" });
  const prediction = predict(view, {
    interventions: first === undefined ? [] : [first],
    operations: ["GET /product"],
  });
  const p95 = sli(prediction.slis, "p95");
  expect(p95.after.median).toBeLessThan(0.8 * p95.observed);
  expect(prediction.utilisation[0]?.after).toBeLessThan(prediction.utilisation[0]?.before ?? 0);
});

test.each([
  [20, "B", "number"],
  // Nine requests of before the trouble were traced.
  [0.5, "C", "number"],
  [0.1, "D", "insufficient_data"],
])(
  "at %s requests a second a rollback is of grade %s: few traced requests give a rough number, hardly any none",
  (rate, grade, verdict) => {
    const prediction = predict(before({ ...slowCatalog, rate }), {
      interventions: [ROLLBACK],
      operations: ["GET /product"],
    });
    expect(prediction.grade).toBe(grade);
    expect(prediction.slis[0]?.verdict).toBe(verdict);
  },
);
