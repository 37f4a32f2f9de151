import { expect, test } from "vitest";
import { getSloStatus } from "../../tools/get-slo-status.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { at, buildWorld, CHECKOUT, contextOf, sharedShop, shopVisit } from "./tool-world.ts";

test("lists objectives, worst first, with exact shares of bad requests", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), getSloStatus);
  expect(data.slos.map((one) => [one.id, one.state, one.badRatio])).toEqual([
    ["product", "burning", 1],
    ["checkout", "burning", 0.2],
  ]);
  expect(quantityOf(evidence[1], "badRatio")).toBeCloseTo(0.2, 3);
  expect(quantityOf(evidence[1], "burnRate")).toBeCloseTo(20, 1);
  expect(evidence[1]?.text).toBe(
    "POST /checkout is burning its error budget: {{badRatio}} of requests were bad in the last {{over}}",
  );
  expect(quantityOf(evidence[1], "over")).toBe(60_000);
  expect(data.slos[1]?.overSeconds).toBe(60);
});

test("finds an objective by its id or its operation, also in the past", async () => {
  const context = contextOf(sharedShop());
  for (const slo of ["checkout", "POST /checkout", "gateway POST /checkout"]) {
    const { data } = await answered(context, getSloStatus, { slo, at: "02:02:00" });
    expect(data.slos).toMatchObject([{ id: "checkout", state: "ok", badRatio: 0 }]);
  }
});

test("does not call an objective kept that is missed while no rule fires", async () => {
  const world = buildWorld({
    seconds: 120,
    rate: 5,
    // 5 % are bad, which burns at 5 times: no rule pages for that.
    visit: (request) => ({
      service: "gateway",
      operation: "POST /checkout",
      selfMs: 5,
      ...(request % 20 === 0 ? { error: true } : {}),
    }),
    slos: [CHECKOUT],
  });
  const { data, evidence } = await answered(contextOf(world, { nowMs: at(130) }), getSloStatus);
  expect(data.slos[0]?.state).toBe("ok");
  expect(evidence[0]?.text).toContain("does not page, but misses its objective");
});

test("tells what has recovered from what still goes on, each share with its time", async () => {
  const world = buildWorld({
    seconds: 120,
    rate: 5,
    // Half a minute of failures that is over for a quarter of a minute.
    visit: (request, atS) => ({
      service: "gateway",
      operation: "POST /checkout",
      selfMs: 5,
      ...(atS >= 75 && atS < 105 && request % 4 === 0 ? { error: true } : {}),
    }),
    slos: [CHECKOUT],
  });
  const during = await answered(contextOf(world, { nowMs: at(85) }), getSloStatus);
  expect(during.data.slos[0]?.standing).toBe("missed");
  const after = await answered(contextOf(world, { nowMs: at(120) }), getSloStatus);
  expect(after.data.slos[0]).toMatchObject({ state: "ok", standing: "recovered" });
  expect(after.evidence[0]?.text).toBe(
    "POST /checkout has recovered: {{recentBadRatio}} of requests were bad in the last {{recentOver}}, {{badRatio}} in the last {{over}}",
  );
  expect(quantityOf(after.evidence[0], "recentBadRatio")).toBe(0);
  expect(quantityOf(after.evidence[0], "badRatio")).toBeGreaterThan(0.05);
});

test("keeps a share that three digits of the good ones would lose", async () => {
  const world = buildWorld({
    seconds: 60,
    rate: 50,
    visit: (request) => ({
      service: "gateway",
      operation: "POST /checkout",
      selfMs: 5,
      ...(request === 2500 ? { error: true } : {}),
    }),
    slos: [CHECKOUT],
  });
  const { data } = await answered(contextOf(world, { nowMs: at(70) }), getSloStatus);
  expect(data.slos[0]?.badRatio).toBeGreaterThan(0);
  expect(data.slos[0]?.badRatio).toBeLessThan(0.001);
});

test("tells traffic that vanished from traffic that never was", async () => {
  const never = { ...CHECKOUT, id: "never", operation: "GET /nowhere" };
  const world = buildWorld({
    seconds: 60,
    rate: 4,
    visit: (request) => shopVisit(request, 0),
    slos: [CHECKOUT, never],
  });
  world.advance(at(120));
  const { data, evidence } = await answered(contextOf(world, { nowMs: at(120) }), getSloStatus);
  expect(data.slos.map((one) => one.state)).toEqual(["absent", "no-data"]);
  expect(data.slos[1]?.lastSample).toBeNull();
  expect(evidence[0]?.text).toContain("{{lastSample}}");
});

test("refuses an unknown objective with those that there are", async () => {
  const refusal = await refused(contextOf(sharedShop()), getSloStatus, { slo: "chekout" });
  expect(refusal).toMatchObject({ code: "slo_unknown", didYouMean: ["product", "checkout"] });
});

test("says that there are no objectives", async () => {
  const empty = buildWorld({ seconds: 0, rate: 1, visit: shopVisit });
  const { data, notes } = await answered(contextOf(empty), getSloStatus);
  expect(data.slos).toEqual([]);
  expect(notes[0]).toContain("no objectives");
});
