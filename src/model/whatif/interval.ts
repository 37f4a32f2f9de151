import { healthOf } from "../causes/symptom.ts";
import { quantileOf } from "../dynamics/robust.ts";
import type { Stretch } from "../dynamics/stretch.ts";
import type { EntityId } from "../entity.ts";
import type { EntryWindow, WorldView } from "../view.ts";
import type { Interval } from "./prediction.ts";
import type { Figures } from "./solve/project.ts";

/** Length of one backtest window: what a settlement observes. */
const WINDOW_MS = 40_000;
/** While the healthy time is too short for enough of those: noisier, so the interval errs on the wide side. */
const SHORT_WINDOW_MS = 20_000;
/** Limit: windows of the backtest. */
const WINDOWS_MAX = 10;
/** Windows from which on the backtest is believed. */
const WINDOWS_MIN = 3;

/** Statistics of which a past window is compared with another. */
type Values = Figures;

export function valuesOf(
  entry: EntryWindow | undefined,
  window: { fromMs: number; toMs: number },
  slowMs: number,
): (Values & { readonly requests: number }) | undefined {
  const health = healthOf(entry, window, slowMs);
  if (entry === undefined || health.requests === 0) return undefined;
  return {
    requests: health.requests,
    mean: health.meanMs,
    p50: entry.duration.quantile(0.5),
    p95: health.p95Ms,
    p99: entry.duration.quantile(0.99),
    error_ratio: health.errorRatio,
    bad_ratio: health.badRatio,
  };
}

/** How far apart two windows of the same healthy system are: 90 % quantile of log ratios, or of differences for ratios. */
export interface Backtest {
  readonly pairs: number;
  readonly width: Values;
}

/** Below these the future is not known better, whatever the past says. */
const FLOOR: Values = {
  mean: 0.1,
  p50: 0.1,
  p95: 0.16,
  p99: 0.25,
  error_ratio: 0.006,
  bad_ratio: 0.012,
};
/** Without a backtest. */
const DEFAULT: Values = {
  mean: 0.3,
  p50: 0.25,
  p95: 0.45,
  p99: 0.6,
  error_ratio: 0.02,
  bad_ratio: 0.04,
};

const isRatio = (statistic: string): boolean => statistic.endsWith("_ratio");

/** Predicts each past window from each earlier one by "as before", and keeps how wrong that was. */
export function backtest(
  view: WorldView,
  input: { readonly stretch: Stretch; readonly operation: EntityId; readonly slowMs: number },
): Backtest {
  const { healthy } = input.stretch;
  const found: Values[] = [];
  const long = healthy.toMs - healthy.fromMs >= (WINDOWS_MIN + 1) * WINDOW_MS;
  const lengthMs = long ? WINDOW_MS : SHORT_WINDOW_MS;
  for (
    let toMs = healthy.toMs;
    toMs - lengthMs >= healthy.fromMs && found.length < WINDOWS_MAX;
    toMs -= lengthMs
  ) {
    const window = { fromMs: toMs - lengthMs, toMs };
    const entry = view.entries(window).find((one) => one.operation === input.operation);
    const values = valuesOf(entry, window, input.slowMs);
    if (values !== undefined) found.push(values);
  }
  const pairs = found.flatMap((a, i) => found.slice(i + 1).map((b) => [a, b] as const));
  const width = (statistic: keyof Values): number => {
    if (found.length < WINDOWS_MIN) return DEFAULT[statistic];
    const misses = pairs.map(([a, b]) =>
      isRatio(statistic)
        ? Math.abs(a[statistic] - b[statistic])
        : Math.abs(Math.log(Math.max(0.01, a[statistic]) / Math.max(0.01, b[statistic]))),
    );
    return Math.max(FLOOR[statistic], quantileOf(misses, 0.9));
  };
  return {
    pairs: found.length < WINDOWS_MIN ? 0 : pairs.length,
    width: {
      mean: width("mean"),
      p50: width("p50"),
      p95: width("p95"),
      p99: width("p99"),
      error_ratio: width("error_ratio"),
      bad_ratio: width("bad_ratio"),
    },
  };
}

/** A 90 % interval about a median: multiplicative for times, additive for ratios, with what sampling adds. */
export function intervalAbout(
  statistic: keyof Figures,
  value: number,
  spread: { readonly width: number; readonly extra: number; readonly sample: number },
): Interval {
  if (!isRatio(statistic)) {
    const log = Math.hypot(spread.width, spread.extra);
    return { median: value, low: value * Math.exp(-log), high: value * Math.exp(log) };
  }
  const sampling =
    1.645 *
    Math.sqrt(
      (Math.max(value, 0.002) * (1 - Math.min(value, 0.998))) / Math.max(20, spread.sample),
    );
  // A ratio that depends on a threshold moves with the times around it.
  const side = Math.hypot(spread.width, sampling, spread.extra * Math.min(value, 1 - value) * 1.5);
  return { median: value, low: Math.max(0, value - side), high: Math.min(1, value + side) };
}
