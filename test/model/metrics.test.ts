import { expect, test } from "vitest";
import type { EntityId } from "../../src/model/entity.ts";
import { entityId } from "../../src/model/entity.ts";
import { MetricStore, SERIES_MAX, SERIES_PER_ENTITY_MAX } from "../../src/model/metric-store.ts";
import type { MetricPoint, Signal } from "../../src/model/signal.ts";
import { at, worldOf } from "./reading.ts";

const CART = entityId("service.instance", "cart-0");
const SERVICE = entityId("service", "cart");

function point(atS: number, over: Partial<MetricPoint>): MetricPoint {
  return {
    name: "m",
    unit: "1",
    kind: "gauge",
    temporality: "unspecified",
    monotonic: false,
    startMs: 0,
    timeMs: at(atS),
    attributes: {},
    value: 0,
    count: 0,
    ...over,
  };
}

const signal = (points: readonly MetricPoint[], receivedS: number): Signal => ({
  type: "metrics",
  source: "test",
  receivedMs: at(receivedS),
  resource: { "service.name": "cart", "service.instance.id": "cart-0" },
  points,
});

/** Points received a second after their time. */
const sent = (points: readonly MetricPoint[]): Signal[] =>
  points.map((one) => signal([one], (one.timeMs - at(0)) / 1000 + 1));

/** The values of a metric by bucket, from second 0 on; null where nothing was seen. */
function values(signals: readonly Signal[], metric = "m", entity: EntityId = CART) {
  const view = worldOf(signals, at(60)).at(at(60));
  const window = { fromMs: at(0), toMs: at(40) };
  const [series] = view.series({ entity, metric, window });
  const retained = (view.retainedFromMs - at(0)) / 5_000;
  const seen = Array.from(series?.values ?? [], (value) => (Number.isNaN(value) ? null : value));
  return [...Array.from({ length: Math.max(0, retained) }, () => null), ...seen];
}

/** A signal in the first bucket, so that the second one is whole. */
const first = signal([point(1, { name: "start" })], 1);

const sum = (atS: number, value: number, over: Partial<MetricPoint> = {}): MetricPoint =>
  point(atS, { kind: "sum", monotonic: true, temporality: "cumulative", value, ...over });

test("the last value of a bucket is the bucket's", () => {
  const points = [6, 8, 12].map((atS) => point(atS, { value: atS }));
  expect(values([first, ...sent(points)]).slice(1, 4)).toEqual([8, 12, null]);
});

test("points that overtake one another on the way are put in order", () => {
  const points = [6, 8, 12].map((atS) => point(atS, { value: atS }));
  const [a, b, c] = points.map((one) => signal([one], 12.2));
  expect(values([first, c, a, b] as Signal[]).slice(1, 4)).toEqual([8, 12, null]);
  const totals = [sum(6, 100), sum(8, 120), sum(11, 150)].map((one) => signal([one], 12));
  expect(values([first, ...totals.reverse()]).slice(1, 4)).toEqual([10, 10, null]);
});

test("a running total is a rate, also over its resets", () => {
  const points = [
    sum(6, 1_000, { startMs: at(-50) }),
    sum(11, 1_050, { startMs: at(-50) }),
    sum(16, 20, { startMs: at(12) }),
    sum(21, 45, { startMs: at(12) }),
  ];
  expect(values([first, ...sent(points)]).slice(1, 5)).toEqual([null, 10, 5, 5]);
  const unsaid = [sum(6, 1_000), sum(11, 1_050), sum(16, 20)];
  expect(values([first, ...sent(unsaid)]).slice(1, 4)).toEqual([null, 10, 4]);
});

test("a sum of deltas is a rate over its own span, and over the time since the last where that is not said", () => {
  const delta = (atS: number, startS: number): MetricPoint =>
    sum(atS, 50, { temporality: "delta", startMs: startS === 0 ? 0 : at(startS) });
  expect(values([first, ...sent([delta(6, 1), delta(16, 6)])]).slice(1, 4)).toEqual([10, null, 5]);
  expect(values([first, ...sent([delta(6, 0), delta(16, 0)])]).slice(1, 4)).toEqual([
    null,
    null,
    5,
  ]);
});

test("what goes up and down is a level, told whole or by its changes", () => {
  const level = (temporality: MetricPoint["temporality"], steps: readonly number[]) =>
    values([
      first,
      ...sent(
        steps.map((value, index) => point(6 + index * 5, { kind: "sum", temporality, value })),
      ),
    ]).slice(1, 4);
  expect(level("cumulative", [3, 5, 4])).toEqual([3, 5, 4]);
  expect(level("delta", [3, 2, -1])).toEqual([3, 5, 4]);
});

const histogram = (atS: number, counts: readonly number[], total: number): MetricPoint =>
  point(atS, {
    kind: "histogram",
    temporality: "cumulative",
    startMs: at(-60),
    bounds: [10, 100, 1_000],
    bucketCounts: counts,
    count: counts.reduce((a, b) => a + b, 0),
    value: total,
  });

test("a histogram gives mean, quantiles and rate of what was added", () => {
  const signals = [
    first,
    ...sent([histogram(6, [100, 0, 0, 0], 500), histogram(11, [100, 50, 50, 0], 500 + 28_000)]),
  ];
  expect(values(signals)[2]).toBe(280);
  expect(values(signals, "m.rate")[2]).toBe(20);
  expect(values(signals, "m.p50")[2]).toBe(100);
  expect(values(signals, "m.p95")[2]).toBe(910);
  expect(values(signals)[1]).toBeNull();
});

test("beyond its last bound a histogram knows no more than the bound", () => {
  const signals = [
    first,
    ...sent([histogram(6, [0, 0, 0, 0], 0), histogram(11, [0, 0, 0, 9], 90_000)]),
  ];
  expect(values(signals, "m.p99")[2]).toBe(1_000);
});

test("a histogram without bounds has a mean and no quantiles; with new bounds it has none either", () => {
  const bare = (atS: number, count: number): MetricPoint => ({
    ...histogram(atS, [count], count * 7),
    bounds: [],
  });
  const signals = [first, ...sent([bare(6, 10), bare(11, 20)])];
  expect(values(signals)[2]).toBe(7);
  expect(values(signals, "m.p50")).toEqual([null]);
  const changed = { ...histogram(11, [200, 0, 0, 0], 900), bounds: [1, 2, 3] };
  expect(values([first, ...sent([histogram(6, [100, 0, 0, 0], 500), changed])])[2]).toBe(4);
});

const exponential = (atS: number, over: Partial<MetricPoint>): MetricPoint =>
  point(atS, {
    kind: "exponential_histogram",
    temporality: "cumulative",
    startMs: at(-60),
    scale: 0,
    zeroCount: 0,
    positive: { offset: 0, counts: [] },
    ...over,
  });

test("an exponential histogram that grew coarser is compared with what it was before", () => {
  // Scale 1: bounds are powers of √2. Scale 0: powers of 2; two fine buckets make one coarse.
  const fine = exponential(6, {
    scale: 1,
    positive: { offset: 4, counts: [10, 20, 30, 40] },
    count: 100,
    value: 700,
  });
  const coarse = exponential(11, {
    scale: 0,
    positive: { offset: 2, counts: [30, 70, 100] },
    count: 200,
    value: 3_100,
  });
  const signals = [first, ...sent([fine, coarse])];
  expect(values(signals, "m.rate")[2]).toBe(20);
  expect(values(signals)[2]).toBe(24);
  // Only the hundred in [16, 32) are new.
  expect(values(signals, "m.p50")[2]).toBeCloseTo(24, 6);
  expect(values(signals, "m.p99")[2]).toBeCloseTo(31.84, 6);
});

test("an exponential histogram knows zeros and what is below them", () => {
  const delta = exponential(6, {
    temporality: "delta",
    startMs: at(5),
    zeroCount: 2,
    positive: { offset: 1, counts: [1] },
    negative: { offset: 1, counts: [3] },
    count: 6,
    value: -6,
  });
  const signals = [first, ...sent([delta])];
  expect(values(signals)[1]).toBe(-1);
  expect(values(signals, "m.p50")[1]).toBeCloseTo(-2, 6);
  expect(values(signals, "m.p99")[1]).toBeCloseTo(3.88, 6);
});

test("a summary gives its own quantiles and the mean of what was added", () => {
  const summary = (atS: number, count: number, value: number): MetricPoint =>
    point(atS, {
      kind: "summary",
      count,
      value,
      quantiles: [
        { quantile: 0.5, value: 12 },
        { quantile: 0.999, value: Number.NaN },
      ],
    });
  const signals = [first, ...sent([summary(6, 10, 100), summary(11, 30, 500)])];
  expect(values(signals)[2]).toBe(20);
  expect(values(signals, "m.p50").slice(1, 3)).toEqual([12, 12]);
  expect(values(signals, "m.p99_9")).toEqual([null]);
});

test("points of one metric with other attributes are other series, and a service has its instances' metrics", () => {
  const pool = (name: string, value: number) => point(6, { attributes: { pool: name }, value });
  const view = worldOf([first, signal([pool("main", 3), pool("jobs", 5)], 7)], at(60)).at(at(60));
  const window = { fromMs: at(5), toMs: at(10) };
  const read = (attributes?: Readonly<Record<string, string>>) =>
    view
      .series({
        entity: SERVICE,
        metric: "m",
        window,
        ...(attributes === undefined ? {} : { attributes }),
      })
      .map((series) => [series.attributes.pool, series.values[0]]);
  expect(read()).toEqual([
    ["main", 3],
    ["jobs", 5],
  ]);
  expect(read({ pool: "jobs" })).toEqual([["jobs", 5]]);
  expect(view.metrics(SERVICE).map((info) => info.metric)).toEqual(["m", "start"]);
});

test("a point whose bucket is closed changes nothing but what the next one is compared with", () => {
  const signals = [
    first,
    ...sent([sum(6, 100)]),
    signal([sum(11, 200)], 40),
    signal([sum(36, 300)], 41),
  ];
  const world = worldOf(signals, at(60));
  const [series] = world
    .at(at(60))
    .series({ entity: CART, metric: "m", window: { fromMs: at(5), toMs: at(40) } });
  expect(
    Array.from(series?.values ?? []).map((value) => (Number.isNaN(value) ? null : value)),
  ).toEqual([null, null, null, null, null, null, 4]);
  expect(world.stats().pointsLate).toBe(1);
});

test("series that have long been silent make room for new ones", () => {
  const store = new MetricStore(10);
  const add = (entity: number, bucket: number): void => {
    for (let index = 0; index < SERIES_PER_ENTITY_MAX; index += 1) {
      const one = point(bucket * 5, { name: `m${index}`, value: 1 });
      const stream = store.stream(entity, one, bucket);
      if (stream !== undefined) store.close(bucket, [{ stream, point: one }]);
    }
  };
  const entities = Math.ceil(SERIES_MAX / SERIES_PER_ENTITY_MAX);
  for (let entity = 0; entity < entities; entity += 1) add(entity, 1);
  expect(store.size).toBe(SERIES_MAX);
  add(1_000, 2);
  expect([store.size, store.of(1_000).length]).toEqual([SERIES_MAX, 0]);
  add(1_001, 40);
  expect(store.of(1_001)).toHaveLength(SERIES_PER_ENTITY_MAX);
  expect(store.of(0)).toEqual([]);
  expect(store.refused).toBe(entities * SERIES_PER_ENTITY_MAX - SERIES_MAX + SERIES_PER_ENTITY_MAX);
});
