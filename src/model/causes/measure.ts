import { addAligned, indexRange } from "../dynamics/columns.ts";
import { median, spread } from "../dynamics/robust.ts";
import type { Stretch } from "../dynamics/stretch.ts";
import { BUCKET_MS, type Buckets, type EdgeWindow, type StationWindow } from "../view.ts";

/** A count and a time total per operation, in the healthy window and in the incident. */
interface Cell {
  countHealthy: number;
  countIncident: number;
  msHealthy: number;
  msIncident: number;
}

/** How one group of work (a service, an instance, a link) moved from the healthy window to the incident. */
export interface Shift {
  /** Observations with a time in each window. */
  readonly countHealthy: number;
  readonly countIncident: number;
  /** Mean milliseconds; the healthy mean is re-weighted to the incident's mix of operations. */
  readonly meanHealthyMs: number;
  readonly meanIncidentMs: number;
  /** Incident over healthy; 1 when it cannot be told. */
  readonly ratio: number;
  /** Robust standard score of the ratio, shrunk by sample size; negative when it became faster. */
  readonly score: number;
  readonly onsetMs?: number;
  /** Requests or calls a second. */
  readonly rateHealthy: number;
  readonly rateIncident: number;
  /** Share of requests whose failure began here. */
  readonly errorHealthy: number;
  readonly errorIncident: number;
  readonly errorScore: number;
}

/** One set of columns of a group: its operation names the cell in which like is compared with like. */
export interface Piece {
  readonly operation: string;
  readonly buckets: Buckets;
  readonly count: Float64Array;
  readonly errors: Float64Array;
  readonly ms: Float64Array;
  readonly msCount: Float64Array;
}

export function stationPiece(station: StationWindow): Piece {
  return {
    operation: station.operation,
    buckets: station,
    count: station.count,
    errors: station.originErrors,
    ms: station.selfMsSum,
    msCount: station.selfCount,
  };
}

export function edgePiece(edge: EdgeWindow): Piece {
  return {
    operation: edge.calleeOperation,
    buckets: edge,
    count: edge.count,
    errors: edge.originErrors,
    ms: edge.gapMsSum,
    msCount: edge.gapCount,
  };
}

/** Fewer observations than this in the healthy window say nothing about what is normal. */
const CELL_MIN = 5;
/** Two ratios closer than this cannot be told apart, whatever their noise: 6 %. */
const SCALE_FLOOR = 0.06;
/** A bucket with fewer observations is too noisy for an onset. */
const BUCKET_MIN = 2;
const ONSET_SCORE = 3.5;

interface Totals {
  readonly window: { healthy: number; incident: number };
  readonly errors: { healthy: number; incident: number };
}

function sum(column: Float64Array, range: { from: number; to: number }): number {
  let total = 0;
  for (let index = range.from; index < range.to; index += 1) total += column[index] ?? 0;
  return total;
}

function cellsOf(pieces: readonly Piece[], stretch: Stretch): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const piece of pieces) {
    const healthy = indexRange(piece.buckets, stretch.healthy);
    const incident = indexRange(piece.buckets, stretch.incident);
    const cell = cells.get(piece.operation) ?? {
      countHealthy: 0,
      countIncident: 0,
      msHealthy: 0,
      msIncident: 0,
    };
    cell.countHealthy += sum(piece.msCount, healthy);
    cell.countIncident += sum(piece.msCount, incident);
    cell.msHealthy += sum(piece.ms, healthy);
    cell.msIncident += sum(piece.ms, incident);
    cells.set(piece.operation, cell);
  }
  return cells;
}

function totalsOf(pieces: readonly Piece[], stretch: Stretch): Totals {
  const window = { healthy: 0, incident: 0 };
  const errors = { healthy: 0, incident: 0 };
  for (const piece of pieces) {
    for (const which of ["healthy", "incident"] as const) {
      const range = indexRange(piece.buckets, stretch[which]);
      window[which] += sum(piece.count, range);
      errors[which] += sum(piece.errors, range);
    }
  }
  return { window, errors };
}

/** Log of observed over expected time per bucket, with the bucket's observations. */
function bucketRatios(
  pieces: readonly Piece[],
  stretch: Stretch,
  expectedMs: (operation: string) => number,
): { readonly log: Float64Array; readonly weight: Float64Array } {
  const length = Math.round((stretch.history.toMs - stretch.history.fromMs) / BUCKET_MS);
  const observed = new Float64Array(length);
  const expected = new Float64Array(length);
  const weight = new Float64Array(length);
  for (const piece of pieces) {
    const each = expectedMs(piece.operation);
    if (!(each > 0)) continue;
    const { buckets } = piece;
    addAligned(observed, stretch.history.fromMs, { buckets, column: piece.ms });
    addAligned(weight, stretch.history.fromMs, { buckets, column: piece.msCount });
    addAligned(expected, stretch.history.fromMs, {
      buckets,
      column: piece.msCount.map((count) => count * each),
    });
  }
  const log = observed.map((ms, index) =>
    (weight[index] ?? 0) >= BUCKET_MIN
      ? Math.log((ms + 0.02) / ((expected[index] ?? 0) + 0.02))
      : Number.NaN,
  );
  return { log, weight };
}

/** First of two consecutive clear buckets at or after (a little before) the symptom's onset. */
function onsetIn(
  scores: (index: number) => number,
  range: { from: number; to: number },
  fromMs: number,
): number | undefined {
  for (let index = range.from; index < range.to; index += 1) {
    if (scores(index) < ONSET_SCORE) continue;
    if (index + 1 >= range.to || scores(index + 1) > ONSET_SCORE / 2) {
      return fromMs + index * BUCKET_MS;
    }
  }
  return undefined;
}

/** Looks this long before the symptom for the onset of its cause. */
const LEAD_MS = 30_000;

/** Compares a group's work in the incident with its healthy self. `prior` lends a normal to a group without its own past. */
export function shiftOf(
  pieces: readonly Piece[],
  stretch: Stretch,
  prior?: (operation: string) => number | undefined,
): Shift {
  const cells = cellsOf(pieces, stretch);
  const normal = (operation: string): number => {
    const cell = cells.get(operation);
    if (cell !== undefined && cell.countHealthy >= CELL_MIN)
      return cell.msHealthy / cell.countHealthy;
    return prior?.(operation) ?? Number.NaN;
  };
  let observed = 0;
  let expected = 0;
  let countIncident = 0;
  let countHealthy = 0;
  for (const [operation, cell] of cells) {
    countHealthy += cell.countHealthy;
    const each = normal(operation);
    if (!(each >= 0)) continue;
    observed += cell.msIncident;
    expected += cell.countIncident * each;
    countIncident += cell.countIncident;
  }
  const { log } = bucketRatios(pieces, stretch, normal);
  const grid = { fromMs: stretch.history.fromMs, length: log.length };
  const healthy = indexRange(grid, stretch.healthy);
  const incident = indexRange(grid, stretch.incident);
  const past = Array.from(log.subarray(healthy.from, healthy.to)).filter(Number.isFinite);
  const center = past.length >= 3 ? median(past) : 0;
  const scale = Math.max(SCALE_FLOOR, past.length >= 3 ? spread(past, center) : 0.15);
  const now = Array.from(log.subarray(incident.from, incident.to)).filter(Number.isFinite);
  const z = now.length === 0 ? 0 : (median(now) - center) / scale;
  const lead = indexRange(grid, { fromMs: stretch.onsetMs - LEAD_MS, toMs: stretch.incident.toMs });
  const onsetMs = onsetIn((i) => ((log[i] ?? Number.NaN) - center) / scale, lead, grid.fromMs);
  const totals = totalsOf(pieces, stretch);
  return {
    countHealthy,
    countIncident,
    meanHealthyMs: countIncident > 0 ? expected / countIncident : Number.NaN,
    meanIncidentMs: countIncident > 0 ? observed / countIncident : Number.NaN,
    ratio: expected > 0 ? (observed + 0.02 * countIncident) / (expected + 0.02 * countIncident) : 1,
    score: (z * countIncident) / (countIncident + 8),
    ...(onsetMs === undefined ? {} : { onsetMs }),
    rateHealthy: totals.window.healthy / stretch.healthySeconds,
    rateIncident: totals.window.incident / stretch.incidentSeconds,
    ...errorShift(totals),
  };
}

function errorShift({
  window,
  errors,
}: Totals): Pick<Shift, "errorHealthy" | "errorIncident" | "errorScore"> {
  const before = window.healthy > 0 ? errors.healthy / window.healthy : 0;
  const after = window.incident > 0 ? errors.incident / window.incident : 0;
  const normal = (errors.healthy + 0.5) / (window.healthy + 1);
  const sd = Math.sqrt((normal * (1 - normal)) / Math.max(1, window.incident));
  const score =
    window.incident > 0 ? (after - before) / Math.max(sd, 0.5 / (window.incident + 1)) : 0;
  return { errorHealthy: before, errorIncident: after, errorScore: score };
}

/** Mean healthy milliseconds per operation over all of a group's pieces: the past that a new instance inherits. */
export function healthyMeans(
  pieces: readonly Piece[],
  stretch: Stretch,
): (operation: string) => number | undefined {
  const cells = cellsOf(pieces, stretch);
  return (operation) => {
    const cell = cells.get(operation);
    return cell !== undefined && cell.countHealthy >= CELL_MIN
      ? cell.msHealthy / cell.countHealthy
      : undefined;
  };
}

export function groupBy<T>(
  items: readonly T[],
  key: (item: T) => string | undefined,
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    if (name === undefined) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
