import { expect, test } from "vitest";
import { searchTraces } from "../../tools/search-traces.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { at, buildWorld, contextOf, sharedShop, shopVisit } from "./tool-world.ts";

test("shows where the time of slow requests went", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), searchTraces, {
    operation: "GET /product/{id}",
    minutes: 1,
  });
  const [trace] = data.traces;
  expect(data.traces).toHaveLength(3);
  expect(trace?.operation).toBe("gateway GET /product/{id}");
  expect(trace?.steps[0]?.where).toMatch(/^instance:catalog-[01]$/);
  expect(trace?.steps[0]?.criticalMs).toBeGreaterThan(150);
  expect(quantityOf(evidence[0], "share")).toBeGreaterThan(0.8);
  expect(evidence[0]?.values.traceId).toBe(trace?.traceId);
  expect(trace?.traceId).toMatch(/^[0-9a-f]{32}$/);
});

test("shows where failed requests failed, with the sender's word for it as untrusted", async () => {
  const { data } = await answered(contextOf(sharedShop()), searchTraces, { kind: "error" });
  expect(data.traces.every((one) => one.error)).toBe(true);
  const failed = data.traces[0]?.steps.find((one) => one.untrustedErrorType === "card_declined");
  expect(failed?.where).toBe("instance:payment-0");
});

test("means the entry when a service behind it has an operation of the same name", async () => {
  const world = buildWorld({
    seconds: 60,
    rate: 2,
    visit: () => ({
      service: "gateway",
      operation: "POST /checkout/:user",
      selfMs: 2,
      calls: [{ to: { service: "checkout", operation: "POST /checkout/:user", selfMs: 20 } }],
    }),
  });
  for (const operation of ["POST /checkout/:user", "POST /checkout", "post /checkout/{user}"]) {
    const { data } = await answered(contextOf(world), searchTraces, { operation, kind: "any" });
    expect(data.traces[0]?.operation).toBe("gateway POST /checkout/:user");
  }
  const near = await refused(contextOf(world), searchTraces, { operation: "GET /basket" });
  expect(near.didYouMean).toEqual(["gateway POST /checkout/:user"]);
});

test("finds requests that passed a link, an instance or a store", async () => {
  const context = contextOf(sharedShop());
  for (const through of ["payment->psp.example", "payment → psp.example", "instance:payment-0"]) {
    const { data } = await answered(context, searchTraces, { kind: "any", through, limit: 5 });
    expect(data.traces).toHaveLength(5);
    expect(new Set(data.traces.map((one) => one.operation))).toEqual(
      new Set(["gateway POST /checkout"]),
    );
  }
  const stored = await answered(context, searchTraces, { kind: "any", through: "shop" });
  expect(stored.data.traces).toHaveLength(3);
});

test("shows the requests of then", async () => {
  const { data } = await answered(contextOf(sharedShop()), searchTraces, { at: "02:02:30" });
  for (const trace of data.traces) {
    expect(trace.start < "2026-11-24T02:02:30Z").toBe(true);
    expect(trace.durationMs).toBeLessThan(130);
  }
});

test("refuses what names nothing, and says when nothing of the kind was kept", async () => {
  const context = contextOf(sharedShop());
  const link = await refused(context, searchTraces, { through: "payment->catalog" });
  expect(link.code).toBe("link_unknown");
  expect(link.didYouMean).toContain("payment->psp.example");
  expect((await refused(context, searchTraces, { operation: "GET /nowhere" })).code).toBe(
    "entity_unknown",
  );
  const failed = await refused(context, searchTraces, { kind: "error", at: "02:01:00" });
  expect(failed.code).toBe("no_traces");
  const empty = buildWorld({ seconds: 0, rate: 1, visit: shopVisit });
  expect((await refused(contextOf(empty), searchTraces, {})).code).toBe("no_traces");
});

test("cites no share of a request that took no time", async () => {
  const world = buildWorld({
    seconds: 20,
    rate: 2,
    visit: () => ({ service: "api", operation: "GET /", selfMs: 0 }),
  });
  const { evidence } = await answered(contextOf(world, { nowMs: at(30) }), searchTraces, {
    kind: "any",
  });
  expect(evidence[0]?.values.share).toBeUndefined();
  expect(evidence[0]?.text).toBe("one api GET / at {{start}} took {{durationMs}}");
});
