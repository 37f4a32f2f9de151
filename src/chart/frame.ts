import { type ChartSpec, SERIES_MAX } from "./chart-spec.ts";
import { type Scale, valueLabel, valueScale } from "./scale.ts";
import { textWidth } from "./svg-text.ts";

/** Logical px; rendered at twice that. Sizes are chosen to be read on a phone, where the picture is about 360 px wide. */
export const CHART = { width: 1000, height: 420, margin: 28 } as const;
export const FONT = { title: 27, subtitle: 19, axis: 19, label: 19 } as const;

/** Okabe and Ito's colours, which people with the common kinds of colour blindness tell apart. */
export const COLOR = {
  paper: "#ffffff",
  ink: "#1d1c1d",
  muted: "#5c5f66",
  grid: "#e9eaed",
  axis: "#a9adb5",
  incident: "#d55e00",
  healthy: "#009e73",
  threshold: "#1d1c1d",
  change: "#7a7e87",
  suspect: "#b2308a",
  series: ["#0072b2", "#d55e00", "#009e73", "#8a6d00"],
  forecast: ["#d55e00", "#009e73"],
} as const;

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly scale: Scale;
  /** Pixel of an instant and of a value, to a tenth. */
  x(timeMs: number): number;
  y(value: number): number;
}

const TICKS = 4;
/** A forecast may stretch the axis by this much over what was seen; beyond that its band is cut at the top. */
const FORECAST_STRETCH = 1.35;

function highestOf(spec: ChartSpec): number {
  const seen = spec.series
    .slice(0, SERIES_MAX)
    .flatMap((series) => series.points.map((point) => point.value))
    .concat(spec.threshold?.value ?? 0, spec.healthy?.high ?? 0)
    .filter(Number.isFinite);
  const observed = seen.reduce((most, value) => Math.max(most, value), 0);
  const expected = (spec.forecasts ?? [])
    .flatMap((forecast) => forecast.points.map((point) => point.high))
    .filter(Number.isFinite)
    .reduce((most, value) => Math.max(most, value), 0);
  return Math.max(observed, Math.min(expected, observed * FORECAST_STRETCH));
}

/** Room for a label of a change over the plot. */
export const LABEL_ROW_PX = 27;

function labelRows({ changes, fromMs, toMs }: ChartSpec): number {
  const visible = changes.filter((change) => change.timeMs >= fromMs && change.timeMs <= toMs);
  return Math.min(2, visible.length);
}

/** Baseline of the legend: under the subtitle, or under the title where there is none. */
export function legendY(spec: ChartSpec): number {
  return spec.subtitle === undefined && spec.series.length <= SERIES_MAX ? 76 : 100;
}

/** Where the plot lies and how it maps; the left edge makes room for the widest tick. */
export function frameOf(spec: ChartSpec): Frame {
  const scale = valueScale(highestOf(spec) * 1.08, spec.unit, TICKS);
  const widest = Math.max(
    ...scale.ticks.map((tick) => textWidth(valueLabel(tick, scale.max, spec.unit), FONT.axis)),
  );
  const left = Math.round(CHART.margin + widest + 14);
  const right = CHART.width - CHART.margin - 16;
  const top = legendY(spec) + 22 + LABEL_ROW_PX * labelRows(spec);
  const bottom = CHART.height - 44;
  const rangeMs = Math.max(1, spec.toMs - spec.fromMs);
  const tenth = (px: number): number => Math.round(px * 10) / 10;
  return {
    left,
    right,
    top,
    bottom,
    scale,
    x: (timeMs) => tenth(left + ((timeMs - spec.fromMs) / rangeMs) * (right - left)),
    y: (value) => tenth(bottom - (value / scale.max) * (bottom - top)),
  };
}
