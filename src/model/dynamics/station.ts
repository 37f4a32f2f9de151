import type { EntityId } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { StationWindow, WorldView } from "../view.ts";
import { seconds, sumIn } from "./columns.ts";
import { meanWaitMs, SATURATION, serviceTimeMs, utilisation } from "./erlang.ts";

/** Capacity facts of a service, where they are known. */
export interface Capacity {
  readonly replicas: number;
  /** Parallel places of one replica; undefined: unknown. */
  readonly workers?: number;
}

const numeric = (value: unknown): number | undefined => {
  const number = typeof value === "string" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? number : undefined;
};

/** Instances that served in the window, else the attribute `replicas`. Workers come from the service or an instance. */
export function capacityOf(
  view: WorldView,
  service: EntityId,
  seen: { readonly window: Window; readonly stations?: readonly StationWindow[] },
): Capacity {
  const { window } = seen;
  const instances = new Set<EntityId>();
  for (const station of seen.stations ?? view.stations(window)) {
    if (station.service !== service || station.instance === undefined) continue;
    if (sumIn(station, station.count, window) > 0) instances.add(station.instance);
  }
  const attributes = view.entity(service)?.attributes ?? {};
  const workers =
    numeric(attributes.workers) ??
    [...instances]
      .map((instance) => numeric(view.entity(instance)?.attributes.workers))
      .find((value) => value !== undefined);
  return {
    replicas: instances.size > 0 ? instances.size : (numeric(attributes.replicas) ?? 1),
    ...(workers === undefined ? {} : { workers }),
  };
}

/** Learned numbers of one service (one version of it, where asked) in one window. */
export interface StationParameters {
  readonly service: EntityId;
  readonly version?: string;
  readonly requests: number;
  readonly rate: number;
  /** Mean self time: service and wait. */
  readonly selfMs: number;
  /** Without the wait for a free place; equals `selfMs` where capacity is unknown. */
  readonly serviceMs: number;
  readonly originErrorRatio: number;
  readonly capacity: Capacity;
  /** Busy share of all places; undefined: capacity unknown. */
  readonly utilisation?: number;
}

/** Undefined when nothing was seen of it in the window. */
export function stationParameters(
  view: WorldView,
  service: EntityId,
  query: {
    readonly window: Window;
    readonly version?: string;
    /** Stations of a window that holds this one, when the caller has them already. */
    readonly stations?: readonly StationWindow[];
  },
): StationParameters | undefined {
  const { window, version } = query;
  const stations = query.stations ?? view.stations(window);
  const total = { requests: 0, errors: 0, ms: 0, timed: 0 };
  for (const station of stations) {
    if (station.service !== service) continue;
    if (version !== undefined && station.version !== version) continue;
    total.requests += sumIn(station, station.count, window);
    total.errors += sumIn(station, station.originErrors, window);
    total.ms += sumIn(station, station.selfMsSum, window);
    total.timed += sumIn(station, station.selfCount, window);
  }
  if (total.requests === 0 || total.timed === 0) return undefined;
  const capacity = capacityOf(view, service, { window, stations });
  const rate = total.requests / seconds(window);
  const selfMs = total.ms / total.timed;
  const perReplica = rate / Math.max(1, capacity.replicas);
  const slots = capacity.workers;
  const serviceMs =
    slots === undefined ? selfMs : serviceTimeMs({ slots, rate: perReplica, observedMs: selfMs });
  return {
    service,
    ...(version === undefined ? {} : { version }),
    requests: total.requests,
    rate,
    selfMs,
    serviceMs,
    originErrorRatio: total.errors / total.requests,
    capacity,
    ...(slots === undefined
      ? {}
      : { utilisation: utilisation({ slots, rate: perReplica, serviceMs }) }),
  };
}

/** How much longer a request should take by load alone; undefined where the capacity is unknown. */
export function explainedRatio(
  { replicas, workers }: Capacity,
  load: { readonly rateBefore: number; readonly rateAfter: number; readonly observedMs: number },
): number | undefined {
  if (workers === undefined || !(load.observedMs > 0)) return undefined;
  const before = { slots: workers, rate: load.rateBefore / replicas, observedMs: load.observedMs };
  const serviceMs = serviceTimeMs(before);
  const after = { slots: workers, rate: load.rateAfter / replicas, serviceMs };
  if (utilisation(after) > SATURATION) return Number.POSITIVE_INFINITY;
  return (serviceMs + meanWaitMs(after)) / load.observedMs;
}
