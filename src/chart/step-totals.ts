import { mergedQuantile } from "../model/merged-quantile.ts";
import type { Window } from "../model/quantity.ts";
import type { Sketch } from "../model/sketch.ts";
import type { ChartUnit } from "./chart-spec.ts";

/** What a line of an incident's chart counts. */
export type Kind = "latency" | "errors" | "rate";

export const UNITS: Readonly<Record<Kind, ChartUnit>> = {
  latency: "ms",
  errors: "ratio",
  rate: "per_second",
};

/** Fewer requests in a step say nothing about its p95. */
const REQUESTS_MIN = 3;

/** A row of columns of a window: of a station, a link, or an entry. */
export interface Row {
  readonly count: Float64Array;
  readonly errors: Float64Array;
  readonly duration: Sketch;
}

const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);

/** The value of one step; NaN where too little was seen to say. */
export function statisticOf(kind: Kind, rows: readonly Row[], step: Window): number {
  const count = rows.reduce((sum, row) => sum + total(row.count), 0);
  if (kind === "rate") return count / ((step.toMs - step.fromMs) / 1000);
  if (count < REQUESTS_MIN) return Number.NaN;
  if (kind === "errors") return rows.reduce((sum, row) => sum + total(row.errors), 0) / count;
  return mergedQuantile(
    rows.map((row) => row.duration),
    0.95,
  );
}
