import { entityName } from "../src/model/entity.ts";
import type { WorldView } from "../src/model/view.ts";
import type { Intervention } from "../src/model/whatif/intervention.ts";
import { entriesSeen, entriesThrough, ownerOf } from "./entry-operation.ts";
import { sloStatuses } from "./get-slo-status.ts";

function changedPlace(intervention: Intervention): string | undefined {
  if ("entity" in intervention) return intervention.entity;
  return "to" in intervention ? intervention.to : undefined;
}

/**
 * What a what-if is about when nobody said: the operations whose objectives are hurt, worst first; while all is well,
 * those that spend most time at what is to be changed. Empty: neither is known.
 */
export function operationsAbout(
  view: WorldView,
  interventions: readonly Intervention[],
  max: number,
): readonly string[] {
  const seen = new Set<string>(entriesSeen(view).map((one) => one.operation));
  const hurt = sloStatuses(view).flatMap(({ state, operation }) =>
    state !== "ok" && operation !== undefined && seen.has(operation) ? [operation] : [],
  );
  if (hurt.length > 0) return hurt.slice(0, max).map(entityName);
  const through = interventions.flatMap((one) => {
    const place = changedPlace(one);
    const resolved = place === undefined ? undefined : view.resolve(place);
    if (resolved?.ok !== true) return [];
    return entriesThrough(view, ownerOf(view, resolved.entity)).map(({ operation }) => operation);
  });
  return [...new Set(through)].slice(0, max).map(entityName);
}
