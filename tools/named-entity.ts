import type { EdgeId, Entity, EntityId, EntityType } from "../src/model/entity.ts";
import { edgeId, entityName, entityType } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { WorldView } from "../src/model/view.ts";
import { refuse } from "./answer.ts";
import type { ToolRefusal } from "./define-tool.ts";
import { nameText } from "./untrusted.ts";

/** The words that answers use for types: `instance:cart-0`, as people and case files name them. */
const TYPE_WORDS: Readonly<Record<string, EntityType>> = { instance: "service.instance" };

export function resolveEntity(
  view: WorldView,
  text: string,
  types?: readonly EntityType[],
): { readonly ok: true; readonly entity: Entity } | ToolRefusal {
  const wanted = text.trim();
  const prefix = wanted.slice(0, Math.max(0, wanted.indexOf(":")));
  const typed = TYPE_WORDS[prefix];
  const name = typed === undefined ? wanted : `${typed}${wanted.slice(prefix.length)}`;
  const found = view.resolve(name, types);
  if (found.ok) return found;
  const what = types === undefined ? "entity" : types.join(" or ");
  const kinds = types === undefined ? ["service" as const] : types;
  const known = kinds.flatMap((type) => view.entities({ type })).map((one) => one.name);
  const near = found.didYouMean.length > 0 ? found.didYouMean : known.slice(0, 6);
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
  const name = `${match[1]?.trim()}->${match[2]?.trim()}`;
  const edges = view.edges(window);
  const found = edges.find((edge) => edge.id === name);
  if (found !== undefined) {
    return { ok: true, link: { caller: found.caller, callee: found.callee, id: found.id } };
  }
  const known = [...new Set(edges.map((edge) => nameText(edge.id)))];
  const near = known.filter((id) => id.includes(match[1] ?? "") || id.includes(match[2] ?? ""));
  return refuse(
    "link_unknown",
    `No calls ${nameText(name)} were observed.`,
    near.length > 0 ? near : known,
  );
}

/** A place as answers name it: instances and links keep what tells them apart from a service. */
export function placeName(place: EntityId | EdgeId): string {
  if (place.includes("->")) return nameText(place);
  const id = place as EntityId;
  return nameText(
    entityType(id) === "service.instance" ? `instance:${entityName(id)}` : entityName(id),
  );
}

export function linkBetween(caller: EntityId, callee: EntityId): EdgeId {
  return edgeId(caller, callee);
}
