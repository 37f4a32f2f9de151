import { type EdgeId, type EntityId, entityId } from "../entity.ts";
import type { StationWindow } from "../view.ts";
import type { PathStep } from "./diagnosis.ts";
import { errorRise } from "./edge-split.ts";
import { homeName, homeOf } from "./features.ts";
import { type Piece, type Shift, shiftOf, stationPiece } from "./measure.ts";
import type { EdgePicture, Picture } from "./picture.ts";
import type { Scene } from "./scene.ts";
import type { Suspect } from "./suspect.ts";

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

/** Requests of a service as its callers feel them: whole durations, and failures wherever they began. */
const wholePiece = (station: StationWindow): Piece => ({
  ...stationPiece(station),
  errors: station.errors,
  ms: station.durationMsSum,
  msCount: station.count,
});

/** How the requests of an entity moved; what reports nothing itself is seen by its callers. */
function shiftAt(picture: Picture, entity: EntityId): Shift | undefined {
  const own = picture.stations.filter(({ service }) => service === entity);
  if (own.length > 0) return shiftOf(own.map(wholePiece), picture.stretch);
  const incoming = [...picture.edges.values()].filter((edge) => edge.callee === entity);
  return incoming.sort((a, b) => b.shift.score - a.shift.score)[0]?.shift;
}

function stepOf(picture: Picture, entity: EntityId): PathStep {
  const shift = shiftAt(picture, entity);
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

/** Shortest way up the declared structure, nearest first from the root. */
function declaredRoute(scene: Scene, suspect: Suspect): readonly string[] {
  const { map, places } = scene;
  const from = homeName(scene, suspect);
  const goals = new Set(places?.paged ?? []);
  const via = new Map<string, string | undefined>([[from, undefined]]);
  const queue = [from];
  for (const name of queue) {
    if (goals.has(name)) {
      const route: string[] = [];
      for (let at: string | undefined = name; at !== undefined; at = via.get(at)) route.unshift(at);
      return route;
    }
    for (const caller of map.callers.get(name) ?? []) {
      if (via.has(caller)) continue;
      via.set(caller, name);
      queue.push(caller);
    }
  }
  return [from];
}

function declaredPath(scene: Scene, suspect: Suspect): readonly PathStep[] {
  return declaredRoute(scene, suspect).map((name) => {
    const { latency, errors } = scene.places?.shifts.get(name) ?? {};
    const failed = errors?.isShare === true ? errors.shift.moved : 0;
    const entity = scene.map.places.get(name)?.ids[0] ?? entityId("external", name);
    return {
      entity,
      magnitude:
        failed > 0.05
          ? { value: errors?.shift.after ?? 0, unit: "ratio" }
          : { value: Math.exp(latency?.shift.moved ?? 0), unit: "factor" },
    };
  });
}

/** From the cause to the symptom's service, each with when and how much it moved. */
export function pathOf(scene: Scene, suspect: Suspect): readonly PathStep[] {
  const { picture } = scene;
  if (picture === undefined) return declaredPath(scene, suspect);
  const home = homeOf(scene, suspect);
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
