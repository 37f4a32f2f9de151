import { type EntityId, entityName, entityType } from "../model/entity.ts";
import type { Change } from "../model/view.ts";
import { isOfService, type Observed, said } from "./observed.ts";

/** What was in force of one thing, as the changes to it tell. */
export interface ValueHistory {
  /** Undefined: no change is known, or the newest did not say. */
  readonly current?: string;
  /** Values that were in force before, newest first, without the current one. */
  readonly earlier: readonly string[];
}

/** The attributes that hold a thing's value after a change, and the one before. */
interface ValueKeys {
  readonly value: string;
  readonly previous: string;
}

function foldValues(changes: readonly Change[], keys: ValueKeys): ValueHistory {
  const newestFirst = changes.toReversed();
  const [newest] = newestFirst;
  const current = newest === undefined ? undefined : said(newest, keys.value);
  const values = newestFirst
    .flatMap((change) => [said(change, keys.value), said(change, keys.previous)])
    .filter((value) => value !== undefined && value !== current);
  return {
    ...(current === undefined ? {} : { current }),
    earlier: [...new Set(values as readonly string[])],
  };
}

function flagOf(change: Change): string | undefined {
  const named = said(change, "flag");
  if (named !== undefined || change.kind !== "flag" || change.entity === undefined) return named;
  return entityType(change.entity) === "flag" ? entityName(change.entity) : undefined;
}

/** Each once, most recently changed first. */
function newestNames(
  changes: readonly Change[],
  nameOf: (change: Change) => string | undefined,
): readonly string[] {
  return [...new Set(changes.toReversed().flatMap((change) => nameOf(change) ?? []))];
}

/** Flags that were seen to change, most recently changed first. */
export function flagsKnown({ changes }: Observed): readonly string[] {
  return newestNames(changes, flagOf);
}

export function flagHistory({ changes }: Observed, flag: string): ValueHistory {
  const own = changes.filter((change) => flagOf(change) === flag);
  return foldValues(own, { value: "variant", previous: "previous_variant" });
}

/** Settings of a service that were seen to change, most recently changed first. */
export function settingsKnown({ view, changes }: Observed, service: EntityId): readonly string[] {
  const own = changes.filter((change) => isOfService(view, change, service));
  return newestNames(own, (change) => said(change, "setting"));
}

export function settingHistory(
  { view, changes }: Observed,
  service: EntityId,
  setting: string,
): ValueHistory {
  const own = changes.filter(
    (change) => said(change, "setting") === setting && isOfService(view, change, service),
  );
  return foldValues(own, { value: "value", previous: "previous_value" });
}

/** The limit of a caller's concurrent calls to a callee; "none": no change ever set one; undefined: not known. */
export function limitInForce(
  { view, changes, isWhole }: Observed,
  caller: EntityId,
  callee: string,
): number | "none" | undefined {
  const newest = changes.findLast(
    (change) =>
      change.kind === "limit" &&
      said(change, "callee") === callee &&
      isOfService(view, change, caller),
  );
  if (newest === undefined) return isWhole ? "none" : undefined;
  const limit = Number(newest.attributes.max_concurrent);
  return Number.isFinite(limit) && limit > 0 ? limit : undefined;
}
