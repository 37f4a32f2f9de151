import { type Entity, type EntityType, entityId } from "./entity.ts";
import type { Resolution } from "./view.ts";

/** Limit: names suggested when a text names nothing. */
const SUGGESTIONS_MAX = 3;
/** Limit: characters of a text that is sought. */
const TEXT_MAX = 200;

/** When one name fits several entities, the earlier type is meant. */
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
  "flag",
  "deployment",
  "slo",
  "team",
];

/** Other words that people use before a name. */
const TYPE_WORDS: Readonly<Record<string, EntityType>> = {
  instance: "service.instance",
  pod: "service.instance",
  process: "service.instance",
  node: "host",
  db: "database",
  topic: "queue",
  endpoint: "operation",
  version: "deployment",
};

/** What is searched: entities by id, and all of them. */
export interface NameSpace {
  byId(id: string): Entity | undefined;
  all(): readonly Entity[];
}

function pairsOf(text: string): Set<string> {
  const pairs = new Set<string>();
  for (let at = 0; at + 1 < text.length; at += 1) pairs.add(text.slice(at, at + 2));
  return pairs;
}

/** Dice's coefficient over pairs of letters: 1 for equal texts. */
function likeness(a: Set<string>, b: Set<string>): number {
  if (a.size + b.size === 0) return 0;
  let same = 0;
  for (const pair of a) if (b.has(pair)) same += 1;
  return (2 * same) / (a.size + b.size);
}

function byTypeWord(text: string, names: NameSpace): Entity | undefined {
  const colon = text.indexOf(":");
  const type = TYPE_WORDS[text.slice(0, Math.max(0, colon)).toLowerCase()];
  return type === undefined ? undefined : names.byId(entityId(type, text.slice(colon + 1)));
}

function rank(entity: Entity): number {
  return PREFERENCE.indexOf(entity.type);
}

function byName(wanted: string, candidates: readonly Entity[]): Entity | undefined {
  const found = candidates.filter((entity) => entity.name.toLowerCase() === wanted);
  if (found.length > 0) return found.sort((a, b) => rank(a) - rank(b))[0];
  const ending = candidates.filter(
    (entity) => entity.type === "operation" && entity.name.toLowerCase().endsWith(` ${wanted}`),
  );
  return ending.length === 1 ? ending[0] : undefined;
}

/** Finds an entity by id, `TYPE:NAME` (also with everyday type words), or name in any case; an operation by its end. */
export function resolveName(
  text: string,
  names: NameSpace,
  types?: readonly EntityType[],
): Resolution {
  const trimmed = text.trim().slice(0, TEXT_MAX);
  const fits = (entity: Entity | undefined): entity is Entity =>
    entity !== undefined && (types === undefined || types.includes(entity.type));
  const direct = names.byId(trimmed) ?? byTypeWord(trimmed, names);
  if (fits(direct)) return { ok: true, entity: direct };
  const candidates = names.all().filter(fits);
  const wanted = trimmed.toLowerCase();
  const named =
    byName(wanted, candidates) ?? byName(wanted.slice(wanted.indexOf(":") + 1), candidates);
  if (named !== undefined) return { ok: true, entity: named };
  const pairs = pairsOf(wanted);
  const near = candidates
    .map((entity) => ({ entity, score: likeness(pairs, pairsOf(entity.name.toLowerCase())) }))
    .filter(({ score }) => score > 0.3)
    .sort((a, b) => b.score - a.score || rank(a.entity) - rank(b.entity))
    .slice(0, SUGGESTIONS_MAX);
  return { ok: false, didYouMean: near.map(({ entity }) => entity.id) };
}
