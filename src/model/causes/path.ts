import type { EdgeId, EntityId } from "../entity.ts";
import type { PathStep } from "./diagnosis.ts";
import { errorRise } from "./edge-split.ts";
import type { Suspect } from "./enumerate.ts";
import type { EdgePicture, Picture } from "./picture.ts";
import { homeOf } from "./rank.ts";

/** How strongly a link took part in the spread: added time and failures on it. */
function carried(picture: Picture, edge: EdgePicture): number {
  const callee = picture.services.get(edge.callee)?.shift;
  const slower = Math.max(edge.shift.ratio, callee?.ratio ?? 1) - 1;
  const inUse = edge.shift.rateIncident > 0 || edge.shift.rateHealthy > 0;
  return inUse
    ? 1 + Math.max(0, Math.min(3, slower)) + 5 * Math.max(0, errorRise(edge.shift))
    : 0.1;
}

/** Cheapest way from the entry down to `target`, preferring links that carry the trouble; nearest first from the root. */
function routeUp(picture: Picture, target: EntityId): readonly EntityId[] {
  const cost = new Map<EntityId, number>([[picture.entryService, 0]]);
  const via = new Map<EntityId, EntityId>();
  const open = new Set<EntityId>([picture.entryService]);
  while (open.size > 0) {
    const next = [...open].reduce((a, b) => ((cost.get(a) ?? 0) <= (cost.get(b) ?? 0) ? a : b));
    open.delete(next);
    for (const edge of picture.edges.values()) {
      if (edge.caller !== next) continue;
      const total = (cost.get(next) ?? 0) + 1 / carried(picture, edge);
      if (total >= (cost.get(edge.callee) ?? Number.POSITIVE_INFINITY)) continue;
      cost.set(edge.callee, total);
      via.set(edge.callee, next);
      open.add(edge.callee);
    }
  }
  const route: EntityId[] = [target];
  for (let at = via.get(target); at !== undefined; at = via.get(at)) route.push(at);
  return route;
}

function stepOf(picture: Picture, entity: EntityId): PathStep {
  const own = picture.services.get(entity)?.shift;
  const incoming = [...picture.edges.values()].filter((edge) => edge.callee === entity);
  const shift = own ?? incoming.sort((a, b) => b.shift.score - a.shift.score)[0]?.shift;
  if (shift === undefined) return { entity, magnitude: { value: 1, unit: "factor" } };
  const failing = errorRise(shift) > 0.05;
  return {
    entity,
    ...(shift.onsetMs === undefined ? {} : { onsetMs: shift.onsetMs }),
    magnitude: failing
      ? { value: shift.errorIncident, unit: "ratio" }
      : { value: shift.ratio, unit: "factor" },
  };
}

/** From the cause to the symptom's service, each with when and how much it moved. */
export function pathOf(picture: Picture, suspect: Suspect): readonly PathStep[] {
  const home = homeOf(picture, suspect);
  if (home === undefined) return [];
  const known =
    picture.services.has(home) || [...picture.edges.values()].some((e) => e.callee === home);
  const route = known ? routeUp(picture, home) : [];
  const steps = route.map((entity) => stepOf(picture, entity));
  const edge = suspect.type === "edge" ? picture.edges.get(suspect.root as EdgeId) : undefined;
  if (edge === undefined) return steps;
  const first: PathStep = {
    entity: edge.id,
    ...(edge.shift.onsetMs === undefined ? {} : { onsetMs: edge.shift.onsetMs }),
    magnitude: { value: edge.shift.ratio, unit: "factor" },
  };
  return [first, ...steps];
}
