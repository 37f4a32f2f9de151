import { impactsOf } from "../causes/impact.ts";
import type { Picture } from "../causes/picture.ts";
import type { EdgeId, EntityId } from "../entity.ts";
import type { Effect } from "./effect.ts";

/** A place that adds less than this share to the trouble is noise. */
const SHARE_MIN = 0.04;

export interface Staying {
  readonly places: ReadonlySet<EntityId | EdgeId>;
  /** Shares of the trouble that end. */
  readonly fixedFailures: number;
  readonly fixedTime: number;
}

/** The places whose deviation stays: what adds noticeably, is not repaired, and does not merely wait for what is. */
export function staying(current: Picture, effect: Effect): Staying {
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

/** Share of a service's added time that comes from its mended instances. */
export function mendedShare(current: Picture, place: EntityId | EdgeId, effect: Effect): number {
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
