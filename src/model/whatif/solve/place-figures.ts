import type { Place, Problem } from "../problem.ts";

/** What requests of a place come to when exemplars are played. Times in milliseconds. */
export interface PlaceFigures {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly errorRatio: number;
  /** Above the place's threshold, or failed. */
  readonly badRatio: number;
  /** Requests behind them, and how many a second they stand for. */
  readonly nodes: number;
  readonly rate: number;
}

export interface PlayedFigures {
  readonly durationMs: Float64Array;
  readonly failed: Uint8Array;
  /** By node: requests a second like it. */
  readonly weight: Float64Array;
}

/** Nodes of a place in a problem's exemplars. */
export function nodesOf({ program, stations }: Problem, place: Place): Int32Array {
  const operation = program.operations.indexOf(place.id);
  const found: number[] = [];
  program.station.forEach((station, node) => {
    const isHere = place.isOperation
      ? program.operation[node] === operation && operation >= 0
      : station === place.station && stations[station] !== undefined;
    if (isHere) found.push(node);
  });
  return Int32Array.from(found);
}

/** Undefined: no exemplar passes the place. */
export function figuresAt(
  nodes: Int32Array,
  { durationMs, failed, weight }: PlayedFigures,
  slowMs: number,
): PlaceFigures | undefined {
  const rows = [...nodes].filter((node) => (weight[node] ?? 0) > 0);
  if (rows.length === 0) return undefined;
  rows.sort((a, b) => (durationMs[a] ?? 0) - (durationMs[b] ?? 0));
  let [total, ms, errors, bad] = [0, 0, 0, 0];
  for (const node of rows) {
    const times = weight[node] ?? 0;
    const isFailed = failed[node] === 1;
    total += times;
    ms += times * (durationMs[node] ?? 0);
    if (isFailed) errors += times;
    if (isFailed || (durationMs[node] ?? 0) > slowMs) bad += times;
  }
  const quantile = (q: number): number => weightedQuantile(rows, { durationMs, weight, total }, q);
  return {
    mean: ms / total,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
    errorRatio: errors / total,
    badRatio: bad / total,
    nodes: rows.length,
    rate: total,
  };
}

/** Between the middles of neighbours, so that it moves as they do. */
function weightedQuantile(
  rows: readonly number[],
  of: { readonly durationMs: Float64Array; readonly weight: Float64Array; readonly total: number },
  q: number,
): number {
  let before = 0;
  let lastAt = 0;
  let lastMs = of.durationMs[rows[0] ?? 0] ?? 0;
  for (const node of rows) {
    const times = of.weight[node] ?? 0;
    const at = (before + times / 2) / of.total;
    const ms = of.durationMs[node] ?? 0;
    if (at >= q)
      return at === lastAt ? ms : lastMs + ((q - lastAt) / (at - lastAt)) * (ms - lastMs);
    before += times;
    lastAt = at;
    lastMs = ms;
  }
  return lastMs;
}
