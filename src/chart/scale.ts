import type { ChartUnit } from "./chart-spec.ts";

export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

/** Steps that people count in; time steps follow the clock. */
const DECIMAL_STEPS: readonly number[] = [1, 2, 2.5, 5, 10];
const TIME_STEPS_MS: readonly number[] = [
  5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000,
  7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000,
];

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = DECIMAL_STEPS.find((each) => each * power >= rough * 0.999) ?? 10;
  return step * power;
}

/** From zero to a round value above `highest`; about `tickCount` ticks. A ratio never shows more than 100 %. */
export function valueScale(highest: number, unit: ChartUnit, tickCount: number): Scale {
  const top = Number.isFinite(highest) && highest > 0 ? highest : unit === "ratio" ? 0.01 : 1;
  const step = niceStep(top / tickCount);
  const whole = unit === "count" ? Math.max(1, Math.ceil(step)) : step;
  const max = Math.ceil(top / whole - 1e-9) * whole;
  const bounded = unit === "ratio" ? Math.min(max, 1) : max;
  const count = Math.floor(bounded / whole + 1e-9);
  return { min: 0, max: bounded, ticks: Array.from({ length: count + 1 }, (_, i) => i * whole) };
}

/** Ticks on the UTC clock, at most `tickMax` of them. */
export function timeTicks(fromMs: number, toMs: number, tickMax: number): readonly number[] {
  const step =
    TIME_STEPS_MS.find((each) => (toMs - fromMs) / each <= tickMax) ??
    Math.ceil((toMs - fromMs) / tickMax / 86_400_000) * 86_400_000;
  const first = Math.ceil(fromMs / step) * step;
  const ticks: number[] = [];
  for (let at = first; at <= toMs && ticks.length <= tickMax; at += step) ticks.push(at);
  return ticks;
}

/** `14:02`, with seconds where the ticks are closer than a minute. */
export function timeLabel(ms: number, stepMs: number): string {
  return new Date(ms).toISOString().slice(11, stepMs < 60_000 ? 19 : 16);
}

const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

/** A value as the axis writes it; `max` decides the magnitude, so that all ticks share one. */
export function valueLabel(value: number, max: number, unit: ChartUnit): string {
  switch (unit) {
    case "ms":
      return max >= 2000
        ? `${trimmed(value / 1000, 2)} s`
        : `${trimmed(value, max < 10 ? 2 : 1)} ms`;
    case "ratio":
      return `${trimmed(value * 100, max < 0.02 ? 2 : 1)} %`;
    case "per_second":
      return `${trimmed(value, 2)}/s`;
    case "bytes":
      return max >= 1e9 ? `${trimmed(value / 1e9, 2)} GB` : `${trimmed(value / 1e6, 1)} MB`;
    case "count":
      return trimmed(value, 1);
  }
}

/** A value by itself, to three digits, in its own magnitude. */
export function exactLabel(value: number, unit: ChartUnit): string {
  const rounded = value === 0 ? 0 : Number(value.toPrecision(3));
  return valueLabel(rounded, rounded, unit);
}
