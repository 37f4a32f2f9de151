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

function rank(entity: Entity): number {
  return PREFERENCE.indexOf(entity.type);
}

/** Finds entities by what people call them. */
export class NameIndex {
  readonly #of: NameSpace;
  /** By name in lower case, made on first need. */
  #byName: ReadonlyMap<string, readonly Entity[]> | undefined;

  constructor(of: NameSpace) {
    this.#of = of;
  }

  /** An entity by id, `TYPE:NAME` (also with everyday type words), or name in any case; an operation by its end. */
  find(text: string, types?: readonly EntityType[]): Entity | undefined {
    const trimmed = text.trim().slice(0, TEXT_MAX);
    const fits = (entity: Entity | undefined): entity is Entity =>
      entity !== undefined && (types === undefined || types.includes(entity.type));
    const direct = this.#of.byId(trimmed) ?? this.#byTypeWord(trimmed);
    if (fits(direct)) return direct;
    const wanted = trimmed.toLowerCase();
    const bare = wanted.slice(wanted.indexOf(":") + 1);
    return this.#named(wanted, fits) ?? (bare === wanted ? undefined : this.#named(bare, fits));
  }

  /** The same; else up to three names that are near. */
  resolve(text: string, types?: readonly EntityType[]): Resolution {
    const entity = this.find(text, types);
    if (entity !== undefined) return { ok: true, entity };
    const pairs = pairsOf(text.trim().slice(0, TEXT_MAX).toLowerCase());
    const near = this.#of
      .all()
      .filter((one) => types === undefined || types.includes(one.type))
      .map((one) => ({ entity: one, score: likeness(pairs, pairsOf(one.name.toLowerCase())) }))
      .filter(({ score }) => score > 0.3)
      .sort((a, b) => b.score - a.score || rank(a.entity) - rank(b.entity))
      .slice(0, SUGGESTIONS_MAX);
    return { ok: false, didYouMean: near.map((one) => one.entity.id) };
  }

  #byTypeWord(text: string): Entity | undefined {
    const colon = text.indexOf(":");
    const word = text.slice(0, Math.max(0, colon)).toLowerCase();
    const type = Object.hasOwn(TYPE_WORDS, word) ? TYPE_WORDS[word] : undefined;
    return type === undefined ? undefined : this.#of.byId(entityId(type, text.slice(colon + 1)));
  }

  #named(wanted: string, fits: (entity: Entity) => boolean): Entity | undefined {
    this.#byName ??= Map.groupBy(this.#of.all(), (entity) => entity.name.toLowerCase());
    const found = (this.#byName.get(wanted) ?? []).filter(fits);
    if (found.length > 0) return found.sort((a, b) => rank(a) - rank(b))[0];
    if (wanted === "") return undefined;
    const ending: Entity[] = [];
    for (const [name, entities] of this.#byName) {
      if (!name.endsWith(` ${wanted}`)) continue;
      ending.push(...entities.filter((entity) => entity.type === "operation" && fits(entity)));
    }
    return ending.length === 1 ? ending[0] : undefined;
  }
}

/** Finds an entity by what people call it, else up to three near names. */
export function resolveName(
  text: string,
  names: NameSpace,
  types?: readonly EntityType[],
): Resolution {
  return new NameIndex(names).resolve(text, types);
}
