import { queueFactor } from "../../dynamics/erlang.ts";
import { entityType } from "../../entity.ts";
import type { Station } from "../problem.ts";
import { type Serial, serialBehind, serialWait } from "./serial.ts";

/** How much of a full queue's wait a balanced replica sees: what is believed before the history has spoken. */
const KAPPA = { prior: 0.8, sd: 0.35, low: 0.15, high: 2.5 } as const;
/** Nearer to full than this, a queue is not in the state that a mean describes. */
const BUSY_FITTED_MAX = 0.93;
/** Above this share of its places a queue grows for minutes by chance alone; half of five minutes' worth is met. */
const RESTLESS = 0.96;
const PILE_MS = 150_000;
/** Own times of single requests vary about as much as their mean. */
const SELF_CV = 1;

/** Without a known capacity: what is believed before the history has spoken. An outside party has room for everybody. */
const ELASTICITY = { prior: 0.15, sd: 0.15, high: 1 } as const;
/** A load below this part of the one seen makes nothing faster. */
const LOAD_MIN = 0.1;

/** What decides how long a station works on a request. */
export interface StationState {
  /** Requests a second, of all replicas together. */
  readonly rate: number;
  /** How much longer work takes on the host of each replica. */
  readonly hosts: readonly number[];
  /** Of work by the history's mean. */
  readonly demand: number;
}

/** How a station answers to load. */
export type StationCurve = {
  /** Own time that no load changes. */
  readonly fixedMs: number;
  readonly serial: Serial | undefined;
  /** Weight of the queue's wait, as fitted with so many replicas. */
  readonly kappa: number;
  readonly kappaSd: number;
  readonly fittedReplicas: number;
} & (
  | {
      readonly type: "cores" /** Core milliseconds of a request. */;
      readonly workMs: number;
      readonly places: number;
    }
  | { readonly type: "workers"; readonly workMs: number; readonly places: number }
  | {
      readonly type: "flat";
      readonly workMs: number;
      /** How much longer work takes, as a power of the load: what is known where no capacity is. */
      readonly elasticity: number;
      /** Requests a second of one replica, when it took `workMs`. */
      readonly perReplica: number;
    }
);

export interface CurveTime {
  readonly selfMs: number;
  /** Variance over squared mean of own times that vary by as much as their mean when nobody waits. */
  readonly variation: number;
  /** Share of the places in use; above 1 there is no steady state. NaN: not known. */
  readonly busy: number;
  /** The same of what only one call has at a time, as far as can be told; 0: there is none. */
  readonly serialBusy: number;
}

/** One queue has nobody to share with; the more there are, the more evenly they are asked. */
const BALANCE = [1, 1, 0.78, 0.7, 0.65] as const;
const balanceOf = (replicas: number): number =>
  BALANCE[Math.min(replicas, BALANCE.length - 1)] ?? 1;

/** The queue's weight with another number of replicas. */
export function kappaWith(curve: StationCurve, replicas: number): number {
  if (replicas === curve.fittedReplicas) return curve.kappa;
  return (curve.kappa * balanceOf(replicas)) / balanceOf(curve.fittedReplicas);
}

/** Mean own time in a state. */
export function timeOn(curve: StationCurve, { rate, hosts, demand }: StationState): CurveTime {
  const replicas = Math.max(1, hosts.length);
  const slow = hosts.length === 0 ? 1 : hosts.reduce((sum, one) => sum + one, 0) / hosts.length;
  const plain = plainTime(curve, { perReplica: rate / replicas, replicas, demand, slow });
  if (curve.serial === undefined) return plain;
  const serial = serialWait(curve.serial, { holdMs: plain.selfMs, rate: rate / replicas });
  return { ...plain, selfMs: plain.selfMs + serial.waitMs, serialBusy: serial.busy };
}

function plainTime(
  curve: StationCurve,
  at: {
    readonly perReplica: number;
    readonly replicas: number;
    readonly demand: number;
    readonly slow: number;
  },
): CurveTime {
  const work = curve.workMs * at.demand;
  if (curve.type === "flat") {
    const load = curve.perReplica > 0 ? at.perReplica / curve.perReplica : 1;
    return { ...NO_TIME, selfMs: work * at.slow * Math.max(LOAD_MIN, load) ** curve.elasticity };
  }
  const busy = (at.perReplica * work) / 1000 / curve.places;
  // Less than one core: the work itself takes longer.
  const alone = (work / Math.min(1, curve.places)) * at.slow;
  const wait = kappaWith(curve, at.replicas) * queueFactor(curve.places, busy);
  // Of processor sharing with as much waiting: E[T²] / E[T]² = 4 / (2 − ρ) where E[T] = work / (1 − ρ).
  const crowding = wait / (1 + wait);
  const variation = (2 + crowding) / (2 - crowding);
  const selfMs = alone * (1 + wait) + curve.fixedMs * at.demand + backlogMs(busy);
  return { selfMs, busy, variation, serialBusy: 0 };
}

/** Of a station of which nothing is known. */
export const NO_TIME: CurveTime = { selfMs: 0, busy: Number.NaN, variation: 1, serialBusy: 0 };

/** What piles up in a queue that is nearly full, or fuller: it has not come to rest within minutes. */
function backlogMs(busy: number): number {
  return Math.max(0, Math.min(1, busy - RESTLESS)) * PILE_MS;
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, one) => sum + one, 0) / values.length;

const knownMean = (values: Float64Array, at: readonly number[]): number =>
  meanOf(at.map((index) => values[index] ?? Number.NaN).filter((one) => !Number.isNaN(one)));

/** Core milliseconds of one request over some slices; undefined: not measured. */
function cpuPerRequest(station: Station, at: readonly number[]): number | undefined {
  let cores = 0;
  let rate = 0;
  for (const index of at) {
    const used = station.cpu[index] ?? Number.NaN;
    const requests = station.rates[index] ?? Number.NaN;
    if (Number.isNaN(used) || Number.isNaN(requests)) continue;
    cores += used;
    rate += requests;
  }
  return rate > 0 && cores > 0 ? (1000 * cores) / rate : undefined;
}

/** Which part of the history a curve is fitted to, and how much longer work took then on the station's hosts. */
export interface FitInput {
  /** Of a store's calls; NaN: not known. */
  readonly variance: number;
  readonly at: readonly number[];
  readonly hostsAt: (slice: number) => number;
  /** The curve of a calmer time: few data are drawn to it. */
  readonly before?: StationCurve;
}

/** Fits a station's curve to some slices of the history. */
export function fitCurve(station: Station, input: FitInput): StationCurve {
  const { at } = input;
  const replicas = Math.max(1, station.replicas.length);
  const rate = knownMean(station.rates, at);
  const selfMs = station.selfMs * meanRelative(station, at);
  const base = {
    serial: undefined,
    kappaSd: KAPPA.sd,
    kappa: KAPPA.prior,
    fittedReplicas: replicas,
  };
  const workMs = cpuPerRequest(station, at);
  if (workMs !== undefined && station.cores !== undefined) {
    const known = { workMs, places: station.cores };
    const busy = (rate * workMs) / 1000 / replicas / station.cores;
    const queued = workMs * (1 + KAPPA.prior * queueFactor(station.cores, busy));
    const evidence = {
      variance: input.variance,
      meanMs: selfMs,
      workMs: queued,
      rate: rate / replicas,
    };
    const serial = station.type === "store" ? serialBehind(evidence) : undefined;
    const waits = fitWaits(station, input, { ...known, serial });
    return { ...base, ...known, type: "cores", serial, ...waits };
  }
  if (station.workers !== undefined && (station.held === "work" || station.type === "store")) {
    const work = serviceMs(selfMs, { places: station.workers, perReplica: rate / replicas });
    return {
      ...base,
      kappa: 1,
      type: "workers",
      workMs: work,
      places: station.workers,
      fixedMs: 0,
    };
  }
  return {
    ...base,
    type: "flat",
    workMs: selfMs,
    fixedMs: 0,
    elasticity: elasticityOf(station, at),
    perReplica: rate > 0 ? rate / replicas : 0,
  };
}

/** Slope of the logarithm of own time on that of the load over the history, drawn to what is believed without it. */
function elasticityOf(station: Station, at: readonly number[]): number {
  if (entityType(station.id) === "external") return 0;
  const precision = 1 / ELASTICITY.sd ** 2;
  const mean = knownMean(station.rates, at);
  let [xx, xy] = [precision, precision * ELASTICITY.prior];
  for (const index of at) {
    const x = Math.log((station.rates[index] ?? Number.NaN) / mean);
    const y = Math.log(station.relative[index] ?? Number.NaN);
    const weight = (station.counts[index] ?? 0) / SELF_CV ** 2;
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    xx += weight * x * x;
    xy += weight * x * y;
  }
  return Math.min(ELASTICITY.high, Math.max(0, xy / xx));
}

function meanRelative(station: Station, at: readonly number[]): number {
  let sum = 0;
  let count = 0;
  for (const index of at) {
    const relative = station.relative[index] ?? Number.NaN;
    const n = station.counts[index] ?? 0;
    if (Number.isNaN(relative)) continue;
    sum += relative * n;
    count += n;
  }
  return count > 0 ? sum / count : 1;
}

interface Waits {
  readonly kappa: number;
  readonly kappaSd: number;
  readonly fixedMs: number;
}

/** What own time has beyond the work: a queue's wait with its weight, and what no load changes. */
function fitWaits(
  station: Station,
  { at, hostsAt, before }: FitInput,
  known: { readonly workMs: number; readonly places: number; readonly serial: Serial | undefined },
): Waits {
  const alone = known.workMs / Math.min(1, known.places);
  const replicas = Math.max(1, station.replicas.length);
  const rows = at.flatMap((index): readonly Row[] => {
    const relative = station.relative[index] ?? Number.NaN;
    const rate = station.rates[index] ?? Number.NaN;
    const n = station.counts[index] ?? 0;
    if (Number.isNaN(relative) || Number.isNaN(rate) || n < 2) return [];
    const slow = hostsAt(index);
    const observed = relative * station.selfMs;
    const busy = (rate * known.workMs) / 1000 / replicas / known.places;
    // Full queues tell of the backlog, not of the station.
    if (busy > BUSY_FITTED_MAX) return [];
    const serial =
      known.serial === undefined
        ? 0
        : serialWait(known.serial, { holdMs: observed, rate: rate / replicas }).waitMs;
    const sd = (SELF_CV * observed) / Math.sqrt(n);
    return [
      {
        x: alone * slow * queueFactor(known.places, busy),
        y: observed - serial - alone * slow,
        weight: 1 / (sd * sd + 1e-9),
      },
    ];
  });
  if (rows.length === 0 && before !== undefined)
    return { kappa: before.kappa, kappaSd: before.kappaSd, fixedMs: before.fixedMs };
  const prior =
    before === undefined
      ? { kappa: KAPPA.prior, sd: KAPPA.sd }
      : { kappa: before.kappa, sd: Math.min(KAPPA.sd, 2 * before.kappaSd) };
  const free = ridge(rows, prior);
  const fitted = free.fixedMs >= 0 ? free : throughOrigin(rows, prior);
  return {
    kappa: Math.min(KAPPA.high, Math.max(KAPPA.low, fitted.kappa)),
    kappaSd: fitted.kappaSd,
    fixedMs: Math.max(0, fitted.fixedMs),
  };
}

interface Row {
  readonly x: number;
  readonly y: number;
  readonly weight: number;
}

interface Prior {
  readonly kappa: number;
  readonly sd: number;
}

/** Slope with its prior, and intercept. */
function ridge(rows: readonly Row[], prior: Prior): Waits {
  const weight = rows.reduce((sum, row) => sum + row.weight, 0);
  if (weight === 0) return { kappa: prior.kappa, fixedMs: 0, kappaSd: prior.sd };
  const meanX = rows.reduce((sum, row) => sum + row.weight * row.x, 0) / weight;
  const meanY = rows.reduce((sum, row) => sum + row.weight * row.y, 0) / weight;
  const sxx = rows.reduce((sum, row) => sum + row.weight * (row.x - meanX) ** 2, 0);
  const sxy = rows.reduce((sum, row) => sum + row.weight * (row.x - meanX) * (row.y - meanY), 0);
  const precision = 1 / (prior.sd * prior.sd);
  const kappa = (sxy + precision * prior.kappa) / (sxx + precision);
  return { kappa, fixedMs: meanY - kappa * meanX, kappaSd: 1 / Math.sqrt(sxx + precision) };
}

function throughOrigin(rows: readonly Row[], prior: Prior): Waits {
  const sxx = rows.reduce((sum, row) => sum + row.weight * row.x * row.x, 0);
  const sxy = rows.reduce((sum, row) => sum + row.weight * row.x * row.y, 0);
  const precision = 1 / (prior.sd * prior.sd);
  return {
    kappa: (sxy + precision * prior.kappa) / (sxx + precision),
    fixedMs: 0,
    kappaSd: 1 / Math.sqrt(sxx + precision),
  };
}

/** The service time without the wait for a free place that gives the mean own time seen: the sum grows with it. */
function serviceMs(
  selfMs: number,
  { places, perReplica }: { readonly places: number; readonly perReplica: number },
): number {
  let low = 0;
  let high = selfMs;
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    const busy = (perReplica * middle) / 1000 / places;
    if (middle * (1 + queueFactor(places, busy)) > selfMs) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
