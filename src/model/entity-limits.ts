import type { EntityType } from "./entity.ts";

/** Limit: entities of each type; further ones are refused and counted. One type that runs wild leaves the others room. */
export const ENTITIES_OF_TYPE_MAX: Readonly<Record<EntityType, number>> = {
  service: 10_000,
  "service.instance": 20_000,
  host: 5_000,
  zone: 1_000,
  database: 5_000,
  cache: 5_000,
  queue: 5_000,
  external: 10_000,
  operation: 40_000,
  deployment: 10_000,
  flag: 5_000,
  team: 1_000,
  slo: 1_000,
};

/** What comes and goes with every deploy may be forgotten after a day, when its type is full. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;

export function isForgettable(type: EntityType, unseenMs: number): boolean {
  const churns = type === "service.instance" || type === "deployment";
  return churns && unseenMs > FORGOTTEN_AFTER_MS;
}
