import { failsBy, sumOnGrid } from "./cells.ts";
import type { PlacedSeries } from "./place-series.ts";
import { type Grid, onGrid, type StepSeries } from "./step-series.ts";

export interface ErrorSignal {
  /** Share of requests that fail; for a count without requests, its logarithm. */
  readonly values: StepSeries;
  readonly isShare: boolean;
}

/** A name that says that its values are shares. */
const SHARE = /ratio|share|percent|pct|fraction/i;

const asSeries = (grid: Grid, values: Float64Array): StepSeries => ({
  fromMs: grid.fromMs,
  stepMs: grid.stepMs,
  values,
});

/** Mean of shares over series, each scaled to 1. */
function shareSignal(
  group: readonly PlacedSeries[],
  grid: Grid,
  isHealth: boolean,
): ErrorSignal | undefined {
  if (group.length === 0) return undefined;
  const sums = new Float64Array(grid.length);
  const counts = new Float64Array(grid.length);
  for (const { series, role } of group) {
    const full = role.full ?? 1;
    onGrid(grid, series).forEach((value, at) => {
      if (!Number.isFinite(value)) return;
      const share = Math.max(0, Math.min(1, value / full));
      sums[at] = (sums[at] ?? 0) + (isHealth ? 1 - share : share);
      counts[at] = (counts[at] ?? 0) + 1;
    });
  }
  const values = sums.map((sum, at) => {
    const count = counts[at] ?? 0;
    return count > 0 ? sum / count : Number.NaN;
  });
  return { values: asSeries(grid, values), isShare: true };
}

/** Failing over all requests, where a status tells them apart. */
function statusSignal(traffic: readonly PlacedSeries[], grid: Grid): ErrorSignal | undefined {
  const told = traffic.filter(({ series }) => failsBy(series.attributes) !== undefined);
  if (told.length === 0) return undefined;
  const metric = told[0]?.series.metric;
  const group = told.filter(({ series }) => series.metric === metric);
  const all = sumOnGrid(group, grid).values;
  const failing = sumOnGrid(
    group.filter(({ series }) => failsBy(series.attributes) === true),
    grid,
  ).values;
  const values = all.map((total, at) => {
    if (!(total > 0)) return Number.NaN;
    const failed = failing[at] ?? Number.NaN;
    return Number.isFinite(failed) ? failed / total : 0;
  });
  return { values: asSeries(grid, values), isShare: true };
}

function countSignal(
  group: readonly PlacedSeries[],
  requests: StepSeries | undefined,
  grid: Grid,
): ErrorSignal | undefined {
  if (group.length === 0) return undefined;
  const errors = sumOnGrid(group, grid).values;
  if (requests === undefined) {
    return {
      values: asSeries(
        grid,
        errors.map((count) => Math.log1p(Math.max(0, count))),
      ),
      isShare: false,
    };
  }
  const values = errors.map((count, at) => {
    const total = requests.values[at] ?? Number.NaN;
    return total > 0 ? Math.max(0, Math.min(1, count / total)) : Number.NaN;
  });
  return { values: asSeries(grid, values), isShare: true };
}

/** What tells of failures at a place, in order of trust. */
export function errorSignals(
  series: {
    readonly errors: readonly PlacedSeries[];
    readonly health: readonly PlacedSeries[];
    readonly traffic: readonly PlacedSeries[];
  },
  requests: StepSeries | undefined,
  grid: Grid,
): readonly ErrorSignal[] {
  const isShare = ({ series: one, role }: PlacedSeries): boolean =>
    role.full !== undefined || SHARE.test(one.metric);
  const shares = series.errors.filter(isShare);
  const counts = series.errors.filter((one) => !isShare(one));
  return [
    shareSignal(
      series.health.filter(({ role }) => role.full !== undefined),
      grid,
      true,
    ),
    shareSignal(shares, grid, false),
    statusSignal(series.traffic, grid),
    countSignal(counts, requests, grid),
  ].filter((one) => one !== undefined);
}
