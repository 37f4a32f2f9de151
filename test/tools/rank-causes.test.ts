import { expect, test } from "vitest";
import { diagnose } from "../../src/model/causes/diagnose.ts";
import type { Diagnosis } from "../../src/model/causes/diagnosis.ts";
import { proposeAction } from "../../tools/propose-action.ts";
import { rankCauses } from "../../tools/rank-causes.ts";
import { simulateIntervention } from "../../tools/simulate-intervention.ts";
import * as samples from "../slack/samples.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import {
  at,
  buildWorld,
  CHECKOUT,
  contextOf,
  FAULT_S,
  gaugeSignal,
  sharedShop,
  shopVisit,
} from "./tool-world.ts";

test("names the cause of what is worst off, with what speaks for it", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), rankCauses);
  expect(data.symptom).toMatchObject({
    operation: "gateway GET /product/{id}",
    slo: "product",
    kind: "latency",
  });
  const [leader] = data.causes;
  expect(leader).toMatchObject({ cause: "catalog", type: "version", path: ["catalog", "gateway"] });
  expect(leader?.changes[0]).toContain("catalog went to version 1.1.0 (was 1.0.0)");
  const sum = data.causes.reduce((total, one) => total + one.probability, data.noneOfThese);
  expect(sum).toBeCloseTo(1, 1);
  const cause = evidence.find((one) => one.kind === "cause");
  expect(quantityOf(cause, "probability")).toBeCloseTo(leader?.probability ?? 0, 2);
  expect(quantityOf(cause, "latencyBefore")).toBeCloseTo(20, 0);
  expect(quantityOf(cause, "latencyAfter")).toBeCloseTo(200, 0);
  expect(cause?.values.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(evidence.map((one) => one.kind)).toEqual(
    expect.arrayContaining(["service", "cause", "change"]),
  );
});

test("tells of what is over in the past, and of every share its time", async () => {
  const world = buildWorld({
    seconds: 240,
    rate: 10,
    visit: (request, atS) => shopVisit(request, atS >= 150 && atS < 200 ? FAULT_S : 0),
    slos: [CHECKOUT],
  });
  const during = await answered(contextOf(world, { nowMs: at(195) }), rankCauses, {
    about: "checkout",
  });
  expect(during.data.symptom.isOver).toBe(false);
  expect(during.evidence[0]?.text).toMatch(
    /^gateway POST \/checkout is hurt since \{\{onset\}\}: \{\{badRatio\}\} of requests were bad in the .*\{\{over\}\}/,
  );
  const after = await answered(contextOf(world, { nowMs: at(225) }), rankCauses, {
    about: "checkout",
  });
  expect(after.data.symptom).toMatchObject({ isOver: true });
  expect(after.evidence[0]?.text).toContain("was hurt from {{onset}} on, and is not any more");
});

test("tells of a metric in the unit that it was sent in", async () => {
  const delay = Array.from({ length: 48 }, (_, index) =>
    gaugeSignal(index * 5, "catalog", {
      name: "nodejs.eventloop.delay.p99",
      unit: "s",
      value: index * 5 < FAULT_S ? 0.017 : 1.39,
    }),
  );
  const world = buildWorld({
    seconds: 240,
    rate: 10,
    visit: shopVisit,
    slos: [{ ...CHECKOUT, id: "product", operation: "GET /product/{id}", latencyThresholdMs: 120 }],
    signals: delay,
  });
  const { hypotheses } = diagnose(contextOf(world).view, { sloId: "product" });
  const findings = hypotheses.flatMap((one) => [...one.supporting, ...one.opposing]);
  const told = findings.find((one) => one.text.startsWith("nodejs.eventloop.delay.p99 of"));
  expect(told?.values.before).toEqual({ value: expect.closeTo(0.017), unit: "s" });
  expect(told?.values.after).toEqual({ value: expect.closeTo(1.39), unit: "s" });
});

test("every number of a finding can be cited from the cause's evidence", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), rankCauses, {
    about: "checkout",
  });
  const causes = evidence.filter((one) => one.kind === "cause");
  expect(causes).toHaveLength(data.causes.length);
  data.causes.forEach((cause, index) => {
    for (const finding of [...cause.for, ...cause.against]) {
      const keys = [...finding.text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? "");
      expect(Object.keys(causes[index]?.values ?? {})).toEqual(expect.arrayContaining(keys));
    }
  });
});

test("takes an objective, an operation, a service, an instance or a store", async () => {
  const context = contextOf(sharedShop());
  const about = async (text: string): Promise<string> =>
    (await answered(context, rankCauses, { about: text })).data.symptom.operation;
  expect(await about("checkout")).toBe("gateway POST /checkout");
  expect(await about("gateway POST /checkout")).toBe("gateway POST /checkout");
  expect(await about("service:gateway")).toBe("gateway GET /product/{id}");
  expect(await about("psp.example")).toBe("gateway POST /checkout");
  expect(await about("instance:payment-0")).toBe("gateway POST /checkout");
  const { notes } = await answered(context, rankCauses, { about: "payment" });
  expect(notes[0]).toBe("ranked for gateway POST /checkout, whose requests pass payment");
});

test("diagnoses an operation of one service although another service's objective ends alike", async () => {
  const queries: unknown[] = [];
  const context = contextOf(sharedShop(), {
    diagnose: (view, query) => {
      queries.push(query);
      return diagnose(view, query);
    },
  });
  await answered(context, rankCauses, { about: "gateway POST /checkout" });
  await answered(context, rankCauses, { about: "instance:gateway-0" });
  expect(queries).toEqual([{ sloId: "checkout" }, { service: "gateway" }]);
});

test("suggests what to simulate, in words that the other tools take", async () => {
  const context = contextOf(sharedShop());
  const { data } = await answered(context, rankCauses, { about: "product" });
  const [first] = data.candidates;
  expect(first).toMatchObject({
    cause: "catalog",
    intervention: { type: "rollback", entity: "catalog", to_version: "1.0.0" },
    action: { type: "rollback", service: "catalog", toVersion: "1.0.0" },
  });
  for (const { intervention, action } of data.candidates) {
    expect(simulateIntervention.input.safeParse({ plans: [[intervention]] }).success).toBe(true);
    const proposal = { action, reason: "It leads the ranking.", evidenceIds: ["e1"] };
    if (action !== null) expect(proposeAction.input.safeParse(proposal).success).toBe(true);
  }
});

test("says that nothing is wrong before the fault", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), rankCauses, {
    at: "02:02:50",
  });
  expect(data.symptom.kind).toBe("none");
  expect(data.candidates).toEqual([]);
  expect(data.noneOfThese).toBeGreaterThan(0.5);
  expect(evidence[0]?.text).toContain("nothing is wrong with");
});

test("says of a system without requests what it cannot see", async () => {
  const empty = buildWorld({ seconds: 0, rate: 1, visit: shopVisit });
  const { data } = await answered(contextOf(empty), rankCauses);
  expect(data).toMatchObject({ causes: [], noneOfThese: 1 });
  expect(data.notSeen.length).toBeGreaterThan(0);
});

test.each(["product page", "products", "the product endpoint"])(
  "takes %s for the operation with that word in its path",
  async (about) => {
    const { data } = await answered(contextOf(sharedShop()), rankCauses, { about });
    expect(data.symptom.operation).toBe("gateway GET /product/{id}");
  },
);

test("refuses what no request passes, and what is not there", async () => {
  const context = contextOf(sharedShop());
  const flag = await refused(context, rankCauses, { about: "recommendations" });
  expect(flag).toMatchObject({ code: "no_requests" });
  expect(flag.didYouMean).toContain("gateway POST /checkout");
  const unknown = await refused(context, rankCauses, { about: "chekcout" });
  expect(unknown.code).toBe("entity_unknown");
  expect(unknown.didYouMean?.join()).toContain("checkout");
});

test("keeps a diagnosis with many long findings short, and two findings of one kind apart", async () => {
  const long = "x".repeat(300);
  const finding = (number: number) => ({
    kind: "latency" as const,
    text: `${long} rose from {{before}} to {{after}}`,
    values: {
      before: { value: number, unit: "ms" as const },
      after: { value: Number.NaN, unit: "ms" as const },
    },
    traceIds: ["a".repeat(32), "b".repeat(32), "c".repeat(32)],
  });
  const short = (number: number) => ({ ...finding(number), text: "work rose from {{before}}" });
  const hypotheses = Array.from({ length: 9 }, (_, index) =>
    samples.hypothesis({
      id: `h${index}`,
      name: `${index}${long}`,
      title: `${long} is slow {{probability}}`,
      probability: 0.1,
      supporting: [short(1), short(2), finding(3), finding(4), finding(5)],
      opposing: [finding(6), finding(7), finding(8)],
    }),
  );
  const diagnosis: Diagnosis = samples.diagnosis({ hypotheses, noneProbability: 0.1 });
  const context = contextOf(sharedShop(), { diagnose: () => diagnosis });
  const { data, evidence, notes } = await answered(context, rankCauses);
  expect(data.causes.length).toBeGreaterThan(0);
  expect(notes.join()).toContain("of 9 hypotheses shown");
  const cause = evidence.find((one) => one.kind === "cause");
  expect(quantityOf(cause, "latencyBefore")).toBe(1);
  expect(quantityOf(cause, "latency2Before")).toBe(2);
});

test("ranks as of a past instant by what was known then", async () => {
  const { data } = await answered(contextOf(sharedShop()), rankCauses, {
    about: "product",
    at: "02:03:30",
  });
  expect(data.asOf).toBe("2026-11-24T02:03:30Z");
  expect(data.causes[0]?.cause).toBe("catalog");
  expect(Date.parse(data.symptom.onset)).toBeCloseTo(at(FAULT_S), -4);
});
