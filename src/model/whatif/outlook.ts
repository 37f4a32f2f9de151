import { impactsOf } from "../causes/impact.ts";
import type { Picture } from "../causes/picture.ts";
import { quantileOf, seededRandom } from "../dynamics/robust.ts";
import { loadFactor } from "../dynamics/station.ts";
import type { EdgeId, EntityId } from "../entity.ts";
import type { Effect, Situation } from "./effect.ts";
import type { Values } from "./interval.ts";
import { compile, type Exemplar, type ReplayChange, replay } from "./replay.ts";

/** Limit: exemplar traces played for one operation. */
const EXEMPLARS_MAX = 200;
/** Exemplars below which no number is given. */
export const EXEMPLARS_MIN = 12;
const DRAWS = 40;
/** A place that adds less than this share to the trouble is noise. */
const SHARE_MIN = 0.04;

export interface Queues {
  readonly factor: ReadonlyMap<EntityId, number>;
  readonly saturated: readonly EntityId[];
  readonly utilisation: readonly { entity: EntityId; before: number; after: number }[];
}

/** New queueing at every station whose capacity is known. */
export function queuesAfter(situation: Situation, effect: Effect): Queues {
  const factor = new Map<EntityId, number>();
  const saturated: EntityId[] = [];
  const busy: { entity: EntityId; before: number; after: number }[] = [];
  for (const [service, station] of situation.stations) {
    const replicas = effect.replicas.get(service);
    const demand = effect.demand.get(service);
    const moved = replicas !== undefined || demand !== undefined || effect.load !== 1;
    if (!moved) continue;
    const own = picture(situation, service);
    // A repaired station queues as a healthy one: its demand shrinks with its deviation.
    const repaired = effect.repaired.has(service) ? 1 / Math.max(1, own) : 1;
    const after = loadFactor(station, {
      rate: station.rate * effect.load,
      replicas: replicas ?? station.capacity.replicas,
      demand: (demand ?? 1) * repaired,
    });
    factor.set(service, after.factor / repaired);
    if (after.saturates) saturated.push(service);
    if (station.utilisation !== undefined && Number.isFinite(after.utilisation)) {
      busy.push({ entity: service, before: station.utilisation, after: after.utilisation });
    }
  }
  return { factor, saturated, utilisation: busy };
}

const picture = (situation: Situation, service: EntityId): number =>
  situation.picture.services.get(service)?.shift.ratio ?? 1;

const bounded = (ratio: number | undefined): number =>
  ratio === undefined || !Number.isFinite(ratio) ? 1 : Math.max(0.2, Math.min(500, ratio));

/** The places whose deviation stays: what adds noticeably, is not repaired, and does not merely wait for what is. */
export function staying(
  current: Picture,
  effect: Effect,
): {
  readonly places: ReadonlySet<EntityId | EdgeId>;
  readonly fixedFailures: number;
  readonly fixedTime: number;
} {
  const impacts = impactsOf(current);
  const total = impacts.reduce((sum, one) => sum + one.addedMs + one.loadMs, 0);
  const failures = impacts.reduce((sum, one) => sum + one.addedFailures, 0);
  const time = (one: (typeof impacts)[number]): number => one.addedMs + one.loadMs;
  const share = (one: (typeof impacts)[number]): number => mendedShare(current, one.place, effect);
  const fixedTime =
    total > 0 ? impacts.reduce((sum, one) => sum + time(one) * share(one), 0) / total : 0;
  const upstream = fixedTime > 0.1 ? callersOf(current, effect) : new Set<string>();
  const places = new Set<EntityId | EdgeId>();
  let fixed = 0;
  for (const one of impacts) {
    const gone = effect.repaired.has(one.place) || upstream.has(one.place);
    fixed += one.addedFailures * (gone ? 1 : share(one));
    if (gone) continue;
    if (time(one) >= SHARE_MIN * total) places.add(one.place);
  }
  return { places, fixedFailures: failures > 0 ? fixed / failures : fixedTime, fixedTime };
}

/** Services above a repaired one, and the links between: their waits end with it. */
function callersOf(current: Picture, effect: Effect): ReadonlySet<string> {
  const above = new Set<string>();
  const queue = [...effect.repaired].filter((place) => current.services.has(place as EntityId));
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const edge of current.edges.values()) {
      if (edge.callee !== at || above.has(edge.caller)) continue;
      above.add(edge.caller);
      above.add(edge.id);
      queue.push(edge.caller);
    }
  }
  return above;
}

/** Healthy traces played so that the given places deviate as they do now; a mended instance does not. */
export function deviating(
  current: Picture,
  keep: (place: EntityId | EdgeId) => boolean,
  mended: ReadonlySet<EntityId | EdgeId>,
): ReplayChange {
  return {
    self: (service, span) => {
      if (!keep(service) || (span.instance !== undefined && mended.has(span.instance))) return 1;
      const known = current.services.get(service);
      const instance =
        span.instance === undefined ? undefined : known?.instances.get(span.instance);
      const shift = instance !== undefined && instance.countIncident >= 8 ? instance : known?.shift;
      return bounded(shift?.ratio);
    },
    gap: (edge) => (keep(edge) ? bounded(current.edges.get(edge)?.shift.ratio) : 1),
  };
}

/** Share of a service's added time that comes from its mended instances. */
function mendedShare(current: Picture, place: EntityId | EdgeId, effect: Effect): number {
  if (effect.repaired.has(place)) return 1;
  const instances = current.services.get(place as EntityId)?.instances ?? new Map();
  let all = 0;
  let mended = 0;
  for (const [instance, shift] of instances) {
    const added = Math.max(0, shift.meanIncidentMs - shift.meanHealthyMs) * shift.countIncident;
    if (!Number.isFinite(added)) continue;
    all += added;
    if (effect.repaired.has(instance)) mended += added;
  }
  return all > 0 ? mended / all : 0;
}

export function withQueues(base: ReplayChange, effect: Effect, queues: Queues): ReplayChange {
  return {
    self: (service, span) =>
      base.self(service, span) *
      (queues.factor.get(service) ?? 1) *
      (effect.self.get(service) ?? 1),
    gap: base.gap,
    timeoutMs: (edge) => effect.timeoutMs.get(edge),
    attemptsMax: (edge) => effect.attempts.get(edge),
  };
}

export function exemplarsOf(current: Picture, operation: EntityId): readonly Exemplar[] {
  const { view, stretch } = current;
  const window = stretch.deviates
    ? stretch.healthy
    : { ...stretch.healthy, toMs: stretch.incident.toMs };
  return view
    .traces({ window, operation, reservoir: "uniform", limit: EXEMPLARS_MAX })
    .flatMap((trace) => compile(trace) ?? []);
}

/** Statistics of two plays of the same exemplars, relative to each other, with the bootstrap's spread. */
export interface Comparison {
  readonly factor: Readonly<Record<"mean" | "p50" | "p95", number>>;
  /** Standard deviation of the log of each factor over bootstrap draws. */
  readonly spread: Readonly<Record<"mean" | "p50" | "p95", number>>;
  /** Change of the share of requests slower than the threshold. */
  readonly slowRise: number;
}

function statistics(values: readonly number[]): Record<"mean" | "p50" | "p95", number> {
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length),
    p50: quantileOf(values, 0.5),
    p95: quantileOf(values, 0.95),
  };
}

export function compare(
  exemplars: readonly Exemplar[],
  plays: { readonly before: ReplayChange; readonly after: ReplayChange },
  options: { readonly slowMs: number; readonly seed: number },
): Comparison {
  const before = exemplars.map((one) => replay(one, plays.before));
  const after = exemplars.map((one) => replay(one, plays.after));
  const ratio = (a: readonly number[], b: readonly number[]) => {
    const from = statistics(b);
    const to = statistics(a);
    const over = (key: "mean" | "p50" | "p95"): number =>
      Math.max(0.01, to[key]) / Math.max(0.01, from[key]);
    return { mean: over("mean"), p50: over("p50"), p95: over("p95") };
  };
  const random = seededRandom(options.seed);
  const draws = Array.from({ length: DRAWS }, () => {
    const picks = after.map(() => Math.floor(random() * after.length));
    return ratio(
      picks.map((index) => after[index] ?? 0),
      picks.map((index) => before[index] ?? 0),
    );
  });
  const factor = ratio(after, before);
  const spread = (key: "mean" | "p50" | "p95"): number =>
    Math.sqrt(
      draws.reduce((sum, draw) => sum + Math.log(draw[key] / factor[key]) ** 2, 0) / draws.length,
    );
  const slow = (values: readonly number[]): number =>
    values.filter((value) => value > options.slowMs).length / Math.max(1, values.length);
  return {
    factor,
    spread: { mean: spread("mean"), p50: spread("p50"), p95: spread("p95") },
    slowRise: slow(after) - slow(before),
  };
}

/** Share of the requests that did not fail, but were slow. */
function slowShare({ bad_ratio: bad, error_ratio: failed }: Values): number {
  return failed >= 1 ? 0 : Math.max(0, bad - failed) / (1 - failed);
}

/** Applies a comparison to what was observed: the bias of the replay cancels. */
export function project(observed: Values, comparison: Comparison, errorRatio: number): Values {
  const slow = Math.max(0, Math.min(1, slowShare(observed) + comparison.slowRise));
  return {
    mean: observed.mean * comparison.factor.mean,
    p50: observed.p50 * comparison.factor.p50,
    p95: observed.p95 * comparison.factor.p95,
    error_ratio: errorRatio,
    bad_ratio: Math.min(1, errorRatio + (1 - errorRatio) * slow),
  };
}
