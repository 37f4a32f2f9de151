import type { Attributes, AttributeValue, EntityId, EntityType } from "./entity.ts";
import { entityId } from "./entity.ts";

/** Limit: entities of all types; further ones are refused and counted. */
export const ENTITIES_MAX = 50_000;
/** Limit: attributes of one entity. */
const ATTRIBUTES_MAX = 64;
const VALUE_CHARS_MAX = 256;
export const NAME_CHARS_MAX = 200;

/** Begins the key of an entity that a person or a file named; telemetry of that name is taken as its own. */
export const DECLARED = "declared ";

/** What identifies an entity, and what to call it: the first name that is free. */
export interface EntityClaim {
  readonly type: EntityType;
  /** Unique among its type; two entities may share a name but never a key. */
  readonly key: string;
  readonly names: readonly string[];
}

/** One entity as it is kept; replaced, never changed, when its attributes change. */
export interface EntityRecord {
  readonly id: EntityId;
  readonly type: EntityType;
  readonly name: string;
  readonly key: string;
  readonly attributes: Attributes;
  readonly firstSeenMs: number;
}

/** The entities as they were when a view was made. */
export interface EntityCapture {
  readonly records: readonly EntityRecord[];
  readonly lastSeenMs: Float64Array;
}

export type EntityRow = EntityRecord & { readonly lastSeenMs: number };

/** All entities ever seen, by a small index that stays theirs. */
export class EntityStore {
  #records: EntityRecord[] = [];
  #lastSeenMs = new Float64Array(256);
  readonly #byKey = new Map<string, number>();
  readonly #byId = new Map<EntityId, number>();
  #refused = 0;

  get size(): number {
    return this.#records.length;
  }

  get refused(): number {
    return this.#refused;
  }

  indexOf(id: EntityId): number | undefined {
    return this.#byId.get(id);
  }

  record(index: number): EntityRecord | undefined {
    return this.#records[index];
  }

  lastSeenMs(index: number): number {
    return this.#lastSeenMs[index] ?? 0;
  }

  /** The index of the claimed entity, made when it is new; undefined beyond `ENTITIES_MAX`. */
  claim(claim: EntityClaim, seenMs: number): number | undefined {
    const key = `${claim.type}|${claim.key}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      this.touch(known, seenMs);
      return known;
    }
    if (this.#records.length >= ENTITIES_MAX) {
      this.#refused += 1;
      return undefined;
    }
    const declared = this.#declared(claim);
    if (declared !== undefined) {
      this.#byKey.set(key, declared);
      this.touch(declared, seenMs);
      return declared;
    }
    const name = this.#freeName(claim);
    const id = entityId(claim.type, name);
    return this.#add({ id, type: claim.type, name, key, attributes: {}, firstSeenMs: seenMs });
  }

  /** Somebody named it before any telemetry did: it is the same. */
  #declared({ type, names }: EntityClaim): number | undefined {
    const index = this.#byId.get(entityId(type, names.find((name) => name !== "") ?? ""));
    const isDeclared = this.#records[index ?? -1]?.key.startsWith(`${type}|${DECLARED}`) === true;
    return isDeclared ? index : undefined;
  }

  #freeName({ type, key, names }: EntityClaim): string {
    for (const name of names) {
      const bounded = name.slice(0, NAME_CHARS_MAX);
      if (bounded !== "" && !this.#byId.has(entityId(type, bounded))) return bounded;
    }
    let name = key.slice(0, NAME_CHARS_MAX) || "unnamed";
    while (this.#byId.has(entityId(type, name))) name = `${name}'`;
    return name;
  }

  #add(record: EntityRecord): number {
    const index = this.#records.length;
    this.#records.push(record);
    this.#byKey.set(record.key, index);
    this.#byId.set(record.id, index);
    if (index >= this.#lastSeenMs.length) {
      const grown = new Float64Array(index * 2);
      grown.set(this.#lastSeenMs);
      this.#lastSeenMs = grown;
    }
    this.#lastSeenMs[index] = record.firstSeenMs;
    return index;
  }

  touch(index: number, seenMs: number): void {
    if (seenMs > (this.#lastSeenMs[index] ?? 0)) this.#lastSeenMs[index] = seenMs;
  }

  /** Adds to what is known of an entity; later values win. */
  describe(index: number, attributes: Readonly<Record<string, AttributeValue>>): void {
    const record = this.#records[index];
    if (record === undefined) return;
    const merged: Record<string, AttributeValue> = { ...record.attributes };
    let held = Object.keys(merged).length;
    let changed = false;
    for (const [name, raw] of Object.entries(attributes)) {
      const value = typeof raw === "string" ? raw.slice(0, VALUE_CHARS_MAX) : raw;
      if (merged[name] === value) continue;
      if (merged[name] === undefined) {
        if (held >= ATTRIBUTES_MAX) continue;
        held += 1;
      }
      merged[name] = value;
      changed = true;
    }
    if (changed) this.#records[index] = { ...record, attributes: merged };
  }

  capture(): EntityCapture {
    return {
      records: this.#records.slice(),
      lastSeenMs: this.#lastSeenMs.slice(0, this.#records.length),
    };
  }

  rows(): EntityRow[] {
    return this.#records.map((record, index) => ({
      ...record,
      lastSeenMs: this.lastSeenMs(index),
    }));
  }

  /** Contract: only into an empty store. */
  restore(rows: readonly EntityRow[]): void {
    for (const { lastSeenMs, ...record } of rows.slice(0, ENTITIES_MAX)) {
      const index = this.#add(record);
      this.touch(index, lastSeenMs);
    }
  }
}
