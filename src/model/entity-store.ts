import { identityText } from "./attribute-text.ts";
import { Changed } from "./changed.ts";
import type { Attributes, AttributeValue, EntityId, EntityType } from "./entity.ts";
import { entityId, entityName, entityType } from "./entity.ts";
import { ENTITIES_OF_TYPE_MAX, isForgettable } from "./entity-limits.ts";

/** Limit: indices ever given out. Two of them make one exact number (`PlaceTable`). */
const INDICES_MAX = 2 ** 20;
/** Limit: attributes of one entity. */
const ATTRIBUTES_MAX = 64;
const VALUE_CHARS_MAX = 256;
export const NAME_CHARS_MAX = 200;
/** Limit: earlier descriptions of one entity, for views of the past; the oldest is forgotten first. */
const DESCRIPTIONS_MAX = 16;
/** Data may come in any order for this long: an earlier sight still moves when an entity was first seen. */
const SETTLE_MS = 15_000;
/** When a type is full, so much of it may be let go of at once. */
const FORGET_SHARE = 0.1;

/** Begins the key of an entity that a person or a file named; telemetry of that name is taken as its own. */
export const DECLARED = "declared ";

/** What identifies an entity, and what to call it: the first name that is free. */
export interface EntityClaim {
  readonly type: EntityType;
  /** Unique among its type; two entities may share a name but never a key. */
  readonly key: string;
  readonly names: readonly string[];
}

/** By when the data was, and when we got it. */
export interface Sighting {
  readonly seenMs: number;
  readonly nowMs: number;
}

/** One entity as it is described since `sinceMs`; replaced, never changed, when its attributes change. */
export interface EntityRecord {
  readonly id: EntityId;
  readonly type: EntityType;
  readonly name: string;
  readonly key: string;
  readonly attributes: Attributes;
  readonly firstSeenMs: number;
  /** By our clock: when we first knew of it, and when this description began. */
  readonly recordedMs: number;
  readonly sinceMs: number;
  readonly earlier: EntityRecord | undefined;
}

/** The entities as they were when a view was made. Those that were forgotten are `undefined`. */
export interface EntityCapture {
  readonly records: readonly (EntityRecord | undefined)[];
  readonly lastSeenMs: Float64Array;
}

type Description = Pick<EntityRecord, "attributes" | "firstSeenMs" | "sinceMs">;

/** An entity as it is written down. */
export interface EntityRow extends Omit<EntityRecord, "earlier"> {
  readonly lastSeenMs: number;
  /** Further keys under which telemetry tells of it. */
  readonly otherKeys: readonly string[];
  /** How it was described before, newest first. */
  readonly earlier: readonly Description[];
}

/** All entities ever seen, by a small index that stays theirs. */
export class EntityStore {
  readonly #records: (EntityRecord | undefined)[] = [];
  #lastSeenMs = new Float64Array(256);
  readonly #byKey = new Map<string, number>();
  readonly #byId = new Map<EntityId, number>();
  readonly #otherKeys = new Map<number, readonly string[]>();
  readonly #changed = new Changed<number>();
  #forgottenIds: EntityId[] = [];
  readonly #countOf = new Map<EntityType, number>();
  /** No second search for what can be forgotten before then. */
  readonly #searchAgainMs = new Map<EntityType, number>();
  #refused = 0;
  #forgotten = 0;

  get size(): number {
    return this.#byId.size;
  }

  get refused(): number {
    return this.#refused;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  indexOf(id: EntityId): number | undefined {
    return this.#byId.get(id);
  }

  indexOfKey(type: EntityType, key: string): number | undefined {
    return this.#byKey.get(`${type}|${key}`);
  }

  record(index: number): EntityRecord | undefined {
    return this.#records[index];
  }

  /** The index of the claimed entity, made when it is new; undefined when its type is full. */
  claim(claim: EntityClaim, at: Sighting): number | undefined {
    const key = `${claim.type}|${claim.key}`;
    const known = this.#byKey.get(key);
    if (known !== undefined && this.#records[known] !== undefined) {
      this.touch(known, at);
      return known;
    }
    const declared = this.#declared(claim);
    if (declared !== undefined) {
      this.#nameToo(declared, key);
      this.touch(declared, at);
      return declared;
    }
    if (!this.#hasRoom(claim.type, at.nowMs)) {
      this.#refused += 1;
      return undefined;
    }
    const name = this.#freeName(claim);
    return this.#add(
      {
        id: entityId(claim.type, name),
        type: claim.type,
        name,
        key,
        attributes: {},
        firstSeenMs: at.seenMs,
        recordedMs: at.nowMs,
        sinceMs: at.nowMs,
        earlier: undefined,
      },
      at.seenMs,
    );
  }

  /** Somebody named it before any telemetry did: it is the same. */
  #declared({ type, names }: EntityClaim): number | undefined {
    const wanted = names.find((name) => name !== "") ?? "";
    const index = this.#byId.get(entityId(type, identityText(wanted, NAME_CHARS_MAX)));
    const isDeclared = this.#records[index ?? -1]?.key.startsWith(`${type}|${DECLARED}`) === true;
    return isDeclared ? index : undefined;
  }

  #nameToo(index: number, key: string): void {
    this.#byKey.set(key, index);
    this.#otherKeys.set(index, [...(this.#otherKeys.get(index) ?? []), key]);
    this.#changed.add(index);
  }

  #freeName({ type, key, names }: EntityClaim): string {
    for (const name of names) {
      const bounded = identityText(name, NAME_CHARS_MAX);
      if (bounded !== "" && !this.#byId.has(entityId(type, bounded))) return bounded;
    }
    const stem = identityText(key, NAME_CHARS_MAX - 8) || "unnamed";
    let name = stem;
    for (let number = 2; this.#byId.has(entityId(type, name)); number += 1)
      name = `${stem} ${number}`;
    return name;
  }

  #hasRoom(type: EntityType, nowMs: number): boolean {
    if (this.#records.length >= INDICES_MAX) return false;
    const limit = ENTITIES_OF_TYPE_MAX[type];
    if ((this.#countOf.get(type) ?? 0) < limit) return true;
    if (nowMs < (this.#searchAgainMs.get(type) ?? 0)) return false;
    this.#searchAgainMs.set(type, nowMs + 60_000);
    const old = this.#records.flatMap((record, index) =>
      record?.type === type && isForgettable(type, nowMs - (this.#lastSeenMs[index] ?? 0))
        ? [index]
        : [],
    );
    const byAge = old.sort((a, b) => (this.#lastSeenMs[a] ?? 0) - (this.#lastSeenMs[b] ?? 0));
    for (const index of byAge.slice(0, Math.ceil(limit * FORGET_SHARE))) this.#forget(index);
    return (this.#countOf.get(type) ?? 0) < limit;
  }

  #forget(index: number): void {
    const record = this.#records[index];
    if (record === undefined) return;
    this.#records[index] = undefined;
    for (const key of [record.key, ...(this.#otherKeys.get(index) ?? [])]) this.#byKey.delete(key);
    this.#otherKeys.delete(index);
    this.#changed.delete(index);
    this.#forgottenIds.push(record.id);
    this.#byId.delete(record.id);
    this.#countOf.set(record.type, (this.#countOf.get(record.type) ?? 1) - 1);
    this.#forgotten += 1;
  }

  #add(record: EntityRecord, lastSeenMs: number): number {
    const index = this.#records.length;
    this.#records.push(record);
    this.#byKey.set(record.key, index);
    this.#byId.set(record.id, index);
    this.#countOf.set(record.type, (this.#countOf.get(record.type) ?? 0) + 1);
    if (index >= this.#lastSeenMs.length) this.#lastSeenMs = grown(this.#lastSeenMs);
    this.#lastSeenMs[index] = lastSeenMs;
    this.#changed.add(index);
    return index;
  }

  /** Says that something showed an entity. */
  touch(index: number, at: Sighting): void {
    const { seenMs, nowMs } = at;
    if (seenMs > (this.#lastSeenMs[index] ?? 0)) this.#lastSeenMs[index] = seenMs;
    const record = this.#records[index];
    if (record === undefined || seenMs >= record.firstSeenMs) return;
    if (nowMs - record.recordedMs <= SETTLE_MS)
      this.#replace(index, { firstSeenMs: seenMs }, nowMs);
  }

  /** What is learned of an entity in one instant is one description of it. */
  #replace(
    index: number,
    learned: Partial<Pick<EntityRecord, "firstSeenMs" | "attributes">>,
    nowMs: number,
  ): void {
    const record = this.#records[index];
    if (record === undefined) return;
    const earlier = record.sinceMs === nowMs ? record.earlier : cutChain(record);
    this.#records[index] = { ...record, ...learned, sinceMs: nowMs, earlier };
    this.#changed.add(index);
  }

  /** Adds to what is known of an entity; later values win. */
  describe(
    index: number,
    attributes: Readonly<Record<string, AttributeValue>>,
    nowMs: number,
  ): void {
    const record = this.#records[index];
    if (record === undefined) return;
    const merged: Record<string, AttributeValue> = { ...record.attributes };
    let held = Object.keys(merged).length;
    let changed = false;
    for (const [name, raw] of Object.entries(attributes)) {
      const value = typeof raw === "string" ? raw.slice(0, VALUE_CHARS_MAX) : raw;
      const known = Object.hasOwn(merged, name);
      if ((known && merged[name] === value) || name === "__proto__") continue;
      if (!known && held >= ATTRIBUTES_MAX) continue;
      if (!known) held += 1;
      merged[name] = value;
      changed = true;
    }
    if (changed) this.#replace(index, { attributes: merged }, nowMs);
  }

  capture(): EntityCapture {
    const length = this.#records.length;
    return {
      records: this.#records.slice(),
      lastSeenMs: this.#lastSeenMs.slice(0, length),
    };
  }

  /** All entities as they are written down. Limit: `INDICES_MAX`; the caller may stop in between. */
  *rows(): Generator<EntityRow> {
    for (let index = 0; index < this.#records.length; index += 1) {
      const row = this.#row(index);
      if (row !== undefined) yield row;
    }
  }

  #row(index: number): EntityRow | undefined {
    const record = this.#records[index];
    if (record === undefined) return undefined;
    const { earlier, ...row } = record;
    const before: Description[] = [];
    for (let at = earlier; at !== undefined; at = at.earlier) {
      const { attributes, firstSeenMs, sinceMs } = at;
      before.push({ attributes, firstSeenMs, sinceMs });
    }
    const otherKeys = this.#otherKeys.get(index) ?? [];
    return { ...row, lastSeenMs: this.#lastSeenMs[index] ?? 0, otherKeys, earlier: before };
  }

  /** Those that are new, described anew or forgotten since the last call. */
  takeChanged(): { readonly rows: readonly EntityRow[]; readonly forgotten: readonly EntityId[] } {
    const rows = Array.from(this.#changed.take()).flatMap((index) => this.#row(index) ?? []);
    const forgotten = this.#forgottenIds;
    this.#forgottenIds = [];
    return { rows, forgotten };
  }

  /** An entity of an earlier life. Of two with one id the later stands. */
  learn({ lastSeenMs, otherKeys, earlier, ...row }: EntityRow): void {
    let before: EntityRecord | undefined;
    for (const description of earlier.toReversed()) {
      before = { ...row, ...description, earlier: before };
    }
    const record: EntityRecord = { ...row, earlier: before };
    const known = this.#byId.get(row.id);
    if (known === undefined && (this.#countOf.get(row.type) ?? 0) >= ENTITIES_OF_TYPE_MAX[row.type])
      return;
    const index = known ?? this.#add(record, lastSeenMs);
    this.#records[index] = record;
    this.seen(index, lastSeenMs);
    for (const key of otherKeys) if (!this.#byKey.has(key)) this.#nameToo(index, key);
    this.#changed.delete(index);
  }

  /** Of an earlier life: it was forgotten before that ended. */
  unlearn(id: EntityId): void {
    const index = this.#byId.get(id);
    if (index === undefined) return;
    this.#forget(index);
    this.#forgottenIds.pop();
    this.#forgotten -= 1;
  }

  /** An entity that columns of an earlier life name and nothing else tells of; undefined when its type is full. */
  adopt(id: EntityId, seenMs: number): number | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const [type, name] = [entityType(id), entityName(id)];
    if ((this.#countOf.get(type) ?? 0) >= (ENTITIES_OF_TYPE_MAX[type] ?? 0)) return undefined;
    return this.claim(
      { type, key: `${DECLARED}${name}`, names: [name] },
      { seenMs, nowMs: seenMs },
    );
  }

  /** Says when something showed an entity, and no more. */
  seen(index: number, seenMs: number): void {
    if (seenMs > (this.#lastSeenMs[index] ?? 0)) this.#lastSeenMs[index] = seenMs;
  }
}

const grown = (array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
};

/** The record with as many earlier ones as are kept. */
function cutChain(record: EntityRecord, kept = DESCRIPTIONS_MAX): EntityRecord {
  const { earlier } = record;
  if (earlier === undefined) return record;
  if (kept <= 1) return { ...record, earlier: undefined };
  const rest = cutChain(earlier, kept - 1);
  return rest === earlier ? record : { ...record, earlier: rest };
}
