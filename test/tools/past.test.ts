// Questions about more than an hour: answered in coarser steps, which are named.
import { expect, test } from "vitest";
import { compareWindows } from "../../tools/compare-windows.ts";
import { getEntity } from "../../tools/get-entity.ts";
import { getTopology } from "../../tools/get-topology.ts";
import { querySeries } from "../../tools/query-series.ts";
import { rankCauses } from "../../tools/rank-causes.ts";
import { searchLogs } from "../../tools/search-logs.ts";
import { searchTraces } from "../../tools/search-traces.ts";
import { answered, quantityOf, refused } from "./lawful.ts";
import {
  at,
  buildWorld,
  contextOf,
  gaugeSignal,
  logSignal,
  type TestContext,
} from "./tool-world.ts";

const HOUR = 3_600;
const END = 3 * HOUR;
const SPIKE_S = HOUR + 125;
const FAILED_S = HOUR / 2;
const RATE = 0.2;

/** Three hours of one request every five seconds; cart fails for ten minutes in the first hour. */
const WORLD = buildWorld({
  seconds: END,
  rate: RATE,
  visit: (request, atS) => ({
    service: "gateway",
    instance: "gateway-0",
    operation: "GET /cart",
    selfMs: 5,
    calls: [
      {
        to: {
          service: "cart",
          instance: `cart-${request % 2}`,
          host: "node-1",
          operation: "GET /items",
          version: "1.0.0",
          selfMs: 20,
          error: atS >= FAILED_S && atS < FAILED_S + 600,
        },
      },
    ],
  }),
  signals: [
    ...Array.from({ length: END / 30 }, (_, index) =>
      gaugeSignal(index * 30 + 5, "cart", {
        name: "queue",
        unit: "1",
        value: index * 30 + 5 === SPIKE_S ? 90 : 10,
      }),
    ),
    ...[10, 20, 30].map((seconds) =>
      logSignal(FAILED_S + seconds, "cart", { severity: 17, body: "cart is out of memory" }),
    ),
  ],
});
const context = (): TestContext => contextOf(WORLD, { nowMs: at(END + 5) });
const TWO_HOURS_AGO = "03:00:00";

test("a metric over hours is told in minutes, and its spike is not averaged away", async () => {
  const { data, evidence, notes } = await answered(context(), querySeries, {
    entity: "cart",
    metric: "queue",
    minutes: 150,
  });
  expect(data.window).toEqual({
    from: expect.stringContaining("02:30"),
    to: expect.stringContaining("05:00"),
    step: "1 min",
  });
  expect(data.series[0]).toMatchObject({ min: 10, max: 90, last: 10 });
  expect(quantityOf(evidence[0], "maxAt")).toBe(at(SPIKE_S - 5));
  expect(notes.join()).toContain("told in steps of 1 min");
});

test("an hour and less is told as ever, in steps that go without saying", async () => {
  const { data, notes } = await answered(context(), querySeries, {
    entity: "cart",
    metric: "queue",
    minutes: 60,
  });
  expect(data.window).not.toHaveProperty("step");
  expect(notes).toEqual([]);
});

test("two hours ago an entity served what it served then, and says in which steps that is known", async () => {
  const { data, notes } = await answered(context(), getEntity, {
    entity: "cart",
    at: TWO_HOURS_AGO,
  });
  expect(data.health).toMatchObject({ requestsPerSecond: RATE, errorRatio: 0 });
  expect(data.versionsServing).toEqual(["1.0.0"]);
  expect(data.window.step).toBe("1 min");
  expect(notes.join()).toContain("instances are not told apart");
  const failing = await answered(context(), getEntity, { entity: "cart", at: "02:35:00" });
  expect(failing.data.health.errorRatio).toBe(1);
});

test("the map of two hours ago has its links", async () => {
  const { data } = await answered(context(), getTopology, { at: TWO_HOURS_AGO });
  expect(data.links).toMatchObject([{ from: "gateway", to: "cart", requestsPerSecond: RATE }]);
});

test("failed requests of hours ago are still shown", async () => {
  const { data } = await answered(context(), searchTraces, {
    kind: "error",
    operation: "GET /cart",
    minutes: 170,
    limit: 5,
  });
  expect(data.traces).toHaveLength(5);
  expect(data.traces.every((one) => one.error)).toBe(true);
  expect(data.window.step).toBe("1 min");
});

test("logs of a longer time are counted once, new where they first came in it", async () => {
  const { data } = await answered(context(), searchLogs, { service: "cart", minutes: 170 });
  expect(data.templates).toMatchObject([{ count: 3, before: 0, isNew: true }]);
  const later = await answered(context(), searchLogs, { service: "cart", minutes: 85 });
  expect(later.data.templates).toEqual([]);
});

test("an hour against the hour before needs minutes, and errs by none of them", async () => {
  const { data, notes } = await answered(context(), compareWindows, {
    about: "cart",
    minutes: 60,
    at: "04:10:00",
  });
  expect(data.before).toMatchObject({ step: "1 min", from: expect.stringContaining("02:10") });
  expect(data.after).toMatchObject({ step: "1 min", to: expect.stringContaining("04:10") });
  const [whole] = data.rows;
  expect(whole?.before).toMatchObject({ requestsPerSecond: RATE });
  expect(whole?.before.errorRatio).toBeCloseTo(1 / 6, 2);
  expect(whole?.after).toMatchObject({ requestsPerSecond: RATE, errorRatio: 0 });
  expect(notes.join()).toContain("told in steps of 1 min");
});

test("causes need the fine steps: of a time that has none they are refused", async () => {
  expect(await refused(context(), rankCauses, { at: TWO_HOURS_AGO })).toMatchObject({
    code: "time_not_retained",
  });
});
