import type { Picture } from "../causes/picture.ts";
import type { EdgeId, EntityId } from "../entity.ts";

/** What an intervention does to the state of the model. Several are merged by `mergeInto`. */
export interface Effect {
  /** Services, instances, links whose deviation from healthy goes away. */
  readonly repaired: Set<EntityId | EdgeId>;
  /** Further factors on a service's own time. */
  readonly self: Map<EntityId, number>;
  /** Something else about load, capacity or links is another. */
  shapes: boolean;
  readonly missing: string[];
  readonly assumptions: string[];
  readonly falsifiers: string[];
  /** Beyond what was seen: the grade is C. */
  extrapolates: boolean;
  /** Something that matters is guessed: the interval is widened. */
  guesses: boolean;
}

export function noEffect(): Effect {
  return {
    repaired: new Set(),
    self: new Map(),
    shapes: false,
    missing: [],
    assumptions: [],
    falsifiers: [],
    extrapolates: false,
    guesses: false,
  };
}

export function guess(effect: Effect): void {
  effect.extrapolates = true;
  effect.guesses = true;
}

/** Whether anything is another after it. */
export function acts({ repaired, self, shapes }: Effect): boolean {
  return repaired.size > 0 || self.size > 0 || shapes;
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
