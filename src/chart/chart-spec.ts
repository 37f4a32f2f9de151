/** What a value axis counts in; decides how ticks are spaced and written. */
export type ChartUnit = "ms" | "ratio" | "per_second" | "count" | "bytes";

/** What was seen in `[timeMs, timeMs + stepMs)`. */
export interface ChartPoint {
  readonly timeMs: number;
  /** NaN: nothing was seen; the line breaks here. */
  readonly value: number;
}

export interface ChartSeries {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

/** A change of the system; drawn as a marker. A suspect one stands out. */
export interface ChartChange {
  readonly timeMs: number;
  readonly label: string;
  readonly suspect: boolean;
}

/** What is expected: the median as a dashed line inside its interval. */
interface ChartForecast {
  readonly name: string;
  readonly points: readonly {
    readonly timeMs: number;
    readonly median: number;
    readonly low: number;
    readonly high: number;
  }[];
}

export interface ChartSpec {
  readonly title: string;
  readonly subtitle?: string;
  readonly unit: ChartUnit;
  readonly fromMs: number;
  readonly toMs: number;
  /** How much time one point stands for; markers are drawn at the start of the step that they fall into. */
  readonly stepMs: number;
  /** Limit: `SERIES_MAX`; further ones are named in the subtitle as not drawn. */
  readonly series: readonly ChartSeries[];
  /** Shaded; `toMs` absent while it lasts. */
  readonly incident?: { readonly fromMs: number; readonly toMs?: number };
  /** What the legend calls "before": the healthy time. Absent: all that is drawn before the incident. */
  readonly before?: { readonly fromMs: number; readonly toMs: number };
  /** The range that is normal for the first series. */
  readonly healthy?: { readonly low: number; readonly high: number };
  readonly threshold?: { readonly value: number; readonly label: string };
  readonly changes: readonly ChartChange[];
  readonly forecasts?: readonly ChartForecast[];
}

/** More lines than this cannot be told apart at phone size. */
export const SERIES_MAX = 4;
/** Changes beyond this are counted, not listed. */
export const CHANGES_LISTED_MAX = 5;
