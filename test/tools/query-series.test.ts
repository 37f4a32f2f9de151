import { expect, test } from "vitest";
import { querySeries } from "../../tools/query-series.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import { at, buildWorld, contextOf, gaugeSignal, sharedShop, shopVisit } from "./tool-world.ts";

const POOL = { entity: "catalog", metric: "db.client.connection.count" };

test("shows one metric through time with its extremes", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), querySeries, {
    ...POOL,
    minutes: 2,
  });
  const [series] = data.series;
  expect(series).toMatchObject({ of: "instance:catalog-0", min: 3, max: 9, last: 9 });
  expect(series?.attributes).toEqual({ pool: "main" });
  expect(series?.points.length).toBeLessThanOrEqual(24);
  expect(series?.points[0]).toBe(3);
  expect(series?.points.filter((one) => one !== null).at(-1)).toBe(9);
  expect(quantityOf(evidence[0], "last")).toBe(9);
  // It rose when the fault began, at the first look after that.
  expect(quantityOf(evidence[0], "maxAt")).toBeGreaterThanOrEqual(at(180));
  expect(quantityOf(evidence[0], "maxAt")).toBeLessThanOrEqual(at(185));
  expect(evidence[0]?.text).toContain("(pool=main)");
  expect(data.stepSeconds * (series?.points.length ?? 0)).toBeCloseTo(120, 0);
});

test("knows at a past instant only what was seen by then", async () => {
  const { data } = await answered(contextOf(sharedShop()), querySeries, {
    ...POOL,
    at: "02:02:50",
  });
  expect(data.series[0]).toMatchObject({ max: 3, last: 3 });
});

test("leaves gaps where nothing was seen, and cites nothing of a series without a value", async () => {
  const world = buildWorld({
    seconds: 120,
    rate: 2,
    visit: shopVisit,
    signals: [
      gaugeSignal(10, "catalog", { name: "heap", value: 5, unit: "By" }),
      gaugeSignal(40, "catalog", { name: "heap", value: 7, unit: "By" }),
    ],
  });
  const context = contextOf(world, { nowMs: at(130) });
  const heap = { entity: "catalog", metric: "heap" };
  const { data, evidence } = await answered(context, querySeries, heap);
  expect(data.series[0]?.points.filter((one) => one !== null)).toEqual([5, 7]);
  expect(evidence[0]?.values.last).toEqual({ value: 7, unit: "bytes" });
  const since = await answered(context, querySeries, { ...heap, minutes: 1 });
  expect(since.data.series[0]).toMatchObject({ last: null, min: null, max: null });
  expect(since.evidence).toEqual([]);
});

test("refuses a metric that is not there with those that are most alike", async () => {
  const context = contextOf(sharedShop());
  const refusal = await refused(context, querySeries, { ...POOL, metric: "connection count" });
  expect(refusal).toMatchObject({
    code: "metric_unknown",
    didYouMean: ["db.client.connection.count"],
  });
  const none = await refused(context, querySeries, { entity: "payment", metric: "cpu" });
  expect(none.code).toBe("no_metrics");
});
