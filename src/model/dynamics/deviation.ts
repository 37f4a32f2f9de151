import { median, spread } from "./robust.ts";

/** Threshold of the cumulative sum for indicators; 0.04 false episodes a series-day on drifting, autocorrelated noise. */
const CUSUM_THRESHOLD = 8;
/** Drift taken off each step, in standard deviations: half of the shift that is worth finding. */
const CUSUM_SLACK = 0.6;
/** Prior weight of the scale, in points: one minute of five-second buckets. */
const PRIOR_POINTS = 12;
const POINTS_REMEMBERED = 180;

export interface Deviation {
  /** Alarm at the last point. */
  readonly active: boolean;
  /** Index of the first point of the episode that is active at the end, or of the last one; -1: none. */
  readonly onset: number;
  /** Normal score of each point against what was normal before it; NaN where missing. */
  readonly scores: Float64Array;
}

interface Detector {
  level: number;
  variance: number;
  phi: number;
  previous: number;
  seen: number;
  sum: number;
  start: number;
  alarmed: boolean;
}

/** Normal score of a Student-t value (Wallace): few points make wide tails. */
function normalScore(z: number, freedom: number): number {
  const score = Math.sqrt(freedom * Math.log(1 + (z * z) / freedom)) * (1 - 3 / (4 * freedom));
  return Math.sign(z) * score;
}

function learn(state: Detector, value: number, z: number): void {
  const error = value - state.level;
  // An incident must not become normal: outliers weigh less, and almost nothing during an alarm.
  const suspicious = state.sum > CUSUM_THRESHOLD / 2 ? 0.02 : 0.4;
  const weight =
    Math.abs(z) < 2.5 ? 1 - (state.alarmed ? 0.9 : 0) : (2.5 / Math.abs(z)) * suspicious;
  state.level += weight * Math.max(1 / POINTS_REMEMBERED, 1 / (state.seen + 2)) * error;
  const rate = weight * Math.max(1 / (2 * POINTS_REMEMBERED), 1 / (state.seen + PRIOR_POINTS));
  state.variance += rate * (1.06 * Math.min(error * error, 9 * state.variance) - state.variance);
  if (Number.isFinite(state.previous) && Math.abs(z) < 2.5) {
    const product = Math.max(-1, Math.min(1, (error * state.previous) / state.variance));
    state.phi = Math.max(0, Math.min(0.8, state.phi + 0.05 * (product - state.phi)));
  }
  state.previous = error;
  state.seen += 1;
}

function advance(state: Detector, value: number, index: number): number {
  const sd = Math.sqrt(state.variance * (1 + 1 / Math.min(state.seen + 1, POINTS_REMEMBERED)));
  const z = normalScore((value - state.level) / sd, PRIOR_POINTS + Math.min(state.seen, 400));
  const clipped = Math.max(-4, Math.min(4, z)) / Math.sqrt((1 + state.phi) / (1 - state.phi));
  if (state.sum === 0) state.start = index;
  state.sum = Math.min(3 * CUSUM_THRESHOLD, Math.max(0, state.sum + clipped - CUSUM_SLACK));
  if (state.sum > CUSUM_THRESHOLD) state.alarmed = true;
  else if (state.sum < CUSUM_THRESHOLD / 4) state.alarmed = false;
  learn(state, value, z);
  return z;
}

/**
 * Upward deviation of one series: a one-sided cumulative sum of robust, autocorrelation-corrected scores. Feed it
 * values on a scale where noise is even: the log of a latency, the logit of a ratio. `priorScale` is the standard
 * deviation to believe until the series has shown its own.
 */
export function deviationOf(values: ArrayLike<number>, priorScale: number): Deviation {
  const list = Array.from(values);
  const first = list.filter((value) => Number.isFinite(value)).slice(0, 6);
  const scores = new Float64Array(list.length).fill(Number.NaN);
  const early = spread(first);
  const scale = Math.max(priorScale, Number.isFinite(early) ? Math.min(early, 3 * priorScale) : 0);
  const state: Detector = {
    level: median(first),
    variance: scale * scale,
    phi: 0.2,
    previous: Number.NaN,
    seen: 0,
    sum: 0,
    start: -1,
    alarmed: false,
  };
  let onset = -1;
  let alarm = -1;
  list.forEach((value, index) => {
    if (!Number.isFinite(value)) return;
    const before = state.alarmed;
    scores[index] = advance(state, value, index);
    if (!state.alarmed || before) return;
    onset = state.start;
    alarm = index;
  });
  return { active: state.alarmed, onset: sharpen(scores, onset, alarm), scores };
}

/** Points after an alarm that tell how large the shift is. */
const SHIFT_POINTS = 6;

/**
 * Moves an onset to where a shift of the size now seen explains the points best: the sum may have left zero on noise
 * some points before. It maximises `Σ (score - shift / 2)` over the start.
 */
function sharpen(scores: Float64Array, onset: number, alarm: number): number {
  if (onset < 0) return -1;
  const until = Math.min(scores.length, alarm + SHIFT_POINTS);
  const late = Array.from(scores.subarray(Math.max(onset, alarm - 1), until));
  const shift = median(late.filter(Number.isFinite));
  let best = Number.NEGATIVE_INFINITY;
  let start = onset;
  let sum = 0;
  for (let index = until - 1; index >= onset; index -= 1) {
    const score = scores[index] ?? Number.NaN;
    if (!Number.isFinite(score)) continue;
    sum += Math.max(-4, Math.min(shift, score)) - shift / 2;
    if (sum <= best) continue;
    best = sum;
    start = index;
  }
  return start;
}
