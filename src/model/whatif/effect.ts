import type { Picture } from "../causes/picture.ts";
import { type StationParameters, stationParameters } from "../dynamics/station.ts";
import type { EdgeId, EntityId } from "../entity.ts";
import type { Window } from "../quantity.ts";

/** What an intervention does to the state of the model. Several are merged by `mergeInto`. */
export interface Effect {
  /** Services, instances, links whose deviation from healthy goes away. */
  readonly repaired: Set<EntityId | EdgeId>;
  /** Further factors on a service's own time. */
  readonly self: Map<EntityId, number>;
  /** Further factors on the number of requests at a service (and of replicas and demand), for the queues. */
  load: number;
  readonly replicas: Map<EntityId, number>;
  readonly demand: Map<EntityId, number>;
  readonly timeoutMs: Map<EdgeId, number>;
  readonly attempts: Map<EdgeId, number>;
  /** Links whose failures go through to the caller unknown. */
  readonly missing: string[];
  readonly assumptions: string[];
  readonly falsifiers: string[];
  /** Beyond what was seen: the interval is widened and the grade is C. */
  extrapolates: boolean;
}

export function noEffect(): Effect {
  return {
    repaired: new Set(),
    self: new Map(),
    load: 1,
    replicas: new Map(),
    demand: new Map(),
    timeoutMs: new Map(),
    attempts: new Map(),
    missing: [],
    assumptions: [],
    falsifiers: [],
    extrapolates: false,
  };
}

/** The model's state around now that effects are worked out on. */
export interface Situation {
  readonly picture: Picture;
  /** What "now" is measured on. */
  readonly recent: Window;
  readonly stations: ReadonlyMap<EntityId, StationParameters>;
}

export function situationOf(picture: Picture): Situation {
  const { view, stretch } = picture;
  const recent = stretch.incident;
  const stations = new Map<EntityId, StationParameters>();
  for (const service of picture.services.keys()) {
    const found = stationParameters(view, service, {
      window: recent,
      stations: picture.stations,
    });
    if (found !== undefined) stations.set(service, found);
  }
  return { picture, recent, stations };
}

/** A service or instance by any of its names; undefined: unknown here. */
export function resolveName(picture: Picture, name: string): EntityId | undefined {
  const found = picture.view.resolve(name, [
    "service",
    "service.instance",
    "database",
    "cache",
    "external",
    "queue",
    "host",
    "zone",
  ]);
  return found.ok ? found.entity.id : undefined;
}

export function linkOf(picture: Picture, from: string, to: string): EdgeId | undefined {
  const caller = resolveName(picture, from);
  const callee = resolveName(picture, to);
  return [...picture.edges.values()].find(
    (edge) => edge.caller === caller && edge.callee === callee,
  )?.id;
}

/** A service with everything that it sends out: what its version, flags and settings decide. */
export function repairService(effect: Effect, picture: Picture, service: EntityId): void {
  effect.repaired.add(service);
  for (const instance of picture.services.get(service)?.instances.keys() ?? []) {
    effect.repaired.add(instance);
  }
  for (const edge of picture.edges.values()) {
    if (edge.caller === service || edge.callee === service) effect.repaired.add(edge.id);
  }
}
