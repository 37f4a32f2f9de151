import { median } from "../../dynamics/robust.ts";

/** A value for each step of time; NaN where there is none. Step `i` covers `(fromMs + (i-1)·stepMs, fromMs + i·stepMs]`. */
export interface StepSeries {
  /** The end of step 0. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly values: Float64Array;
}

/** Limit: steps of one series; of a longer one the newest are kept. */
const STEPS_MAX = 20_000;
const STEP_MIN_MS = 1_000;

/** The usual distance of a series' points; NaN when it has fewer than two. */
export function stepOf(timesMs: Float64Array): number {
  const gaps: number[] = [];
  for (let at = 1; at < timesMs.length && gaps.length < 200; at += 1) {
    const gap = (timesMs[at] ?? 0) - (timesMs[at - 1] ?? 0);
    if (gap > 0) gaps.push(gap);
  }
  const step = median(gaps);
  return Number.isFinite(step) ? Math.max(STEP_MIN_MS, Math.round(step)) : Number.NaN;
}

export interface Grid {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly length: number;
}

/** A grid that ends at `toMs` and reaches back to `fromMs`. */
export function gridOf(fromMs: number, toMs: number, stepMs: number): Grid {
  const steps = Math.max(1, Math.min(STEPS_MAX, Math.ceil((toMs - fromMs) / stepMs - 1e-6)));
  return { fromMs: toMs - (steps - 1) * stepMs, stepMs, length: steps };
}

/** Points laid on a grid; several in one step give their mean. */
export function onGrid(
  grid: Grid,
  points: { readonly timesMs: Float64Array; readonly values: Float64Array },
): Float64Array {
  const sums = new Float64Array(grid.length);
  const counts = new Uint32Array(grid.length);
  for (let at = 0; at < points.timesMs.length; at += 1) {
    const value = points.values[at] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const step = Math.ceil(((points.timesMs[at] ?? 0) - grid.fromMs) / grid.stepMs - 1e-6);
    if (step < 0 || step >= grid.length) continue;
    sums[step] = (sums[step] ?? 0) + value;
    counts[step] = (counts[step] ?? 0) + 1;
  }
  return sums.map((sum, step) =>
    (counts[step] ?? 0) > 0 ? sum / (counts[step] ?? 1) : Number.NaN,
  );
}

/** Values of the steps that end after `fromMs`, up to and with those that end at `toMs`. */
export function valuesIn(
  series: StepSeries,
  window: { readonly fromMs: number; readonly toMs: number },
): readonly number[] {
  const first = Math.floor((window.fromMs - series.fromMs) / series.stepMs + 1e-6) + 1;
  const last = Math.floor((window.toMs - series.fromMs) / series.stepMs + 1e-6);
  const values: number[] = [];
  for (let at = Math.max(0, first); at <= Math.min(last, series.values.length - 1); at += 1) {
    const value = series.values[at] ?? Number.NaN;
    if (Number.isFinite(value)) values.push(value);
  }
  return values;
}
