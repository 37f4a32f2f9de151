import { indexRange } from "../../dynamics/columns.ts";
import type { EntityId } from "../../entity.ts";
import type { Window } from "../../quantity.ts";
import type { EntryWindow, StationWindow, WorldView } from "../../view.ts";
import type { Observed, Place, Regime, Slice } from "../problem.ts";
import { type Counted, countedBy } from "./counted.ts";
import { MergedQuantiles } from "./merged-quantiles.ts";

/** What was seen longer ago says less of now than what it adds in numbers. */
const SEEN_MS = 10 * 60_000;
/** Means that differ by more are not of the same requests. */
const SCALE_MAX = 1.6;

export interface PlaceInput {
  readonly view: WorldView;
  readonly slices: readonly Slice[];
  readonly sampling: number;
  readonly indexOf: ReadonlyMap<EntityId, number>;
  readonly entries: readonly EntryWindow[];
}

/** An operation that is served, or a whole service. Undefined: it was not seen. */
export function describePlace(id: EntityId, input: PlaceInput): Place | undefined {
  const { view, indexOf, slices } = input;
  const isOperation = id.startsWith("operation:");
  const seenIn = (regime: Regime): Seen | undefined => {
    const window = windowOf(slices, regime);
    return window === undefined ? undefined : see(input, id, window);
  };
  const now = seenIn("now");
  const healthy = seenIn("healthy");
  const known = now ?? healthy;
  const station = known === undefined ? undefined : indexOf.get(known.service);
  if (known === undefined || station === undefined) return undefined;
  const slo = view.slos().find((one) => id === `operation:${one.service} ${one.operation}`);
  const normal = healthy ?? known;
  const slowMs =
    slo === undefined
      ? normal.quantiles.quantile(0.99) * SLOW_FACTOR
      : (slo.latencyThresholdMs ?? Number.POSITIVE_INFINITY);
  return {
    id,
    station,
    isOperation,
    isEntry: input.entries.some((one) => one.operation === id || one.service === id),
    slowMs,
    ...(now === undefined ? {} : { now: observedOf(now, slowMs, input.sampling) }),
    ...(healthy === undefined ? {} : { healthy: observedOf(healthy, slowMs, input.sampling) }),
  };
}

/** Without an objective, slow is half more than what one in a hundred took. */
const SLOW_FACTOR = 1.5;

/** The newest stretch of slices of a regime. */
function windowOf(slices: readonly Slice[], regime: Regime): Window | undefined {
  const own = slices.filter((slice) => slice.regime === regime);
  const toMs = own.at(-1)?.toMs;
  if (toMs === undefined) return undefined;
  const recent = own.filter((slice) => slice.fromMs >= toMs - SEEN_MS);
  return { fromMs: recent[0]?.fromMs ?? toMs, toMs };
}

const isOf = (id: EntityId, { service, operation }: StationWindow): boolean =>
  operation === id || service === id;

interface Seen {
  readonly service: EntityId;
  readonly count: number;
  readonly errors: number;
  readonly meanMs: number;
  readonly quantiles: MergedQuantiles;
  /** By the service's own metrics. */
  readonly counted: Counted | undefined;
}

/** Undefined: no requests in the window. */
function see({ view }: PlaceInput, id: EntityId, window: Window): Seen | undefined {
  const stations = view.stations(window).filter((one) => isOf(id, one));
  const [first] = stations;
  if (first === undefined) return undefined;
  let [count, errors, ms] = [0, 0, 0];
  for (const one of stations) {
    const { from, to } = indexRange(one, window);
    for (let at = from; at < to; at += 1) {
      count += one.count[at] ?? 0;
      errors += one.errors[at] ?? 0;
      ms += one.durationMsSum[at] ?? 0;
    }
  }
  if (count === 0) return undefined;
  const { service } = first;
  return {
    service,
    count,
    errors,
    meanMs: ms / count,
    quantiles: new MergedQuantiles(stations.map((one) => one.duration)),
    counted: countedBy(view, service, { window, operation: service === id ? undefined : id }),
  };
}

/** Sampled traces have a mean of their own by chance; where all requests are counted, theirs is the true one. */
function observedOf(seen: Seen, slowMs: number, sampling: number): Observed {
  const { count, counted, quantiles, meanMs } = seen;
  const all = counted !== undefined && counted.requests > count ? counted : undefined;
  const scale = all === undefined ? 1 : all.meanMs / meanMs;
  const trusted = scale < SCALE_MAX && scale > 1 / SCALE_MAX ? scale : 1;
  return {
    sampled: count,
    requests: all?.requests ?? count / sampling,
    errorRatio: all === undefined ? seen.errors / count : all.errors / all.requests,
    slowRatio: quantiles.above(slowMs / trusted),
    mean: meanMs * trusted,
    p50: quantiles.quantile(0.5) * trusted,
    p95: quantiles.quantile(0.95) * trusted,
    p99: quantiles.quantile(0.99) * trusted,
    noise: {
      mean: variationOf(quantiles),
      p50: noiseOf(quantiles, 0.5),
      p95: noiseOf(quantiles, 0.95),
      p99: noiseOf(quantiles, 0.99),
    },
    isCounted: trusted !== 1,
  };
}

/** Steps of the distribution that a variance is read from. */
const STEPS = 40;

/** Standard deviation over mean. */
function variationOf(quantiles: MergedQuantiles): number {
  const values = Array.from({ length: STEPS }, (_, at) => quantiles.quantile((at + 0.5) / STEPS));
  const mean = values.reduce((sum, one) => sum + one, 0) / STEPS;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / STEPS;
  return mean > 0 ? Math.sqrt(variance) / mean : 0;
}

/** By the order statistics to either side: how far the ranks of this quantile scatter, and what values stand there. */
function noiseOf(quantiles: MergedQuantiles, q: number): number {
  const count = Math.max(20, quantiles.count);
  const scatter = Math.sqrt((q * (1 - q)) / count);
  const [low, high] = [Math.max(0.5 / count, q - scatter), Math.min(1 - 0.5 / count, q + scatter)];
  const log = Math.log(quantiles.quantile(high) / quantiles.quantile(low));
  const width = high - low;
  return width > 0 ? (log / width) * Math.sqrt(q * (1 - q)) : 0;
}
