import type { EdgeId, Entity, EntityId, EntityType } from "../src/model/entity.ts";
import { edgeId, entityName, entityType } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { WorldView } from "../src/model/view.ts";
import { refuse } from "./answer.ts";
import type { ToolRefusal } from "./define-tool.ts";
import { NAME_CHARS_MAX, nameText } from "./untrusted.ts";

/** Limit: names offered when a text is like none. */
const KNOWN_MAX = 6;
/** Names of this form are shown as they are. */
const PLAIN = /^[\w.:/*-]+(?: (?:[\w.:/*-]|\{\w+\})+)*$/;

/** When one name fits several types, the earlier is meant, as the model takes it. */
const PREFERENCE: readonly EntityType[] = [
  "service",
  "service.instance",
  "operation",
  "database",
  "cache",
  "queue",
  "external",
  "host",
  "zone",
];

/** Finds what an answer showed under a cleaned or shortened name; undefined also when several of a type look alike. */
function byShownName(
  view: WorldView,
  shown: string,
  types: readonly EntityType[] | undefined,
): Entity | undefined {
  const isAltered = ({ name }: Entity): boolean =>
    name.length > NAME_CHARS_MAX - 20 || !PLAIN.test(name) || shown.includes("⟨");
  const found = view
    .entities()
    .filter((one) => (types === undefined || types.includes(one.type)) && isAltered(one))
    .filter((one) => [nameText(one.name), nameText(one.id), placeName(one.id)].includes(shown));
  const type = PREFERENCE.find((one) => found.some((entity) => entity.type === one));
  const meant = type === undefined ? found : found.filter((entity) => entity.type === type);
  return meant.length === 1 ? meant[0] : undefined;
}

/** Names without their types, unless the text is the name of several. */
function nearNames(view: WorldView, wanted: string, ids: readonly string[]): readonly string[] {
  const names = [...new Set(ids.map((id) => view.entity(id as EntityId)?.name ?? id))];
  return names.includes(wanted) ? ids : names;
}

export function resolveEntity(
  view: WorldView,
  text: string,
  types?: readonly EntityType[],
): { readonly ok: true; readonly entity: Entity } | ToolRefusal {
  const wanted = text.trim();
  const found = view.resolve(wanted, types);
  if (found.ok) return found;
  const shown = byShownName(view, wanted, types);
  if (shown !== undefined) return { ok: true, entity: shown };
  const what = types === undefined ? "entity" : types.join(" or ");
  const kinds = types === undefined ? ["service" as const] : types;
  const known = kinds.flatMap((type) => view.entities({ type })).slice(0, KNOWN_MAX);
  const near =
    found.didYouMean.length > 0
      ? nearNames(view, wanted, found.didYouMean)
      : known.map((one) => one.name);
  return refuse(
    "entity_unknown",
    `No ${what} called ${nameText(text)} was observed.`,
    near.map(nameText),
  );
}

export interface Link {
  readonly caller: EntityId;
  readonly callee: EntityId;
  readonly id: EdgeId;
}

/** `a->b` among the links seen in a window; undefined: the text does not name a link. */
export function resolveLink(
  view: WorldView,
  text: string,
  window: Window,
): { readonly ok: true; readonly link: Link } | ToolRefusal | undefined {
  const match = /^(?:edge:)?(.+?)\s*(?:->|→)\s*(.+)$/.exec(text.trim());
  if (match === null) return undefined;
  const [from, to] = [match[1]?.trim() ?? "", match[2]?.trim() ?? ""];
  const name = `${from}->${to}`;
  const edges = view.edges(window);
  const [caller, callee] = [resolveEntity(view, from), resolveEntity(view, to)];
  const found =
    edges.find((edge) => edge.id === name || nameText(edge.id) === name) ??
    edges.find(
      (edge) =>
        caller.ok &&
        callee.ok &&
        edge.caller === caller.entity.id &&
        edge.callee === callee.entity.id,
    );
  if (found !== undefined) {
    return { ok: true, link: { caller: found.caller, callee: found.callee, id: found.id } };
  }
  const known = [...new Set(edges.map((edge) => nameText(edge.id)))];
  const near = known.filter((id) => id.includes(from) || id.includes(to));
  return refuse(
    "link_unknown",
    `No calls ${nameText(name)} were observed.`,
    near.length > 0 ? near : known,
  );
}

/** A place as answers name it: instances and links keep what tells them apart from a service. */
export function placeName(place: EntityId | EdgeId): string {
  if (isEdge(place)) return nameText(place);
  const name = entityName(place);
  return nameText(entityType(place) === "service.instance" ? `instance:${name}` : name);
}

/** An entity's id begins with its type; a link's id is two names. */
function isEdge(place: EntityId | EdgeId): place is EdgeId {
  return place.includes("->") && !ENTITY.test(place);
}

const ENTITY =
  /^(?:service|service\.instance|host|zone|database|cache|queue|external|operation|deployment|flag|team|slo):/;

export function linkBetween(caller: EntityId, callee: EntityId): EdgeId {
  return edgeId(caller, callee);
}
