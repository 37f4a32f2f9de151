/** One scored statistic of one prediction. */
export interface ScoredStatistic {
  /** The intervention's type, for example `rollback`; `none` for the forecast without action. */
  readonly interventionType: string;
  readonly statistic: string;
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly observed: number;
}

/** How predictions of one action type have fared on this system. */
export interface TypeRecord {
  readonly interventionType: string;
  /** Outcomes (predictions settled), not statistics. */
  readonly outcomes: number;
  readonly statistics: number;
  /** Share of statistics whose observed value lay inside the 90 % interval. */
  readonly coverage: number;
  /** Median of |log(observed / median)|, small denominators floored. */
  readonly medianLogError: number;
  /** Mean continuous ranked probability score, in the statistic's own unit divided by its scale. */
  readonly crps: number;
}

export interface TrackRecord {
  readonly types: readonly TypeRecord[];
}

export const EMPTY_TRACK_RECORD: TrackRecord = { types: [] };

/** A 90 % interval of a normal is 1.645 standard deviations to each side. */
const Z90 = 1.6449;
/** Ratios below this are not told apart: one bad request in a thousand. */
const VALUE_FLOOR = 1e-3;
/** Quantile levels of the score, as 21 equal steps. */
const LEVELS = Array.from({ length: 21 }, (_, index) => (index + 0.5) / 21);

/** Inverse of the normal distribution function (Acklam's rational approximation, error < 1.2e-9 in the middle). */
function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972,
    -13.28068155288572, 1,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const poly = (k: readonly number[], x: number): number => k.reduce((sum, v) => sum * x + v, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / poly(d, q);
  }
  if (p > 0.97575) return -normalQuantile(1 - p);
  const q = p - 0.5;
  return (poly(a, q * q) * q) / poly(b, q * q);
}

/** A two-sided quantile function from median and interval; each side has its own width. */
function quantileOf(s: Pick<ScoredStatistic, "median" | "low" | "high">, level: number): number {
  const z = normalQuantile(level) / Z90;
  return z < 0 ? s.median + z * (s.median - s.low) : s.median + z * (s.high - s.median);
}

/** Continuous ranked probability score from quantiles: `2/K Σ pinball`. Same unit as the statistic; lower is better. */
export function crps(statistic: ScoredStatistic): number {
  const sum = LEVELS.reduce((total, level) => {
    const quantile = quantileOf(statistic, level);
    const miss = statistic.observed - quantile;
    return total + (miss >= 0 ? level * miss : (level - 1) * miss);
  }, 0);
  return (2 * sum) / LEVELS.length;
}

export function isInside(s: Pick<ScoredStatistic, "low" | "high" | "observed">): boolean {
  return s.observed >= s.low && s.observed <= s.high;
}

function middle(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((x, y) => x - y);
  const at = sorted.length >> 1;
  const upper = sorted[at] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[at - 1] ?? upper)) / 2;
}

/** Scores settled predictions; `outcomes[i]` are the statistics of one prediction. Void outcomes must not be handed in. */
export function trackRecord(outcomes: readonly (readonly ScoredStatistic[])[]): TrackRecord {
  const byType = new Map<string, { outcomes: number; statistics: ScoredStatistic[] }>();
  for (const statistics of outcomes) {
    const type = statistics[0]?.interventionType;
    if (type === undefined) continue;
    const entry = byType.get(type) ?? { outcomes: 0, statistics: [] };
    entry.outcomes += 1;
    entry.statistics.push(...statistics);
    byType.set(type, entry);
  }
  const types = [...byType].map(([interventionType, entry]) => ({
    interventionType,
    outcomes: entry.outcomes,
    statistics: entry.statistics.length,
    coverage: entry.statistics.filter(isInside).length / entry.statistics.length,
    medianLogError: middle(
      entry.statistics.map((s) =>
        Math.abs(Math.log(Math.max(s.observed, VALUE_FLOOR) / Math.max(s.median, VALUE_FLOOR))),
      ),
    ),
    crps:
      entry.statistics.reduce(
        (sum, s) => sum + crps(s) / Math.max(Math.abs(s.observed), VALUE_FLOOR),
        0,
      ) / entry.statistics.length,
  }));
  return { types: types.sort((a, b) => (a.interventionType < b.interventionType ? -1 : 1)) };
}
