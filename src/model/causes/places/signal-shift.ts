import { median, spread } from "../../dynamics/robust.ts";
import type { Window } from "../../quantity.ts";
import { type StepSeries, valuesIn } from "./step-series.ts";

/** On which scale noise is even: rates on the logarithm (`logged`: it is taken already), shares and gauges as they are. */
export type Scale = "log" | "logged" | "share" | "plain";

/** How a series moved from the reference window to the incident. */
export interface SignalShift {
  readonly before: number;
  readonly after: number;
  /** Robust standard score; its sign is the direction. 0 when there is too little to tell. */
  readonly score: number;
  /** After over before on the log scale, else their difference. */
  readonly moved: number;
  readonly countBefore: number;
  readonly countAfter: number;
}

export interface Stretches {
  readonly reference: Window;
  readonly incident: Window;
}

/** Two values closer than this are alike, whatever their noise. */
const FLOOR: Readonly<Record<Scale, number>> = {
  log: 0.05,
  logged: 0.05,
  share: 0.004,
  plain: 0,
};
/** A plain gauge's floor is this share of its usual level. */
const PLAIN_FLOOR = 0.04;
const EPSILON = 1e-9;
/** Points of the incident that count as independent; those before. Neighbours in time resemble each other. */
const INDEPENDENT_AFTER_MAX = 4;
const INDEPENDENT_BEFORE_MAX = 30;
/** Points before, below which nothing is known of what is normal. */
const BEFORE_MIN = 3;

const onScale = (value: number, scale: Scale): number =>
  scale === "log" ? Math.log(Math.max(EPSILON, value)) : value;

/** The noise of a series: its own spread around its level and from step to step, whichever is larger at its tails. */
function noiseOf(values: readonly number[], floor: number): number {
  const level = median(values);
  const own = spread(values, level);
  const sorted = values.map((value) => Math.abs(value - level)).sort((a, b) => a - b);
  // A series that is flat but for bursts has no median deviation; its bursts are its noise.
  const tail = (sorted[Math.floor(0.97 * (sorted.length - 1))] ?? 0) / 2.2;
  return Math.max(floor, Number.isFinite(own) ? own : 0, tail);
}

export const NO_SHIFT: SignalShift = {
  before: Number.NaN,
  after: Number.NaN,
  score: 0,
  moved: 0,
  countBefore: 0,
  countAfter: 0,
};

/** Compares the incident's values with those of the reference. */
function shiftBetween(
  reference: readonly number[],
  incident: readonly number[],
  scale: Scale,
): SignalShift {
  const countBefore = reference.length;
  const countAfter = incident.length;
  const before = median(reference);
  const after = median(incident);
  const counts = { before, after, countBefore, countAfter };
  if (countBefore < BEFORE_MIN || countAfter === 0) return { ...NO_SHIFT, ...counts };
  const values = reference.map((value) => onScale(value, scale));
  const moved = onScale(after, scale) - median(values);
  const floor = scale === "plain" ? PLAIN_FLOOR * Math.abs(before) + EPSILON : FLOOR[scale];
  const noise = noiseOf(values, floor);
  const error =
    noise *
    Math.sqrt(
      1 / Math.min(countAfter, INDEPENDENT_AFTER_MAX) +
        1 / Math.min(countBefore, INDEPENDENT_BEFORE_MAX),
    );
  const shrunk = countBefore / (countBefore + 2);
  return { ...counts, moved, score: (moved / error) * shrunk };
}

/** The same for a series on its steps. */
export function shiftOfSignal(
  series: StepSeries,
  { reference, incident }: Stretches,
  scale: Scale,
): SignalShift {
  return shiftBetween(valuesIn(series, reference), valuesIn(series, incident), scale);
}
