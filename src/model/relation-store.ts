import { Changed } from "./changed.ts";
import type { EntityId } from "./entity.ts";
import type { Relation, RelationType } from "./relation.ts";
import { orEndless, orNull, type Saved } from "./saved.ts";

/** A relation learned from telemetry ends when nothing has shown it for this long. */
export const RELATION_EXPIRY_MS = 15 * 60_000;
/** Limit: versions of relations kept; beyond, what ended long ago is forgotten, and else new ones are refused. */
export const RELATION_VERSIONS_MAX = 200_000;
/** What ended longer ago than this may be forgotten to make room. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;
/** No second search for what can be forgotten within this time: it looks at every row. */
const SEARCH_EVERY_MS = 60_000;

type Ends = Pick<Relation, "type" | "from" | "to">;

/** One version of a relation. Rows are only added and closed, so that any past belief can be read again. */
export interface RelationRow extends Ends {
  readonly source: string;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly recordedFromMs: number;
  recordedToMs: number;
  /** Order of recording, for belief within one millisecond. */
  readonly fromSequence: number;
  toSequence: number;
}

export type SavedRelation = Saved<RelationRow>;

export interface RelationFilter {
  readonly type?: RelationType;
  readonly from?: EntityId;
  readonly to?: EntityId;
}

/** What was recorded by then: everything up to `sequence`, and nothing after `knownAtMs`. */
export interface Belief {
  readonly sequence: number;
  readonly knownAtMs: number;
}

/** A relation that holds now. `seenMs` is the last time that something showed it. */
export interface HeldRelation extends Ends {
  readonly row: RelationRow;
  seenMs: number;
  hasEnded: boolean;
  readonly expires: boolean;
}

/** Whether a row was believed then. */
function isBelieved(row: RelationRow, belief: Belief): boolean {
  if (row.fromSequence > belief.sequence || row.recordedFromMs > belief.knownAtMs) return false;
  return row.toSequence > belief.sequence || row.recordedToMs > belief.knownAtMs;
}

/** What telemetry shows fades when it shows it no more; what somebody stated stays. */
const doesExpire = (source: string): boolean => source === "traces" || source === "resource";

/** Names hold no line breaks, so that no two relations have one key. */
const keyOf = ({ type, from, to }: Ends): string => `${type}\n${from}\n${to}`;

/** Bitemporal relations: when each held, and when that was recorded. */
export class RelationStore {
  #rows: RelationRow[] = [];
  readonly #byEntity = new Map<EntityId, RelationRow[]>();
  readonly #held = new Map<string, HeldRelation>();
  readonly #changed = new Changed<RelationRow>();
  /** While an earlier life is being read: its rows by sequence. */
  #learned: Map<number, RelationRow> | undefined;
  #sequence = 0;
  #refused = 0;
  #forgotten = 0;
  #searchAgainMs = 0;

  get size(): number {
    return this.#rows.length;
  }

  get refused(): number {
    return this.#refused;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Says that a relation holds at `seenMs`. The result is kept by callers that see it often, and touched. */
  hold(
    ends: Ends,
    at: { readonly seenMs: number; readonly nowMs: number; readonly source: string },
  ): HeldRelation | undefined {
    const key = keyOf(ends);
    const known = this.#held.get(key);
    if (known !== undefined) {
      known.seenMs = Math.max(known.seenMs, at.seenMs);
      return known;
    }
    if (!this.#hasRoom(at.nowMs)) {
      this.#refused += 1;
      return undefined;
    }
    const row = this.#record(ends, {
      source: at.source,
      validFromMs: at.seenMs,
      validToMs: Number.POSITIVE_INFINITY,
      nowMs: at.nowMs,
    });
    const held: HeldRelation = {
      type: ends.type,
      from: ends.from,
      to: ends.to,
      row,
      seenMs: at.seenMs,
      hasEnded: false,
      expires: doesExpire(at.source),
    };
    this.#held.set(key, held);
    return held;
  }

  /** Relations of a type that hold now from an entity. */
  heldFrom(type: RelationType, from: EntityId): readonly HeldRelation[] {
    const found: HeldRelation[] = [];
    for (const row of this.#byEntity.get(from) ?? []) {
      if (row.type !== type || row.from !== from) continue;
      const held = this.#held.get(keyOf(row));
      if (held !== undefined && held.row === row) found.push(held);
    }
    return found;
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#rows.length < RELATION_VERSIONS_MAX) return true;
    if (nowMs < this.#searchAgainMs) return false;
    this.#searchAgainMs = nowMs + SEARCH_EVERY_MS;
    const kept = this.#rows.filter(
      (row) => Math.min(row.validToMs, row.recordedToMs) > nowMs - FORGOTTEN_AFTER_MS,
    );
    this.#forgotten += this.#rows.length - kept.length;
    this.#rows = [];
    this.#byEntity.clear();
    for (const row of kept) this.#index(row);
    return this.#rows.length < RELATION_VERSIONS_MAX;
  }

  /** A row that ends another is always let in: else what is over would be believed for ever. */
  #record(
    ends: Ends,
    row: Pick<RelationRow, "source" | "validFromMs" | "validToMs"> & { readonly nowMs: number },
  ): RelationRow {
    this.#sequence += 1;
    const added: RelationRow = {
      type: ends.type,
      from: ends.from,
      to: ends.to,
      source: row.source,
      validFromMs: row.validFromMs,
      validToMs: row.validToMs,
      recordedFromMs: row.nowMs,
      recordedToMs: Number.POSITIVE_INFINITY,
      fromSequence: this.#sequence,
      toSequence: Number.POSITIVE_INFINITY,
    };
    this.#index(added);
    this.#changed.add(added);
    return added;
  }

  #index(row: RelationRow): void {
    this.#rows.push(row);
    for (const end of [row.from, row.to]) {
      const rows = this.#byEntity.get(end);
      if (rows === undefined) this.#byEntity.set(end, [row]);
      else rows.push(row);
    }
  }

  /** Ends a relation: the row that said "it holds" is superseded by one that says until when. */
  end(held: HeldRelation, validToMs: number, nowMs: number): void {
    this.#held.delete(keyOf(held));
    held.hasEnded = true;
    const { row } = held;
    row.recordedToMs = nowMs;
    row.toSequence = this.#sequence + 1;
    this.#changed.add(row);
    this.#record(held, {
      source: row.source,
      validFromMs: row.validFromMs,
      validToMs: Math.max(row.validFromMs, validToMs),
      nowMs,
    });
  }

  /** Ends what nothing has shown for `RELATION_EXPIRY_MS`. */
  expire(nowMs: number): void {
    for (const held of this.#held.values()) {
      if (held.expires && nowMs - held.seenMs > RELATION_EXPIRY_MS) {
        this.end(held, held.seenMs, nowMs);
      }
    }
  }

  /** What was believed then to hold at `validMs`. */
  select(filter: RelationFilter, validMs: number, belief: Belief): Relation[] {
    const pivot = filter.from ?? filter.to;
    const rows = pivot === undefined ? this.#rows : (this.#byEntity.get(pivot) ?? []);
    const found: Relation[] = [];
    for (const row of rows) {
      if (!fits(row, filter)) continue;
      if (row.validFromMs > validMs || row.validToMs <= validMs) continue;
      if (isBelieved(row, belief)) found.push(asRelation(row));
    }
    return found;
  }

  *rows(): Generator<SavedRelation> {
    for (const row of this.#rows) yield saved(row);
  }

  /** Those that are new, or believed no more, since the last call. */
  takeChanged(): SavedRelation[] {
    return Array.from(this.#changed.take(), saved);
  }

  /** A row of an earlier life. Contract: before anything is held; of two with one sequence the later stands. */
  learn(row: SavedRelation): void {
    this.#learned ??= new Map();
    const fromSequence = row.fromSequence ?? 0;
    const toSequence = orEndless(row.toSequence);
    const recordedToMs = orEndless(row.recordedToMs);
    const known = this.#learned.get(fromSequence);
    if (known !== undefined) {
      known.toSequence = toSequence;
      known.recordedToMs = recordedToMs;
      return;
    }
    const learned: RelationRow = {
      ...row,
      validFromMs: row.validFromMs ?? 0,
      validToMs: orEndless(row.validToMs),
      recordedFromMs: row.recordedFromMs ?? 0,
      recordedToMs,
      fromSequence,
      toSequence,
    };
    this.#learned.set(fromSequence, learned);
    this.#index(learned);
    this.#sequence = Math.max(this.#sequence, fromSequence);
  }

  /** All of an earlier life is learned: what held at its end, `savedMs`, holds on until it expires. */
  resume(savedMs: number): void {
    for (const row of this.#learned?.values() ?? []) {
      if (row.validToMs !== Number.POSITIVE_INFINITY) continue;
      if (row.recordedToMs !== Number.POSITIVE_INFINITY) continue;
      const { type, from, to } = row;
      const expires = doesExpire(row.source);
      const held = { type, from, to, row, seenMs: savedMs, hasEnded: false, expires };
      this.#held.set(keyOf(row), held);
    }
    this.#learned = undefined;
  }
}

const saved = (row: RelationRow): SavedRelation => ({
  ...row,
  validToMs: orNull(row.validToMs),
  recordedToMs: orNull(row.recordedToMs),
  toSequence: orNull(row.toSequence),
});

function fits(row: RelationRow, { type, from, to }: RelationFilter): boolean {
  if (type !== undefined && row.type !== type) return false;
  return (from === undefined || row.from === from) && (to === undefined || row.to === to);
}

/** A row that is believed: within that belief nothing has replaced it. */
function asRelation(row: RelationRow): Relation {
  return {
    type: row.type,
    from: row.from,
    to: row.to,
    validFromMs: row.validFromMs,
    validToMs: row.validToMs,
    recordedFromMs: row.recordedFromMs,
    recordedToMs: Number.POSITIVE_INFINITY,
    source: row.source,
  };
}
