import { median } from "../../dynamics/robust.ts";
import type { Window } from "../../quantity.ts";
import { type Cell, cellsOf, companions } from "./cells.ts";
import type { PlacedSeries } from "./place-series.ts";
import { NO_SHIFT, type SignalShift, type Stretches, shiftOfSignal } from "./signal-shift.ts";
import { type Grid, type StepSeries, valuesIn } from "./step-series.ts";

/** Time of requests at a place, over its usual time: like is compared with like (route, status, instance). */
export interface LatencySignal {
  /** Logarithm of observed over usual time, on the grid. */
  readonly ratio: StepSeries;
  readonly cells: readonly Cell[];
  /** The statistic is (close to) the mean: differences add up along a path. */
  readonly isMean: boolean;
}

const preference = ({ role, series }: PlacedSeries): number =>
  (role.isOutward ? 4 : 0) + (role.tail ?? 0.05) + (series.kind === "distribution" ? -1 : 0);

/** The series of the one statistic that tells most of the mean. */
function bestGroup(all: readonly PlacedSeries[]): readonly PlacedSeries[] {
  const groups = Map.groupBy(all, ({ series, role }) => `${series.metric}|${role.tail}`);
  const ranked = [...groups.values()].sort((a, b) => {
    const [first, other] = [a[0], b[0]];
    if (first === undefined || other === undefined) return 0;
    return preference(first) - preference(other) || b.length - a.length;
  });
  return ranked[0] ?? [];
}

const weightAt = ({ values, weights }: Cell, at: number): number => {
  const value = values[at] ?? Number.NaN;
  if (!Number.isFinite(value)) return 0;
  const weight = weights === undefined ? 1 : (weights[at] ?? 0);
  return Number.isFinite(weight) ? weight : 0;
};

/** The usual value of a cell: its mean in the reference, weighted; the median where it is not weighted. */
function usualOf(cell: Cell, grid: Grid, reference: Window): number {
  const series = { fromMs: grid.fromMs, stepMs: grid.stepMs, values: cell.values };
  if (cell.weights === undefined) return median(valuesIn(series, reference));
  let sum = 0;
  let weight = 0;
  for (let at = 0; at < cell.values.length; at += 1) {
    const endMs = grid.fromMs + at * grid.stepMs;
    if (endMs <= reference.fromMs || endMs > reference.toMs) continue;
    const mine = weightAt(cell, at);
    if (mine === 0) continue;
    sum += mine * (cell.values[at] ?? 0);
    weight += mine;
  }
  return weight > 0 ? sum / weight : Number.NaN;
}

/** Logarithm of observed over usual time for each step, like compared with like. */
export function ratioOf(cells: readonly Cell[], grid: Grid, reference: Window): StepSeries {
  const usual = cells.map((cell) => usualOf(cell, grid, reference));
  const ratio = new Float64Array(grid.length).fill(Number.NaN);
  for (let step = 0; step < grid.length; step += 1) {
    let observed = 0;
    let expected = 0;
    cells.forEach((cell, index) => {
      const normal = usual[index] ?? Number.NaN;
      const weight = weightAt(cell, step);
      if (weight === 0 || !(normal > 0)) return;
      observed += weight * (cell.values[step] ?? 0);
      expected += weight * normal;
    });
    if (expected > 0) ratio[step] = Math.log(Math.max(1e-6, observed / expected));
  }
  return { fromMs: grid.fromMs, stepMs: grid.stepMs, values: ratio };
}

/** Undefined when the place tells no times. */
export function latencySignal(
  latencies: readonly PlacedSeries[],
  traffic: readonly PlacedSeries[],
  at: { readonly grid: Grid; readonly reference: Window },
): LatencySignal | undefined {
  const group = bestGroup(latencies);
  if (group.length === 0) return undefined;
  const { grid, reference } = at;
  const cells = cellsOf(group, grid, companions(traffic));
  return {
    ratio: ratioOf(cells, grid, reference),
    cells,
    isMean: (group[0]?.role.tail ?? 0) < 0.2,
  };
}

export interface LatencyShift {
  readonly shift: SignalShift;
  /** Mean of the incident less the usual mean of the same mix of requests. */
  readonly addedMs: number;
  readonly beforeMs: number;
}

/** How much longer requests took in the incident. */
export function latencyShift(
  { ratio, cells }: LatencySignal,
  stretches: Stretches,
  grid: Grid,
): LatencyShift {
  const shift = shiftOfSignal(ratio, stretches, "logged");
  let before = 0;
  let weight = 0;
  for (const cell of cells) {
    const normal = usualOf(cell, grid, stretches.reference);
    if (!(normal > 0)) continue;
    const weights = cell.weights ?? cell.values.map((value) => (Number.isFinite(value) ? 1 : 0));
    const mine = valuesIn({ ...ratio, values: weights }, stretches.incident);
    const total = mine.reduce((sum, one) => sum + one, 0);
    before += total * normal;
    weight += total;
  }
  if (weight === 0) return { shift: NO_SHIFT, addedMs: 0, beforeMs: Number.NaN };
  const beforeMs = before / weight;
  return { shift, beforeMs, addedMs: beforeMs * (Math.exp(shift.moved) - 1) };
}
