import { type ChartSpec, SERIES_MAX } from "./chart-spec.ts";
import { type Scale, valueLabel, valueScale } from "./scale.ts";
import { textWidth } from "./svg-text.ts";

/** Logical px; rendered at twice that. Sizes are chosen to be read on a phone, where the picture is about 360 px wide. */
export const CHART = { width: 1000, margin: 28 } as const;
const PLOT_PX = 230;
/** Room under the plot for the time axis. */
const AXIS_PX = 44;
export const FONT = { title: 27, titleLeast: 20, subtitle: 19, axis: 19, label: 19 } as const;

/** Okabe and Ito's colours, which people with the common kinds of colour blindness tell apart. */
export const COLOR = {
  paper: "#ffffff",
  ink: "#1d1c1d",
  muted: "#5c5f66",
  grid: "#e9eaed",
  axis: "#a9adb5",
  incident: "#5c5f66",
  healthy: "#009e73",
  threshold: "#1d1c1d",
  change: "#7a7e87",
  // Darker than theirs, to be read as text: 4.7 to 1 on paper.
  suspect: "#c24e00",
  series: ["#0072b2", "#c24e00", "#009e73", "#8a6d00"],
  forecast: ["#d55e00", "#009e73"],
} as const;

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Of the whole picture. */
  readonly height: number;
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

/** Room over the plot for the numbers of changes: two rows, where some stand close together. */
export const BADGE_ROW_PX = 28;
/** One line of text under the plot, or of the legend. */
export const LINE_PX = 28;

/** Baseline of the legend's first row. */
export const LEGEND_Y = 104;

/** What stands over and under the plot, in rows. */
export interface Rows {
  readonly legend: number;
  readonly badges: number;
  readonly list: number;
}

/** Where the plot lies and how it maps; the left edge makes room for the widest tick. */
export function frameOf(spec: ChartSpec, rows: Rows): Frame {
  const scale = valueScale(highestOf(spec) * 1.08, spec.unit, TICKS);
  const widest = Math.max(
    ...scale.ticks.map((tick) => textWidth(valueLabel(tick, scale.max, spec.unit), FONT.axis)),
  );
  const left = Math.round(CHART.margin + widest + 14);
  const right = CHART.width - CHART.margin - 16;
  const top = LEGEND_Y + (rows.legend - 1) * LINE_PX + 26 + BADGE_ROW_PX * rows.badges;
  const bottom = top + PLOT_PX;
  const rangeMs = Math.max(1, spec.toMs - spec.fromMs);
  const tenth = (px: number): number => Math.round(px * 10) / 10;
  return {
    left,
    right,
    top,
    bottom,
    height: bottom + AXIS_PX + LINE_PX * rows.list + (rows.list > 0 ? 16 : 0),
    scale,
    x: (timeMs) => tenth(left + ((timeMs - spec.fromMs) / rangeMs) * (right - left)),
    y: (value) => tenth(bottom - (value / scale.max) * (bottom - top)),
  };
}
