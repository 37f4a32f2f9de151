import { expect, test } from "vitest";
import { getEntity } from "../../tools/get-entity.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { at, buildWorld, contextOf, gaugeSignal, sharedShop, shopVisit } from "./tool-world.ts";

test("shows a service with placement, neighbours, versions, health and metric names", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), getEntity, {
    entity: "catalog",
  });
  expect(data).toMatchObject({ id: "service:catalog", type: "service", name: "catalog" });
  expect(data.versionsServing).toEqual(["1.0.0", "1.1.0"]);
  expect(data.related).toMatchObject({
    "instance_of (of)": ["instance:catalog-0", "instance:catalog-1"],
    calls: ["shop"],
    "called by": ["gateway"],
  });
  expect(data.metrics).toEqual(["db.client.connection.count"]);
  expect(data.health.requestsPerSecond).toBeCloseTo(5, 0);
  expect(quantityOf(evidence[0], "instances")).toBe(2);
  expect(quantityOf(evidence[0], "lastSeen")).toBeGreaterThan(at(230));
});

test("shows instances and hosts by everyday names", async () => {
  const context = contextOf(sharedShop());
  const instance = await answered(context, getEntity, { entity: "pod:catalog-1" });
  expect(instance.data).toMatchObject({ type: "service.instance", name: "catalog-1" });
  expect(instance.data.related.runs_on).toEqual(["node-1"]);
  expect(instance.data.versionsServing).toEqual(["1.0.0", "1.1.0"]);
  const host = await answered(context, getEntity, { entity: "node-0" });
  expect(host.data.related["runs_on (of)"]).toEqual([
    "instance:catalog-0",
    "instance:checkout-0",
    "instance:payment-0",
  ]);
  expect(host.data.health.requestsPerSecond).toBeGreaterThan(5);
});

test("shows what has no telemetry of its own from its callers' side", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), getEntity, {
    entity: "psp.example",
  });
  expect(data.type).toBe("external");
  expect(data.related["called by"]).toEqual(["payment"]);
  expect(data.health.meanMs).toBeCloseTo(41, 0);
  expect(evidence[0]?.text).toContain("psp.example serves");
});

test("shows an entity as it was, and refuses one that was not there yet", async () => {
  const late = buildWorld({
    seconds: 120,
    rate: 4,
    visit: (request, atS) =>
      atS < 60 ? { service: "gateway", operation: "GET /", selfMs: 2 } : shopVisit(request, atS),
  });
  const context = contextOf(late, { nowMs: at(130) });
  expect((await answered(context, getEntity, { entity: "catalog" })).data.name).toBe("catalog");
  const refusal = await refused(context, getEntity, { entity: "catalog", at: "02:00:40" });
  expect(refusal.code).toBe("entity_unknown");
  expect(refusal.didYouMean).toContain("gateway");
});

test("counts no instance that has fallen silent", async () => {
  const world = buildWorld({
    seconds: 240,
    rate: 10,
    visit: (request, atS) => ({
      service: "cart",
      // Two at first; from a minute on the second takes nothing any more.
      instance: atS < 60 && request % 2 === 1 ? "cart-1" : "cart-0",
      operation: "GET /cart",
      selfMs: 5,
    }),
  });
  const context = contextOf(world, { nowMs: at(250) });
  const { data, evidence } = await answered(context, getEntity, { entity: "cart" });
  expect(data.related["instance_of (of)"]).toEqual(["instance:cart-0"]);
  expect(quantityOf(evidence[0], "instances")).toBe(1);
  const before = await answered(context, getEntity, { entity: "cart", at: "02:00:55" });
  expect(quantityOf(before.evidence[0], "instances")).toBe(2);
});

test("says what is like an unknown name", async () => {
  const refusal = await refused(contextOf(sharedShop()), getEntity, { entity: "catalogue" });
  expect(refusal).toMatchObject({ code: "entity_unknown" });
  expect(refusal.didYouMean?.join()).toContain("catalog");
});

test("folds the series of one distribution into one name, and says how many are not shown", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `m${String(index).padStart(2, "0")}`);
  const world = buildWorld({
    seconds: 30,
    rate: 4,
    visit: shopVisit,
    signals: [
      ...names.map((name) => gaugeSignal(10, "catalog", { name, value: 1 })),
      ...[5, 15].map((atS) =>
        gaugeSignal(atS, "catalog", {
          name: "a.duration",
          kind: "histogram",
          temporality: "delta",
          startMs: at(atS - 5),
          value: 100,
          count: 10,
          bounds: [5, 10, 50],
          bucketCounts: [2, 3, 5, 0],
        }),
      ),
    ],
  });
  const { data, notes } = await answered(contextOf(world, { nowMs: at(40) }), getEntity, {
    entity: "catalog",
  });
  expect(data.metrics[0]).toBe("a.duration (also .p50 .p95 .p99 .rate)");
  expect(notes).toContain("30 of 41 metrics shown");
});
