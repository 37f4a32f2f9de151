import { type EntityId, entityName } from "../entity.ts";
import type { Change } from "../view.ts";
import type { Picture } from "./picture.ts";

/** Changes older than this before the onset are not considered causes of it. */
const CHANGE_LOOKBACK_MS = 30 * 60_000;
/** Suspicion halves over this distance. */
const HALF_LIFE_MS = 15 * 60_000;
/** Clocks, bucket edges and roll-outs let a cause appear this much after its effect. */
const SLACK_MS = 12_000;

/** How often a change of this kind is what broke a system, relative to a deploy (deploys and configuration lead everywhere). */
const BASE_RATE: Readonly<Record<Change["kind"], number>> = {
  deploy: 1,
  config: 0.9,
  flag: 0.9,
  scale: 0.6,
  limit: 0.6,
  restart: 0.45,
  commit: 0.5,
  other: 0.3,
};

export interface SuspectChange {
  readonly change: Change;
  /** 0 to 1. */
  readonly weight: number;
}

export function changeTouches(picture: Picture, change: Change, entity: EntityId): boolean {
  const name = entityName(entity);
  if (change.entity === entity || change.entityText === entity || change.entityText === name)
    return true;
  if (change.attributes.service === name) return true;
  if (change.entity === undefined) return false;
  const { view } = picture;
  const owners = [
    ...view.relations({ type: "version_of", from: change.entity }),
    ...view.relations({ type: "instance_of", from: change.entity }),
  ].map((relation) => relation.to);
  if (owners.includes(entity)) return true;
  return view.relations({ type: "guarded_by", to: change.entity }).some((relation) => {
    if (relation.from === entity) return true;
    return view.relations({ type: "exposes", from: entity, to: relation.from }).length > 0;
  });
}

/** A flag that telemetry ties to nobody may be anybody's. */
function isLoose(picture: Picture, change: Change): boolean {
  if (change.kind !== "flag" && change.kind !== "config") return false;
  return ![...picture.services.keys()].some((service) => changeTouches(picture, change, service));
}

export function recentChanges(picture: Picture): readonly Change[] {
  const { onsetMs, incident } = picture.stretch;
  const window = {
    fromMs: onsetMs - CHANGE_LOOKBACK_MS,
    toMs: Math.min(incident.toMs, onsetMs + SLACK_MS) + 1,
  };
  return [...picture.view.changes(window)].reverse();
}

/** Changes that may have brought trouble to an entity, most suspect first. A change after the onset is none. */
export function suspectChanges(
  picture: Picture,
  entity: EntityId,
  onsetMs: number,
): readonly SuspectChange[] {
  const latest = Math.max(onsetMs, picture.stretch.onsetMs) + SLACK_MS;
  return recentChanges(picture)
    .flatMap((change) => {
      if (change.timeMs > latest) return [];
      const loose = isLoose(picture, change);
      if (!loose && !changeTouches(picture, change, entity)) return [];
      const ageMs = Math.max(0, onsetMs - change.timeMs);
      const weight = BASE_RATE[change.kind] * 0.5 ** (ageMs / HALF_LIFE_MS) * (loose ? 0.35 : 1);
      return [{ change, weight }];
    })
    .sort((a, b) => b.weight - a.weight);
}
