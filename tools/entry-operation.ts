import { sumIn } from "../src/model/dynamics/columns.ts";
import { HISTORY_MS } from "../src/model/dynamics/stretch.ts";
import { type Entity, type EntityId, entityName } from "../src/model/entity.ts";
import type { Window } from "../src/model/quantity.ts";
import type { EntryWindow, WorldView } from "../src/model/view.ts";
import { refuse } from "./answer.ts";
import type { ToolRefusal } from "./define-tool.ts";
import { resolveEntity } from "./named-entity.ts";
import { nameText } from "./untrusted.ts";
import { lastMinutes } from "./window.ts";

/** What causes are ranked over and predictions are anchored on. */
function history(view: WorldView): Window {
  const { retainedFromMs, closedMs } = view;
  // Of a past that is known in coarse steps alone, those say by what requests entered.
  if (retainedFromMs >= closedMs) return lastMinutes(view, HISTORY_MS / 60_000).window;
  return { fromMs: Math.max(retainedFromMs, closedMs - HISTORY_MS), toMs: closedMs };
}

/** Entry operations with requests, busiest first. */
export function entriesSeen(view: WorldView): readonly EntryWindow[] {
  const window = history(view);
  const requests = (one: EntryWindow): number => sumIn(one, one.count, window);
  return view
    .entries(window)
    .filter((one) => requests(one) > 0)
    .sort((a, b) => requests(b) - requests(a));
}

/** `POST /checkout` of `gateway POST /checkout/:user`: without parameters, in one form of letters. */
const routeOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/\/(?::[^/\s]+|\{[^/\s}]*\})/g, "")
    .trim();

/**
 * The entry operation that a text means among those seen, although services behind it have operations of the same name:
 * `POST /checkout/:user`, `POST /checkout`. Undefined: none, or several.
 */
export function entryNamed(view: WorldView, text: string): EntryWindow | undefined {
  const entries = entriesSeen(view);
  const isSaid = (name: string, said: string): boolean =>
    name === said || name.endsWith(` ${said}`);
  const exact = entries.filter(({ operation }) => isSaid(entityName(operation), text.trim()));
  if (exact.length > 0) return exact.length === 1 ? exact[0] : undefined;
  const route = routeOf(text);
  // A method alone means every operation.
  if (!route.includes("/")) return undefined;
  const alike = entries.filter(({ operation }) => isSaid(routeOf(entityName(operation)), route));
  return alike.length === 1 ? alike[0] : undefined;
}

/** Words that say that an operation is meant, and whose. */
const OPERATION_WORDS =
  /^(?:the|my|our|your|their|all|of|pages?|endpoints?|routes?|views?|screens?|requests?|calls?)$/;

const singular = (word: string): string => word.replace(/(?<=\w\w)s$/, "");

/**
 * The entry operation that is spoken of by a word of its path: `GET /product/:id` by "product page" or "products". Of
 * several, the one whose path ends in it. Undefined: none, or several.
 */
export function entrySpokenOf(view: WorldView, text: string): EntryWindow | undefined {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && !OPERATION_WORDS.test(word))
    .map(singular);
  const [word] = words;
  if (word === undefined || words.length > 1) return undefined;
  const partsOf = ({ operation }: EntryWindow): readonly string[] =>
    routeOf(entityName(operation)).split("/").slice(1).map(singular);
  const found = entriesSeen(view).filter((one) => partsOf(one).includes(word));
  if (found.length < 2) return found[0];
  const ending = found.filter((one) => partsOf(one).at(-1) === word);
  return ending.length === 1 ? ending[0] : undefined;
}

/** An operation by which requests enter the system: only these have causes and predictions. */
export function resolveEntry(
  view: WorldView,
  text: string,
): { readonly ok: true; readonly entry: EntryWindow } | ToolRefusal {
  const named = entryNamed(view, text) ?? entrySpokenOf(view, text);
  if (named !== undefined) return { ok: true, entry: named };
  const entries = entriesSeen(view);
  const resolved = resolveEntity(view, text, ["operation"]);
  if (!resolved.ok)
    return entries.length === 0
      ? resolved
      : {
          ...resolved,
          didYouMean: entries.map((one) => nameText(entityName(one.operation))).slice(0, 6),
        };
  const entry = entries.find((one) => one.operation === resolved.entity.id);
  if (entry !== undefined) return { ok: true, entry };
  return refuse(
    "not_an_entry",
    `No request enters the system by ${nameText(resolved.entity.name)}.`,
    entries.map((one) => nameText(entityName(one.operation))),
  );
}

/** The entry operations whose requests spend time at a place, most first. */
export function entriesThrough(view: WorldView, place: Entity): readonly EntryWindow[] {
  const shareOf = (entry: EntryWindow): number => {
    let ms = 0;
    for (const [where, spent] of entry.criticalMs) {
      if (where === place.id || where.endsWith(`->${place.name}`)) ms += spent;
    }
    return ms;
  };
  return entriesSeen(view)
    .map((entry) => ({ entry, ms: shareOf(entry) }))
    .filter(({ ms }) => ms > 0)
    .sort((a, b) => b.ms - a.ms)
    .map(({ entry }) => entry);
}

/** The service of an instance; any other entity is its own. */
export function ownerOf(view: WorldView, entity: Entity): Entity {
  if (entity.type !== "service.instance") return entity;
  const service: EntityId | undefined = view.relations({ type: "instance_of", from: entity.id })[0]
    ?.to;
  return (service === undefined ? undefined : view.entity(service)) ?? entity;
}
