import type { MetricPoint } from "./signal.ts";

export type SeriesKind = "gauge" | "rate" | "distribution";

/** A value that a point yields for one series of its metric. `suffix` names the series: "", ".p95", ".rate". */
export interface Reading {
  readonly suffix: string;
  readonly kind: SeriesKind;
  readonly unit: string;
  readonly value: number;
}

/** What is remembered of the point before, to make rates of running totals. */
export interface PreviousPoint {
  readonly startMs: number;
  readonly timeMs: number;
  readonly value: number;
  readonly count: number;
  readonly bucketCounts: readonly number[];
  /** Exponential histograms: index of the first of `bucketCounts`, and their scale. */
  readonly offset: number;
  readonly scale: number;
  readonly zeroCount: number;
}

const QUANTILES = [0.5, 0.95, 0.99] as const;

const quantileSuffix = (quantile: number): string =>
  `.p${String(Math.round(quantile * 10_000) / 100).replace(".", "_")}`;

/** One point as the store remembers it. */
export function remember(point: MetricPoint): PreviousPoint {
  const exponential = point.positive;
  return {
    startMs: point.startMs,
    timeMs: point.timeMs,
    value: point.value,
    count: point.count,
    bucketCounts: exponential?.counts ?? point.bucketCounts ?? [],
    offset: exponential?.offset ?? 0,
    scale: point.scale ?? 0,
    zeroCount: point.zeroCount ?? 0,
  };
}

/** A running total began again: its start moved, or it fell. */
function isReset(point: MetricPoint, before: PreviousPoint): boolean {
  const moved = point.startMs > 0 && before.startMs > 0 && point.startMs > before.startMs;
  if (moved || point.count < before.count) return true;
  return point.kind === "sum" && point.value < before.value;
}

/** Since when a point counts, in milliseconds; 0 when that is not known. */
function spanMs(point: MetricPoint, before: PreviousPoint | undefined): number {
  if (point.temporality === "delta") {
    if (point.startMs > 0 && point.startMs < point.timeMs) return point.timeMs - point.startMs;
    return before === undefined ? 0 : point.timeMs - before.timeMs;
  }
  if (before === undefined) return 0;
  if (isReset(point, before))
    return Math.max(0, point.timeMs - Math.max(before.timeMs, point.startMs));
  return point.timeMs - before.timeMs;
}

function readSum(point: MetricPoint, before: PreviousPoint | undefined): readonly Reading[] {
  const { unit } = point;
  if (!point.monotonic) {
    // A delta of what goes up and down is a change of level: levels are what can be read.
    const base = point.temporality === "delta" ? (before?.value ?? 0) : 0;
    return [{ suffix: "", kind: "gauge", unit, value: base + point.value }];
  }
  const lengthMs = spanMs(point, before);
  if (lengthMs <= 0) return [];
  const isRunning =
    point.temporality !== "delta" && before !== undefined && !isReset(point, before);
  const added = isRunning ? point.value - before.value : point.value;
  return [{ suffix: "", kind: "rate", unit, value: added / (lengthMs / 1000) }];
}

interface Distribution {
  readonly count: number;
  readonly sum: number;
  /** Upper bound and count of each bucket, in order. */
  readonly buckets: readonly {
    readonly upTo: number;
    readonly from: number;
    readonly count: number;
  }[];
}

/** Counts of this point alone: the difference to the one before, when totals run on. */
function ownCounts(point: MetricPoint, before: PreviousPoint | undefined): readonly number[] {
  const counts = point.positive?.counts ?? point.bucketCounts ?? [];
  if (before === undefined) return counts;
  const shift = (point.positive?.offset ?? 0) - before.offset;
  return counts.map((count, index) =>
    Math.max(0, count - (before.bucketCounts[index + shift] ?? 0)),
  );
}

function distributionOf(point: MetricPoint, before: PreviousPoint | undefined): Distribution {
  const isSameShape = before?.scale === (point.scale ?? 0);
  const base =
    point.temporality === "delta" || before === undefined || !isSameShape || isReset(point, before)
      ? undefined
      : before;
  const counts = ownCounts(point, base);
  const count = point.count - (base?.count ?? 0);
  const sum = point.value - (base?.value ?? 0);
  if (point.positive !== undefined) {
    const base2 = 2 ** (2 ** -(point.scale ?? 0));
    const { offset } = point.positive;
    const zeros = Math.max(0, (point.zeroCount ?? 0) - (base?.zeroCount ?? 0));
    const buckets = counts.map((held, index) => ({
      from: base2 ** (offset + index),
      upTo: base2 ** (offset + index + 1),
      count: held,
    }));
    return { count, sum, buckets: [{ from: 0, upTo: 0, count: zeros }, ...buckets] };
  }
  const bounds = point.bounds ?? [];
  const last = bounds.at(-1) ?? 0;
  const buckets = counts.map((held, index) => ({
    from: index === 0 ? Math.min(0, bounds[0] ?? 0) : (bounds[index - 1] ?? last),
    upTo: bounds[index] ?? last,
    count: held,
  }));
  return { count, sum, buckets };
}

/** Linear inside a bucket; beyond the last bound that bound is all that is known. */
function quantileOf({ buckets }: Distribution, quantile: number): number {
  const all = buckets.reduce((total, bucket) => total + bucket.count, 0);
  if (all === 0) return Number.NaN;
  const rank = quantile * all;
  let seen = 0;
  for (const { from, upTo, count } of buckets) {
    if (count > 0 && seen + count >= rank) return from + ((rank - seen) / count) * (upTo - from);
    seen += count;
  }
  return buckets.at(-1)?.upTo ?? Number.NaN;
}

function readDistribution(
  point: MetricPoint,
  before: PreviousPoint | undefined,
): readonly Reading[] {
  // The first of a running total covers all time since the process began: it says nothing of now.
  if (point.temporality !== "delta" && before === undefined) return [];
  const distribution = distributionOf(point, before);
  const { unit } = point;
  const lengthMs = spanMs(point, before);
  const rate: Reading[] =
    lengthMs > 0
      ? [
          {
            suffix: ".rate",
            kind: "rate",
            unit: "1",
            value: distribution.count / (lengthMs / 1000),
          },
        ]
      : [];
  if (!(distribution.count > 0)) return rate;
  const mean = distribution.sum / distribution.count;
  const quantiles = QUANTILES.map(
    (quantile): Reading => ({
      suffix: quantileSuffix(quantile),
      kind: "distribution",
      unit,
      value: quantileOf(distribution, quantile),
    }),
  );
  return [{ suffix: "", kind: "distribution", unit, value: mean }, ...quantiles, ...rate];
}

function readSummary(point: MetricPoint, before: PreviousPoint | undefined): readonly Reading[] {
  const given = (point.quantiles ?? []).map(
    ({ quantile, value }): Reading => ({
      suffix: quantileSuffix(quantile),
      kind: "distribution",
      unit: point.unit,
      value,
    }),
  );
  const isRunning = before !== undefined && !isReset(point, before);
  const count = point.count - (isRunning ? before.count : 0);
  if (before === undefined || !(count > 0)) return given;
  const mean = (point.value - (isRunning ? before.value : 0)) / count;
  return [{ suffix: "", kind: "distribution", unit: point.unit, value: mean }, ...given];
}

/** What a point says, given the one before it of the same series. Values that are no numbers are left out. */
export function readPoint(
  point: MetricPoint,
  before: PreviousPoint | undefined,
): readonly Reading[] {
  return readingsOf(point, before).filter((reading) => Number.isFinite(reading.value));
}

function readingsOf(point: MetricPoint, before: PreviousPoint | undefined): readonly Reading[] {
  switch (point.kind) {
    case "gauge":
      return [{ suffix: "", kind: "gauge", unit: point.unit, value: point.value }];
    case "sum":
      return readSum(point, before);
    case "histogram":
    case "exponential_histogram":
      return readDistribution(point, before);
    case "summary":
      return readSummary(point, before);
  }
}
