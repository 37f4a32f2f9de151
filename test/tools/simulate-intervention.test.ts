import { expect, test } from "vitest";
import type { Intervention } from "../../src/model/whatif/intervention.ts";
import type { Prediction } from "../../src/model/whatif/prediction.ts";
import { simulateIntervention } from "../../tools/simulate-intervention.ts";
import * as samples from "../slack/samples.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { buildWorld, contextOf, sharedShop, shopVisit } from "./tool-world.ts";

const ROLLBACK = { type: "rollback", entity: "catalog", to_version: "1.0.0" };

test("predicts a rollback with intervals, no action beside it", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), simulateIntervention, {
    plans: [[ROLLBACK]],
    operations: ["GET /product/{id}"],
  });
  const [plan] = data.plans;
  expect(plan).toMatchObject({ plan: "rolling catalog back to 1.0.0", missing: [] });
  const after = plan?.after.find((one) => one.statistic === "p95");
  const none = data.noAction.find((one) => one.statistic === "p95");
  expect(after?.high).toBeLessThan(none?.low ?? 0);
  expect(data.assumes.length).toBeGreaterThan(0);
  expect(plan?.wrongIf.length).toBeGreaterThan(0);
  const [item] = evidence;
  expect(item?.kind).toBe("prediction");
  expect(quantityOf(item, "p95Low")).toBeLessThanOrEqual(quantityOf(item, "p95"));
  expect(quantityOf(item, "p95")).toBeLessThanOrEqual(quantityOf(item, "p95High"));
  expect(quantityOf(item, "p95High")).toBeLessThan(quantityOf(item, "noActionP95"));
  expect(quantityOf(item, "noActionP95High")).toBeGreaterThan(quantityOf(item, "nowP95"));
  expect(item?.values.grade).toBe(plan?.grade);
});

test("compares plans on the operation that is worst off", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), simulateIntervention, {
    plans: [
      [ROLLBACK],
      [{ type: "restart", entity: "instance:payment-0" }],
      [ROLLBACK, { type: "load", factor: 1.2 }],
    ],
  });
  expect(data.plans.map((one) => one.plan)).toEqual([
    "rolling catalog back to 1.0.0",
    "restarting payment-0",
    "rolling catalog back to 1.0.0 and load × 1.2",
  ]);
  expect(new Set(data.noAction.map((one) => one.operation))).toEqual(
    new Set(["gateway GET /product/{id}"]),
  );
  expect(evidence.map((one) => one.kind)).toEqual(["prediction", "prediction", "prediction"]);
  expect(quantityOf(evidence[1], "badRatio")).toBeGreaterThan(0.9);
  expect(quantityOf(evidence[0], "badRatio")).toBeLessThan(0.1);
});

test("loses no plan of three over two operations, however much there is to say", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), simulateIntervention, {
    plans: [
      [ROLLBACK],
      [ROLLBACK, { type: "load", factor: 1.2 }],
      [{ type: "restart", entity: "catalog" }],
    ],
    operations: ["GET /product/{id}", "POST /checkout"],
  });
  expect(data.plans).toHaveLength(3);
  expect(data.plans.every((one) => one.after.length > 0)).toBe(true);
  // Each plan for the first operation, before any for the second.
  expect(evidence.slice(0, 3).map((one) => one.about)).toEqual(
    Array.from({ length: 3 }, () => "gateway GET /product/{id}"),
  );
});

test("refuses what was never there to go back to, and says what was", async () => {
  const context = contextOf(sharedShop());
  const version = await refused(context, simulateIntervention, {
    plans: [[{ type: "rollback", entity: "catalog", to_version: "0.9.0" }]],
  });
  expect(version).toMatchObject({ code: "version_unknown" });
  expect(version.didYouMean).toContain("1.0.0");
  const flag = await refused(context, simulateIntervention, {
    plans: [[{ type: "flag", flag: "no-such-flag", variant: "off" }]],
  });
  expect(flag.code).toBe("flag_unknown");
});

test("gives no number where none is known, and says what is missing", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), simulateIntervention, {
    plans: [[{ type: "limit", from: "payment", to: "psp.example", max_concurrent: 4 }]],
    operations: ["POST /checkout"],
  });
  expect(data.plans[0]).toMatchObject({ grade: "D", after: [] });
  expect(data.plans[0]?.missing[0]).toContain("payment");
  expect(evidence[0]?.values.p95).toBeUndefined();
  expect(evidence[0]?.values.badRatio).toBeUndefined();
  expect(quantityOf(evidence[0], "noActionBadRatio")).toBeCloseTo(0.2, 1);
  expect(evidence[0]?.text).toContain("unknown effect");
  expect(evidence[0]?.text).toContain("missing what payment answers");
});

test("says when a plan saturates instead of giving times", async () => {
  const [sli] = samples.prediction().slis;
  if (sli === undefined) throw new Error("a sample without a statistic");
  const prediction: Prediction = samples.prediction({
    slis: [{ ...sli, verdict: "saturates", timeToSaturationMs: 45_000 }],
  });
  const context = contextOf(sharedShop(), { predict: () => Promise.resolve(prediction) });
  const { data, evidence } = await answered(context, simulateIntervention, {
    plans: [[{ type: "load", factor: 6 }]],
  });
  expect(data.plans[0]?.after[0]?.saturatesInSeconds).toBe(45);
  expect(quantityOf(evidence[0], "saturation")).toBe(45_000);
  expect(evidence[0]?.values.p95).toBeUndefined();
  expect(evidence[0]?.text).toContain("saturates");
});

test("gives the model names that exist, of the type that the intervention is about", async () => {
  const asked: (readonly Intervention[])[] = [];
  const context = contextOf(sharedShop(), {
    predict: (_view, interventions) => {
      asked.push(interventions);
      return Promise.resolve(samples.prediction());
    },
  });
  await answered(context, simulateIntervention, {
    plans: [
      [
        { type: "restart", entity: "pod:catalog-0" },
        { type: "drain", entity: "zone-a" },
      ],
    ],
  });
  expect(asked[0]).toEqual([
    { type: "restart", entity: "catalog-0" },
    { type: "drain", entity: "zone-a" },
  ]);
  const refuse = async (plan: object) =>
    (await refused(context, simulateIntervention, { plans: [[plan]] })).code;
  expect(await refuse({ type: "scale", entity: "shop", replicas: 2 })).toBe("entity_unknown");
  expect(await refuse({ type: "restart", entity: "catalgo" })).toBe("entity_unknown");
  expect(await refuse({ type: "retries", from: "payment", to: "nobody", count: 0 })).toBe(
    "entity_unknown",
  );
});

test("predicts for operations by which requests enter, and names them when asked for another", async () => {
  const refusal = await refused(contextOf(sharedShop()), simulateIntervention, {
    plans: [[ROLLBACK]],
    operations: ["payment POST /pay"],
  });
  expect(refusal.code).toBe("not_an_entry");
  expect(refusal.didYouMean).toContain("gateway POST /checkout");
});

test("predicts as of a past instant", async () => {
  const { data } = await answered(contextOf(sharedShop()), simulateIntervention, {
    plans: [[{ type: "none" }]],
    operations: ["GET /product/{id}"],
    at: "02:02:50",
  });
  expect(data.noAction.find((one) => one.statistic === "p95")?.now).toBeLessThan(40);
});

test("knows nothing of an empty system, and says so", async () => {
  const empty = buildWorld({ seconds: 0, rate: 1, visit: shopVisit });
  const { data, evidence } = await answered(contextOf(empty), simulateIntervention, {
    plans: [[{ type: "load", factor: 2 }]],
  });
  expect(data.plans[0]).toMatchObject({ grade: "D", after: [] });
  expect(evidence[0]?.text).toContain("unknown effect");
});

test("takes only the words of what-ifs", async () => {
  const refusal = await refused(contextOf(sharedShop()), simulateIntervention, {
    plans: [[{ type: "exec", command: "rm" }]],
  });
  expect(refusal.code).toBe("input_invalid");
  expect(refusal.message).toContain("must be one of none, restart, drain, rollback");
});
