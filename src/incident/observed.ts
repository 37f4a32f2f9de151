import { type EntityId, entityName } from "../model/entity.ts";
import type { Change, WorldView } from "../model/view.ts";

/** How far back changes are looked at for what was in force before. */
const HISTORY_MS = 24 * 3_600_000;

/** A view with the changes up to it, oldest first. */
export interface Observed {
  readonly view: WorldView;
  readonly changes: readonly Change[];
  /** `false`: only the changes since some instant, so that what they do not tell is not known. */
  readonly isWhole: boolean;
}

/** With all changes of the last day, or only those since an instant, which is cheap enough to do every second. */
export function observe(view: WorldView, sinceMs?: number): Observed {
  const fromMs = sinceMs ?? view.asOfMs - HISTORY_MS;
  const changes = view.changes({ fromMs, toMs: view.asOfMs + 1 });
  return { view, changes, isWhole: sinceMs === undefined };
}

/** An attribute as text; undefined where it is missing or empty. */
export function said(change: Change, key: string): string | undefined {
  const value = change.attributes[key];
  return value === undefined || value === "" ? undefined : String(value);
}

/** Whether a change is of this service: by name, or of one of its versions or instances. */
export function isOfService(view: WorldView, change: Change, service: EntityId): boolean {
  const name = entityName(service);
  const { entity } = change;
  if (entity === service || said(change, "service") === name) return true;
  if (entity === undefined) return change.entityText === name;
  return (["version_of", "instance_of"] as const).some((type) =>
    view.relations({ type, from: entity }).some(({ to }) => to === service),
  );
}
