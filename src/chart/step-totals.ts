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
/** Halvings of a range: finer than the sketches are. */
const HALVINGS = 40;

/** A row of columns of a window: of a station, a link, or an entry. */
export interface Row {
  readonly count: Float64Array;
  readonly errors: Float64Array;
  readonly duration: Sketch;
}

const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);

/** The quantile of several sketches taken together, ms; NaN when all are empty. */
export function quantileOf(sketches: readonly Sketch[], q: number): number {
  const filled = sketches.filter((sketch) => sketch.count > 0);
  const [first] = filled;
  if (first === undefined) return Number.NaN;
  if (filled.length === 1) return first.quantile(q);
  const wanted = q * filled.reduce((sum, sketch) => sum + sketch.count, 0);
  let low = Math.min(...filled.map((sketch) => sketch.min));
  let high = Math.max(...filled.map((sketch) => sketch.max));
  for (let i = 0; i < HALVINGS; i += 1) {
    const middle = (low + high) / 2;
    const below = filled.reduce((sum, sketch) => sum + sketch.rank(middle) * sketch.count, 0);
    if (below < wanted) low = middle;
    else high = middle;
  }
  return high;
}

/** The value of one step; NaN where too little was seen to say. */
export function statisticOf(kind: Kind, rows: readonly Row[], step: Window): number {
  const count = rows.reduce((sum, row) => sum + total(row.count), 0);
  if (kind === "rate") return count / ((step.toMs - step.fromMs) / 1000);
  if (count < REQUESTS_MIN) return Number.NaN;
  if (kind === "errors") return rows.reduce((sum, row) => sum + total(row.errors), 0) / count;
  return quantileOf(
    rows.map((row) => row.duration),
    0.95,
  );
}
