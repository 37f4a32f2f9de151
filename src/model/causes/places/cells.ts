import type { AttributeValue } from "../../entity.ts";
import type { PlacedSeries, PlaceSeries } from "./place-series.ts";
import { type Grid, onGrid, type StepSeries } from "./step-series.ts";

/** One series of a group on the grid, with how many requests each value stands for. */
export interface Cell {
  readonly values: Float64Array;
  /** Undefined: all alike. */
  readonly weights?: Float64Array;
}

const STATUS = /status|code|outcome|result|error/;
const WELL = /^(?:[123]\d\d|ok|success|true|none|unset|0|)$/i;

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Whether attributes say that these requests failed; undefined when they do not speak of it. */
export function failsBy(attributes: Attributes): boolean | undefined {
  let speaks = false;
  for (const [key, value] of Object.entries(attributes)) {
    if (!STATUS.test(key.toLowerCase()) || key.endsWith("method")) continue;
    speaks = true;
    const text = String(value);
    // What a client did wrong (4xx) is no failure of the server, but for refusals of what is well.
    if (/^4(?!01|03|08|29)\d\d$/.test(text)) continue;
    if (!WELL.test(text)) return true;
  }
  return speaks ? false : undefined;
}

const keyOf = ({ series }: PlacedSeries, metric: string): string =>
  `${series.entity}|${metric}|${JSON.stringify(series.attributes)}`;

/** Rates that accompany distributions: how many requests each of their values stands for. */
export function companions(traffic: readonly PlacedSeries[]): ReadonlyMap<string, PlacedSeries> {
  return new Map(
    traffic
      .filter(({ series }) => series.metric.endsWith(".rate"))
      .map((one) => [keyOf(one, one.series.metric.slice(0, -".rate".length)), one]),
  );
}

export function cellsOf(
  group: readonly PlacedSeries[],
  grid: Grid,
  weights: ReadonlyMap<string, PlacedSeries>,
): readonly Cell[] {
  return group.map((one) => {
    const { toMs } = one.role;
    const raw = onGrid(grid, one.series);
    const values = toMs === 1 ? raw : raw.map((value) => value * toMs);
    const companion = weights.get(keyOf(one, one.series.metric));
    return companion === undefined
      ? { values }
      : { values, weights: onGrid(grid, companion.series) };
  });
}

/** Series of one place and one role, or, when it has none of its own, those of its instances. */
export function seriesOf(
  own: PlaceSeries | undefined,
  instances: readonly PlaceSeries[],
  kind: "latency" | "errors" | "health" | "traffic",
): readonly PlacedSeries[] {
  const mine = own?.byKind.get(kind) ?? [];
  return mine.length > 0 ? mine : instances.flatMap((one) => one.byKind.get(kind) ?? []);
}

/** The sum of series on a grid; NaN in steps that none of them covers. */
export function sumOnGrid(group: readonly PlacedSeries[], grid: Grid): StepSeries {
  const total = new Float64Array(grid.length).fill(Number.NaN);
  for (const { series } of group) {
    const values = onGrid(grid, series);
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at] ?? Number.NaN;
      if (!Number.isFinite(value)) continue;
      const known = total[at] ?? Number.NaN;
      total[at] = Number.isFinite(known) ? known + value : value;
    }
  }
  return { fromMs: grid.fromMs, stepMs: grid.stepMs, values: total };
}
