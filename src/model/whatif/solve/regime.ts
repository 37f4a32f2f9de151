import type { Problem } from "../problem.ts";
import { type CurveTime, fitCurve, NO_TIME, type StationCurve, timeOn } from "./curve.ts";
import { hostFactorsBySlice } from "./host-share.ts";
import { emptyPlay } from "./play.ts";
import type { Prepared } from "./prepared.ts";
import { type Traffic, trafficOf } from "./traffic.ts";

/** The system as it was in one part of the history: how its stations answer to load, and the traces seen then. */
export interface RegimeState {
  readonly curves: readonly StationCurve[];
  /** By trace: requests a second that it stands for now; 0: not of this part. */
  readonly perTrace: Float64Array;
  /** Of those traces as they were seen. */
  readonly seen: Traffic;
  readonly traces: number;
}

/** A regime with fewer traces of an entry than this borrows those of the other. */
export const TRACES_MIN = 20;

/** By station and slice (`station * slices + slice`): how long work took then, by the curve of that slice's regime. */
export function timesSeen(
  { stations, slices }: Problem,
  curveOf: (station: number, slice: number) => StationCurve | undefined,
  hostSlow: readonly (readonly number[])[],
): readonly CurveTime[] {
  return stations.flatMap(({ rates, replicas, rate }, station) =>
    slices.map((_, slice) => {
      const curve = curveOf(station, slice);
      if (curve === undefined) return NO_TIME;
      const then = rates[slice] ?? Number.NaN;
      const hosts = replicas.map((host) => hostSlow[slice]?.[host] ?? 1);
      return timeOn(curve, { rate: Number.isNaN(then) ? rate : then, hosts, demand: 1 });
    }),
  );
}

/** Fits all stations to some slices. `before`: curves of a calmer time, to which few data are drawn. */
export function fitAll(
  { problem, callVariance }: Prepared,
  at: readonly number[],
  before?: readonly StationCurve[],
): readonly StationCurve[] {
  const hostSlow = hostFactorsBySlice(problem);
  return problem.stations.map((station, index) => {
    const known = before?.[index];
    return fitCurve(station, {
      variance: callVariance[index] ?? Number.NaN,
      at,
      hostsAt: (slice) => {
        const slow = station.replicas.map((host) => hostSlow[slice]?.[host] ?? 1);
        return slow.length === 0 ? 1 : slow.reduce((sum, one) => sum + one, 0) / slow.length;
      },
      ...(known === undefined ? {} : { before: known }),
    });
  });
}

/** Each exemplar of an entry operation stands for an equal part of its requests. */
function perTraceOf(
  { program, entries }: Problem,
  isOf: (slice: number) => boolean,
): { readonly perTrace: Float64Array; readonly traces: number } {
  const own = new Float64Array(entries.length);
  const all = new Float64Array(entries.length);
  program.entries.forEach((entry, trace) => {
    all[entry] = (all[entry] ?? 0) + 1;
    if (isOf(program.slices[trace] ?? 0)) own[entry] = (own[entry] ?? 0) + 1;
  });
  const borrows = own.map((count) => (count < TRACES_MIN ? 1 : 0));
  const perTrace = Float64Array.from(program.entries, (entry, trace) => {
    const rate = entries[entry]?.rate ?? 0;
    if (borrows[entry] === 1) return rate / Math.max(1, all[entry] ?? 1);
    return isOf(program.slices[trace] ?? 0) ? rate / Math.max(1, own[entry] ?? 1) : 0;
  });
  return { perTrace, traces: own.reduce((sum, one) => sum + one, 0) };
}

export function regimeState(
  of: Prepared,
  curves: readonly StationCurve[],
  isOf: (slice: number) => boolean,
): RegimeState {
  const { perTrace, traces } = perTraceOf(of.problem, isOf);
  const seen = trafficOf(of, emptyPlay(of.problem), { perTrace });
  return { curves, perTrace, seen, traces };
}
