// What is older than an hour is told in minutes, what is older than a day in quarters of an hour: the same sums.
import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import type { Step, Window } from "../../src/model/quantity.ts";
import type { WorldView } from "../../src/model/view.ts";
import { createWorld, type World, type WorldOptions } from "../../src/model/world.ts";
import { EarlierLife, restarted } from "../support/earlier-life.ts";
import { batch, traceIdOf, traceSpans } from "../support/spans.ts";
import { at, sumOf, total } from "./reading.ts";

const MINUTE = 60;
const HOUR = 3_600;
const EVERY = 15;
const CART = entityId("service", "cart");
const OWN_MS = 10;
const cartMsOf = (tick: number): number => OWN_MS + (tick % 20);

/** One request through two services and a point, every 15 seconds. Every tenth fails. */
function play(world: World, fromS: number, toS: number): World {
  for (let second = fromS; second < toS; second += EVERY) {
    const tick = second / EVERY;
    const trace = traceSpans(
      {
        service: "gateway",
        instance: "gateway-0",
        operation: "GET /",
        selfMs: 5,
        calls: [
          {
            to: {
              service: "cart",
              instance: `cart-${tick % 2}`,
              operation: "GET /cart",
              selfMs: cartMsOf(tick),
              error: tick % 10 === 3,
            },
          },
        ],
      },
      { traceId: traceIdOf(tick), startMs: at(second) },
    );
    for (const signal of batch([trace], at(second + 1))) world.apply(signal);
    world.apply(pointSignal(second, tick % 8));
    for (let step = 0; step < EVERY; step += 5) world.advance(at(second + step + 2));
  }
  return world;
}

const pointSignal = (second: number, value: number) =>
  ({
    type: "metrics",
    source: "test",
    receivedMs: at(second + 1),
    resource: { "service.name": "cart" },
    points: [
      {
        name: "queue",
        unit: "1",
        kind: "gauge",
        temporality: "unspecified",
        monotonic: false,
        startMs: 0,
        timeMs: at(second),
        attributes: {},
        value,
        count: 0,
      },
    ],
  }) as const;

const grown = (toS: number, options: WorldOptions = {}): World =>
  play(createWorld(options), 0, toS);
const THREE_HOURS = grown(3 * HOUR);
const lastView = (world: World): WorldView => world.at(world.stats().closedMs);
const within = (fromS: number, toS: number, stepMs: Step): Window => ({
  fromMs: at(fromS),
  toMs: at(toS),
  stepMs,
});
const cartCalls = (view: WorldView, window: Window): number =>
  sumOf(view.stations(window, { service: CART }), (one) => one.count);

/** Everything that is summed over a window. */
function sums(view: WorldView, window: Window): Record<string, number> {
  const [stations, edges, entries] = [
    view.stations(window),
    view.edges(window),
    view.entries(window),
  ];
  return {
    requests: sumOf(stations, (one) => one.count),
    errors: sumOf(stations, (one) => one.errors),
    originErrors: sumOf(stations, (one) => one.originErrors),
    selfMs: Math.round(sumOf(stations, (one) => one.selfMsSum)),
    calls: sumOf(edges, (one) => one.count),
    callsMs: Math.round(sumOf(edges, (one) => one.durationMsSum)),
    entries: sumOf(entries, (one) => one.count),
    spans: view.coverage(window).spans,
  };
}

test("an hour tells the same sums in each of its steps", () => {
  const view = lastView(THREE_HOURS);
  const [minutes, quarters] = [60_000, 900_000] as const;
  const hour = (stepMs: Step): Window => within(2 * HOUR, 3 * HOUR - 15 * MINUTE, stepMs);
  const fine = sums(view, hour(5_000));
  expect(fine).toMatchObject({ requests: 2 * 180, errors: 2 * 18, calls: 180, entries: 180 });
  expect(sums(view, hour(minutes))).toEqual(fine);
  expect(sums(view, hour(quarters))).toEqual(fine);
});

test("what is older than an hour is known in minutes, and neighbouring windows add up to the whole", () => {
  const view = lastView(THREE_HOURS);
  expect(cartCalls(view, within(30 * MINUTE, 90 * MINUTE, 5_000))).toBe(0);
  const [row] = view.entries(within(30 * MINUTE, 90 * MINUTE, 60_000));
  expect(row).toMatchObject({ fromMs: at(30 * MINUTE), stepMs: 60_000, length: 60 });
  expect(new Set(row?.count)).toEqual(new Set([MINUTE / EVERY]));
  const parts = [30, 47, 61, 90].map((minute) => minute * MINUTE);
  const counts = parts
    .slice(1)
    .map((toS, part) => cartCalls(view, within(parts[part] ?? 0, toS, 60_000)));
  expect(counts).toEqual([17, 14, 29].map((minutes) => minutes * 4));
});

test("instances are one in coarse steps, and quantiles stay near", () => {
  const view = lastView(THREE_HOURS);
  const exact = cartMsOf(19);
  for (const stepMs of [60_000, 900_000] as const) {
    const rows = view.stations(within(HOUR, 2 * HOUR, stepMs), { service: CART });
    expect(rows.map((one) => one.instance)).toEqual([undefined]);
    const [row] = rows;
    expect(Math.abs((row?.duration.quantile(0.99) ?? 0) / exact - 1)).toBeLessThan(0.08);
    expect(row?.duration.count).toBeCloseTo(240, 3);
  }
});

test("a series has the mean and the greatest of each step", () => {
  const view = lastView(THREE_HOURS);
  const [series] = view.series({
    entity: CART,
    metric: "queue",
    window: within(HOUR, HOUR + 4 * MINUTE, 60_000),
  });
  expect(Array.from(series?.values ?? [])).toEqual([1.5, 5.5, 1.5, 5.5]);
  expect(Array.from(series?.maxima ?? [])).toEqual([3, 7, 3, 7]);
  expect(series?.timesMs[1]).toBe(at(HOUR + MINUTE));
});

test("examples of requests are kept with the minutes, each once", () => {
  const view = lastView(THREE_HOURS);
  const query = { window: within(HOUR, HOUR + 10 * MINUTE, 60_000), limit: 100 } as const;
  const slow = view.traces({ ...query, reservoir: "slow" });
  expect(slow).toHaveLength(10);
  const [first] = slow;
  expect(first?.spans.length).toBe(3);
  expect(view.trace(first?.traceId ?? "")).toEqual(first);
  const failed = view.traces({ ...query, reservoir: "error" });
  expect(failed.length).toBeGreaterThan(3);
  expect(failed.every((one) => one.error)).toBe(true);
});

test("a view of two hours ago knows the minutes before it and nothing after", () => {
  const view = THREE_HOURS.at(at(HOUR), at(HOUR + 10 * MINUTE));
  expect(cartCalls(view, within(50 * MINUTE, 3 * HOUR, 60_000))).toBe(10 * 4);
  const [fine, minutes] = view.history;
  expect(fine).toEqual({ stepMs: 5_000, fromMs: view.closedMs });
  expect(minutes).toEqual({ stepMs: 60_000, fromMs: at(MINUTE) });
  expect(view.entity(CART)?.lastSeenMs).toBe(at(HOUR));
  expect(view.coverage(within(50 * MINUTE, HOUR, 60_000)).lastSignalMs).toBeGreaterThan(
    at(HOUR - MINUTE),
  );
});

test("by what was known then, a minute that had not closed is not there", () => {
  const known = THREE_HOURS.at(at(HOUR + 30), at(HOUR + 30));
  expect(cartCalls(known, within(50 * MINUTE, 3 * HOUR, 60_000))).toBe(10 * 4);
});

test("coarse steps survive a kill, and what was not yet summed up is summed up after it", () => {
  const world = grown(2 * HOUR);
  const again = restarted(world);
  const window = within(0, 2 * HOUR, 60_000);
  expect(sums(lastView(again), window)).toEqual(sums(lastView(world), window));
  expect(lastView(again).history).toEqual(lastView(world).history);
  const life = new EarlierLife();
  life.save(world, true);
  // A minute's record is lost with its process, those of its buckets are not: it is made anew.
  const cut = new EarlierLife();
  cut.save(world, true);
  cut.forgetLast("minutes");
  const mended = play(cut.restore(), 2 * HOUR, 2 * HOUR + 10 * MINUTE);
  const whole = play(life.restore(), 2 * HOUR, 2 * HOUR + 10 * MINUTE);
  const both = within(HOUR, 2 * HOUR + 9 * MINUTE, 60_000);
  expect(sums(lastView(mended), both)).toEqual(sums(lastView(whole), both));
});

test("minutes of a time in which we were not there say so, and count nothing twice", () => {
  const again = play(restarted(grown(HOUR)), 2 * HOUR, 3 * HOUR);
  const view = lastView(again);
  const day = within(0, 3 * HOUR, 60_000);
  const gaps = view.unwatched(day);
  expect(gaps.some(({ fromMs, toMs }) => fromMs <= at(HOUR) && toMs >= at(2 * HOUR))).toBe(true);
  const counted = cartCalls(view, within(MINUTE, HOUR - MINUTE, 60_000));
  expect(counted).toBe(58 * 4);
  expect(cartCalls(view, within(2 * HOUR + MINUTE, 3 * HOUR - MINUTE, 60_000))).toBe(58 * 4);
});

test("what is held stays within the budget, and says what was given up", () => {
  const bytesOf = (world: World): number =>
    total(Float64Array.from(Object.values(world.stats().bytes)));
  const free = grown(70 * MINUTE);
  const budget = 0.6 * bytesOf(free);
  const bounded = grown(70 * MINUTE, { memoryBytesMax: budget });
  expect(bytesOf(bounded)).toBeLessThanOrEqual(budget);
  expect(bounded.stats().exemplarsGivenUp).toBeGreaterThan(0);
  expect(bounded.stats().framesGivenUp).toBeGreaterThan(0);
  const view = lastView(bounded);
  expect(view.retainedFromMs).toBeGreaterThan(lastView(free).retainedFromMs);
  // Minutes are small: they still know what the buckets gave up.
  expect(cartCalls(view, within(15 * MINUTE, 70 * MINUTE - MINUTE, 60_000))).toBe(54 * 4);
});
