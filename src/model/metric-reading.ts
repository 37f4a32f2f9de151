import {
  type Distribution,
  distributionOf,
  quantileOf,
  remembered,
} from "./metric-distribution.ts";
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
  readonly distribution: Distribution | undefined;
}

const QUANTILES = [0.5, 0.95, 0.99] as const;

const quantileSuffix = (quantile: number): string =>
  `.p${String(Math.round(quantile * 10_000) / 100).replace(".", "_")}`;

/** One point as the store remembers it. */
export function remember(point: MetricPoint): PreviousPoint {
  const { startMs, timeMs, value, count } = point;
  return { startMs, timeMs, value, count, distribution: remembered(point) };
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

/** The point that totals run on from; undefined where this one stands for itself. */
function runningFrom(
  point: MetricPoint,
  before: PreviousPoint | undefined,
): PreviousPoint | undefined {
  const standsAlone =
    point.temporality === "delta" || before === undefined || isReset(point, before);
  return standsAlone ? undefined : before;
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
  const added = point.value - (runningFrom(point, before)?.value ?? 0);
  return [{ suffix: "", kind: "rate", unit, value: added / (lengthMs / 1000) }];
}

function readDistribution(
  point: MetricPoint,
  before: PreviousPoint | undefined,
): readonly Reading[] {
  // The first of a running total covers all time since the process began: it says nothing of now.
  if (point.temporality !== "delta" && before === undefined) return [];
  const base = runningFrom(point, before);
  const { unit } = point;
  const count = point.count - (base?.count ?? 0);
  const lengthMs = spanMs(point, before);
  const rate: Reading[] =
    lengthMs > 0
      ? [{ suffix: ".rate", kind: "rate", unit: "1", value: count / (lengthMs / 1000) }]
      : [];
  if (!(count > 0)) return rate;
  const mean = (point.value - (base?.value ?? 0)) / count;
  const distribution = distributionOf(point, base?.distribution);
  const quantiles = QUANTILES.map(
    (quantile): Reading => ({
      suffix: quantileSuffix(quantile),
      kind: "distribution",
      unit,
      value: distribution === undefined ? Number.NaN : quantileOf(distribution, quantile),
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
  const base = before === undefined || isReset(point, before) ? undefined : before;
  const count = point.count - (base?.count ?? 0);
  if (before === undefined || !(count > 0)) return given;
  const mean = (point.value - (base?.value ?? 0)) / count;
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
