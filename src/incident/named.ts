import { sumIn } from "../model/dynamics/columns.ts";
import { type Entity, type EntityId, type EntityType, entityName } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import type { Answer } from "./contract.ts";
import { refuse, shownName } from "./refusal.ts";

/** What calls may go to. */
const CALLEES: readonly EntityType[] = ["service", "external", "database", "cache", "queue"];

const TYPE_NAMES: Readonly<Partial<Record<EntityType, string>>> = {
  "service.instance": "instance",
  host: "node",
};

/** An observed entity of one of these types by any of its names, else near names. */
export function entityNamed(
  view: WorldView,
  text: string,
  types: readonly EntityType[],
): Answer<Entity> {
  const found = view.resolve(text, types);
  if (found.ok) return { ok: true, data: found.entity };
  const what = types.map((type) => TYPE_NAMES[type] ?? type).join(" or ");
  const near =
    found.didYouMean.length > 0
      ? found.didYouMean.map((id) => entityName(id as EntityId))
      : types.flatMap((type) => view.entities({ type }).map((one) => one.name));
  return refuse("entity_unknown", `No ${what} called ${shownName(text)} was observed.`, near);
}

export function serviceNamed(view: WorldView, text: string): Answer<Entity> {
  return entityNamed(view, text, ["service"]);
}

/** The service that an instance belongs to. */
export function serviceOf(view: WorldView, instance: EntityId): EntityId | undefined {
  return view.relations({ type: "instance_of", from: instance })[0]?.to;
}

/** What a caller was seen to call, in what is retained. */
function calleesOf(view: WorldView, caller: EntityId): readonly EntityId[] {
  const window = { fromMs: view.retainedFromMs, toMs: view.closedMs };
  const callees = view
    .edges(window)
    .filter((edge) => edge.caller === caller && sumIn(edge, edge.count, window) > 0)
    .map((edge) => edge.callee);
  return [...new Set(callees)];
}

export interface NamedLink {
  readonly caller: Entity;
  readonly callee: Entity;
}

/** A link on which calls were observed, by the names of its ends. */
export function linkNamed(
  view: WorldView,
  ends: { readonly caller: string; readonly callee: string },
): Answer<NamedLink> {
  const caller = serviceNamed(view, ends.caller);
  if (!caller.ok) return caller;
  const callee = entityNamed(view, ends.callee, CALLEES);
  if (!callee.ok) return callee;
  const callees = calleesOf(view, caller.data.id);
  if (callees.includes(callee.data.id))
    return { ok: true, data: { caller: caller.data, callee: callee.data } };
  return refuse(
    "link_unknown",
    `No calls from ${shownName(caller.data.name)} to ${shownName(callee.data.name)} were observed.`,
    callees.map((id) => `${caller.data.name}->${entityName(id)}`),
  );
}
