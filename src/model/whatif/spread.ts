import type { Backtest } from "./interval.ts";
import type { Observed } from "./problem.ts";

type Latency = "mean" | "p50" | "p95" | "p99";

/** 90 % of a normal distribution lie within so many standard deviations. */
const Z90 = 1.645;
/** An outcome that is observed for less is as unsteady as past windows of that length were to each other. */
const SHORT_MS = 120_000;

/**
 * How wrong the model is where truth was simulated, as half the log width of a 90 % interval: at least so much; so much of
 * what it expects to change; and so much for each that are served while one more would find room, as queues fill up.
 */
const LEAST: Readonly<Record<Latency, number>> = { mean: 0.02, p50: 0.025, p95: 0.07, p99: 0.09 };
const OF_CHANGE = 0.45;
const OF_FULLNESS: Readonly<Record<Latency, number>> = {
  mean: 0.035,
  p50: 0.03,
  p95: 0.055,
  p99: 0.08,
};
const FULL_MAX = 0.97;
/** Few samples say too little of a tail to say how little they say. */
const NOISE_MAX = 3;
const REQUESTS_MIN = 20;

export interface SpreadInput {
  /** What the figure is projected from; undefined: it has a backtest. */
  readonly seen: Observed | undefined;
  readonly backtest: Backtest | undefined;
  /** For so long the outcome is observed, and so many requests come then. */
  readonly observeMs: number;
  readonly requests: number;
}

/** Half the log width of a 90 % interval of a latency about what is projected, when nothing changes. */
export function steadyWidth(statistic: Latency, input: SpreadInput): number {
  const { seen, backtest, observeMs, requests } = input;
  if (backtest !== undefined && (observeMs < SHORT_MS || seen === undefined))
    return backtest.width[statistic];
  if (seen === undefined) return LEAST[statistic];
  const known = statistic === "mean" && seen.isCounted ? seen.requests : seen.sampled;
  const own = seen.noise[statistic];
  const noise = Number.isFinite(own) ? Math.min(NOISE_MAX, own) : NOISE_MAX;
  const count = (n: number): number => 1 / Math.max(REQUESTS_MIN, n);
  return Math.hypot(LEAST[statistic], Z90 * noise * Math.sqrt(count(known) + count(requests)));
}

/** What a change adds: `moved` is the logarithm of after over before, `full` how full the fullest queue is. */
export function changeWidth(statistic: Latency, moved: number, full: number): number {
  const filled = Math.min(FULL_MAX, Math.max(0, full));
  return Math.hypot(OF_CHANGE * Math.abs(moved), OF_FULLNESS[statistic] * (filled / (1 - filled)));
}
