import { median, spread } from "../../dynamics/robust.ts";
import type { StepSeries } from "./step-series.ts";

/** Where a series left its usual level for good, and how clearly. */
export interface Rise {
  /** The beginning of the first step of the trouble. */
  readonly onsetMs: number;
  /** Sum of clipped standard scores since then, less the slack: 0 is nothing. */
  readonly evidence: number;
  /** Level of the trouble less the usual level, on the series' scale. */
  readonly moved: number;
}

/** Taken off each step: half of the shift that is worth finding. */
const SLACK = 1.5;
/** One step counts at most so many standard deviations. */
const CLIP = 5;
/** Evidence below which nothing has risen, as far as nobody has said so. */
export const EVIDENCE_MIN = 3;
/** The same for what a page says has risen. */
export const PAGED_EVIDENCE_MIN = 1;
/** The newest part of a series may be the trouble itself: the usual level is taken from before it. */
const GUARD_STEPS = 4;
const GUARD_MS = 5 * 60_000;
const GUARD_SHARE = 0.4;
/** A step so many times the noise around it stands out in a short record. */
const STEP_NOISE = 2;
/** Fewer values do not make a usual level. */
const USUAL_MIN = 3;

/** How old trouble usually is when it is detected: a few minutes or steps; evidence pays for other ages. */
function agePenalty(ageMs: number, stepMs: number): number {
  const usualMs = Math.max(2 * 60_000, 1.5 * stepMs);
  return 0.7 * Math.log(Math.max(1, ageMs / (3 * usualMs)));
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** What comes before the largest step upwards, when that is far above the noise on both of its sides. */
function beforeStep(values: readonly number[]): readonly number[] | undefined {
  let [best, end] = [0, 0];
  for (let at = USUAL_MIN; at < values.length; at += 1) {
    const rise = meanOf(values.slice(at)) - meanOf(values.slice(0, at));
    const gained = rise <= 0 ? 0 : rise ** 2 * at * (values.length - at);
    if (gained > best) [best, end] = [gained, at];
  }
  const [before, after] = [values.slice(0, end), values.slice(end)];
  const noise = Math.max(spread(before), spread(after));
  return end > 0 && median(after) - median(before) >= STEP_NOISE * noise ? before : undefined;
}

/** Values from before the trouble can have begun. A record that hardly reaches beyond it tells by its own largest step. */
function usualValues(series: StepSeries, detectedMs: number): readonly number[] {
  const { fromMs, stepMs, values } = series;
  const until = (toMs: number): readonly number[] =>
    Array.from(values).filter(
      (value, at) => Number.isFinite(value) && fromMs + at * stepMs <= toMs,
    );
  const guardMs = Math.max(GUARD_STEPS * stepMs, GUARD_MS);
  const firstMs = fromMs + Math.max(0, values.findIndex(Number.isFinite)) * stepMs;
  const spare = GUARD_SHARE * Math.max(0, detectedMs - firstMs);
  const stepped = spare < guardMs ? beforeStep(until(detectedMs)) : undefined;
  return stepped ?? until(detectedMs - Math.min(spare, guardMs));
}

/**
 * The start from which on a series is above its usual level, seen from `detectedMs`: the suffix whose scores sum highest.
 * `floor` is the difference that does not matter.
 */
export function riseOf(
  series: StepSeries,
  detectedMs: number,
  { floor, evidenceMin }: { readonly floor: number; readonly evidenceMin: number },
): Rise | undefined {
  const { fromMs, stepMs, values } = series;
  const usual = usualValues(series, detectedMs);
  if (usual.length < USUAL_MIN) return undefined;
  const recent = usual.slice(-120);
  const level = median(recent);
  const noise = Math.max(floor, spread(recent, level), spread(usual) / 2);
  let sum = 0;
  let best = evidenceMin;
  let start = -1;
  for (let at = values.length - 1; at >= 0; at -= 1) {
    const value = values[at] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    sum += Math.max(-CLIP, Math.min(CLIP, (value - level) / noise)) - SLACK;
    const beginsMs = fromMs + (at - 1) * stepMs;
    const evidence = sum - agePenalty(detectedMs - beginsMs, stepMs);
    if (evidence > best && beginsMs < detectedMs + stepMs) {
      best = evidence;
      start = at;
    }
  }
  if (start < 0) return undefined;
  const after = Array.from(values.subarray(start)).filter(Number.isFinite);
  return {
    onsetMs: fromMs + (start - 1) * stepMs,
    evidence: best,
    moved: median(after) - level,
  };
}
