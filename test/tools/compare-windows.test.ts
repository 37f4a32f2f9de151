import { expect, test } from "vitest";
import { compareWindows } from "../../tools/compare-windows.ts";
import { rankCauses } from "../../tools/rank-causes.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { at, buildWorld, CHECKOUT, contextOf, sharedShop, shopVisit } from "./tool-world.ts";

/** 02:03:00, when the fault begins; the model has seen a minute and five seconds since. */
const ONSET = "02:03:00";

test("tells a service that became slow itself from one that waits", async () => {
  const context = contextOf(sharedShop());
  const sick = await answered(context, compareWindows, {
    about: "catalog",
    before: ONSET,
    minutes: 1,
  });
  const [whole] = sick.data.rows;
  expect(whole?.what).toBe("catalog");
  expect(whole?.before.ownMs).toBeCloseTo(20, 0);
  expect(whole?.after.ownMs).toBeCloseTo(200, 0);
  expect(sick.data.rows.map((row) => row.what)).toEqual(
    expect.arrayContaining(["version 1.1.0", "version 1.0.0", "catalog->shop"]),
  );
  expect(quantityOf(sick.evidence[0], "ownFactor")).toBeCloseTo(10, 0);
  const waiting = await answered(context, compareWindows, {
    about: "gateway",
    before: ONSET,
    minutes: 1,
  });
  expect(quantityOf(waiting.evidence[0], "ownFactor")).toBeCloseTo(1, 0);
  expect(quantityOf(waiting.evidence[0], "factor")).toBeGreaterThan(2);
});

test("compares a link, a store and an entry operation", async () => {
  const context = contextOf(sharedShop());
  const link = await answered(context, compareWindows, {
    about: "gateway->catalog",
    before: ONSET,
    minutes: 1,
  });
  const [whole, ...callers] = link.data.rows.map((row) => row.what);
  expect(whole).toBe("gateway->catalog");
  expect(callers.sort()).toEqual([
    "calls from instance:gateway-0",
    "calls from instance:gateway-1",
  ]);
  const store = await answered(context, compareWindows, {
    about: "shop",
    before: ONSET,
    minutes: 1,
  });
  expect(store.data.rows.map((row) => row.what).sort()).toEqual([
    "catalog->shop",
    "checkout->shop",
  ]);
  const entry = await answered(context, compareWindows, {
    about: "POST /checkout",
    before: ONSET,
    minutes: 1,
  });
  expect(entry.data.rows).toHaveLength(1);
  expect(entry.data.rows[0]?.after.errorRatio).toBeCloseTo(0.2, 2);
  expect(entry.evidence[0]?.text).toContain("errors of gateway POST /checkout went from");
});

test("takes no start of the trouble for normal when only the onset of its symptom is known", async () => {
  // The symptom is seen one bucket after the cause has begun at 02:03:00.
  const { data } = await answered(contextOf(sharedShop()), compareWindows, {
    about: "catalog",
    before: "02:03:05",
    minutes: 1,
  });
  expect(data.before.to).toBe("2026-11-24T02:03:00Z");
  expect(data.after.from).toBe("2026-11-24T02:03:05Z");
  expect(data.rows[0]?.before.p95Ms).toBeLessThan(40);
});

/** Slow in the first minute, well in the second, slow again in the third. */
const fallsIllTwice = () =>
  buildWorld({
    seconds: 180,
    rate: 5,
    visit: (_request, atS) => ({
      service: "cart",
      operation: "GET /cart",
      selfMs: atS < 60 || atS >= 120 ? 900 : 20,
    }),
    slos: [{ ...CHECKOUT, service: "cart", operation: "GET /cart" }],
  });

test("counts no earlier trouble as before, given since when all was well", async () => {
  const context = contextOf(fallsIllTwice());
  const ranked = await answered(context, rankCauses, { about: "cart" });
  const { onset, healthyFrom } = ranked.data.symptom;
  expect(Date.parse(healthyFrom)).toBeGreaterThanOrEqual(at(60));
  const asked = { about: "cart", before: onset, minutes: 3 };
  const { data } = await answered(context, compareWindows, { ...asked, healthyFrom });
  expect(data.rows[0]?.before.p95Ms).toBeLessThan(60);
  expect(data.rows[0]?.after.p95Ms).toBeGreaterThan(800);
  const whole = await answered(context, compareWindows, asked);
  expect(whole.data.rows[0]?.before.p95Ms).toBeGreaterThan(800);
  const late = await answered(context, compareWindows, { ...asked, healthyFrom: onset });
  expect(late.data.rows[0]?.before.p95Ms).toBeLessThan(60);
});

test("says first of a link that its calls multiplied", async () => {
  const query = { to: { database: "shop", what: "SELECT 1", ms: 1 } };
  const world = buildWorld({
    seconds: 120,
    rate: 5,
    visit: (_request, atS) => ({
      service: "cart",
      operation: "GET /cart",
      selfMs: 20,
      calls: Array.from({ length: atS < 60 ? 1 : 10 }, () => query),
    }),
  });
  const { evidence } = await answered(contextOf(world), compareWindows, {
    about: "cart",
    before: "02:01:00",
    minutes: 0.5,
  });
  const link = evidence.find(({ about }) => about === "cart->shop");
  expect(link?.text).toMatch(/^cart->shop went from \{\{beforeRequestRate\}\} to /);
  expect(quantityOf(link, "rateFactor")).toBeGreaterThan(6);
});

test("gives the bucket in which the trouble began to neither window", async () => {
  const { data } = await answered(contextOf(sharedShop()), compareWindows, {
    about: "catalog",
    before: "02:03:02",
    minutes: 2,
  });
  expect(data.before.to).toBe("2026-11-24T02:03:00Z");
  expect(data.after.from).toBe("2026-11-24T02:03:05Z");
  expect(data.rows[0]?.before.p95Ms).toBeLessThan(40);
});

test("splits what little there is when no onset is given", async () => {
  const context = contextOf(sharedShop());
  const { data } = await answered(context, compareWindows, { about: "catalog", minutes: 30 });
  const halfMs = Date.parse(data.after.to) - Date.parse(data.after.from);
  expect(Date.parse(data.before.to) - Date.parse(data.before.from)).toBe(halfMs);
  expect(Date.parse(data.before.from) - context.view.retainedFromMs).toBeLessThan(10_000);
  expect(data.before.to).toBe(data.after.from);
  expect(data.after.to).toBe("2026-11-24T02:04:05Z");
});

test("shows the replicas and links that moved most, and says how many there are", async () => {
  const world = buildWorld({
    seconds: 120,
    rate: 24,
    visit: (request, atS) => ({
      service: "api",
      operation: "GET /",
      instance: `api-${request % 12}`,
      selfMs: request % 12 === 7 && atS >= 60 ? 90 : 5,
      calls: Array.from({ length: 6 }, (_, index) => ({
        to: { database: `db-${index}`, ms: index === 3 && atS >= 60 ? 50 : 2 },
      })),
    }),
  });
  const { data, notes } = await answered(contextOf(world, { nowMs: at(130) }), compareWindows, {
    about: "api",
    before: "02:01:00",
    minutes: 1,
  });
  const rows = data.rows.map((row) => row.what);
  expect(rows[1]).toBe("instance:api-7");
  expect(rows).toContain("api->db-3");
  expect(notes).toContain("3 of 12 instances shown, those that moved most");
  expect(notes).toContain("4 of 6 links shown, those that moved most");
});

test("says of traffic that it came or went, without a factor of nothing", async () => {
  const world = buildWorld({
    seconds: 120,
    rate: 4,
    visit: (request, atS) =>
      atS < 60
        ? { service: "old", operation: "GET /", selfMs: 2 }
        : { ...shopVisit(request, 0), service: "new" },
  });
  const context = contextOf(world, { nowMs: at(130) });
  const ask = { before: "02:01:00", minutes: 1 };
  const gone = await answered(context, compareWindows, { about: "old", ...ask });
  expect(gone.evidence[0]?.text).toBe("old went from {{beforeRequestRate}} to no requests");
  const fresh = await answered(context, compareWindows, { about: "new", ...ask });
  expect(fresh.evidence[0]?.text).toContain("was not seen before");
  expect(fresh.evidence[0]?.values.factor).toBeUndefined();
});

test("refuses windows that are not kept, do not exist or hold nothing", async () => {
  const context = contextOf(sharedShop());
  const code = async (input: object): Promise<string> =>
    (await refused(context, compareWindows, { about: "catalog", ...input })).code;
  expect(await code({ before: "01:00:00" })).toBe("time_not_retained");
  expect(await code({ before: "02:04:10" })).toBe("window_empty");
  expect(await code({ before: "soon" })).toBe("time_unreadable");
  expect(await code({ healthyFrom: "long ago" })).toBe("time_unreadable");
  expect(await code({ about: "a->b" })).toBe("link_unknown");
  expect(await code({ about: "recommendations" })).toBe("nothing_seen");
});
