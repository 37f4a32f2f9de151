import type { EntityId } from "./entity.ts";
import type { Relation, RelationType } from "./relation.ts";

/** A relation learned from telemetry ends when nothing has shown it for this long. */
export const RELATION_EXPIRY_MS = 15 * 60_000;
/** Limit: versions of relations kept; further ones are refused and counted. */
export const RELATION_VERSIONS_MAX = 200_000;

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
  row: RelationRow;
  seenMs: number;
  hasEnded: boolean;
  readonly expires: boolean;
}

/** Whether a row was believed then. */
function isBelieved(row: RelationRow, belief: Belief): boolean {
  if (row.fromSequence > belief.sequence || row.recordedFromMs > belief.knownAtMs) return false;
  return row.toSequence > belief.sequence || row.recordedToMs > belief.knownAtMs;
}

/** Bitemporal relations: when each held, and when that was recorded. */
export class RelationStore {
  readonly #rows: RelationRow[] = [];
  readonly #byEntity = new Map<EntityId, RelationRow[]>();
  readonly #held = new Map<string, HeldRelation>();
  #sequence = 0;
  #refused = 0;

  get size(): number {
    return this.#rows.length;
  }

  get refused(): number {
    return this.#refused;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** Says that a relation holds at `seenMs`. The result is kept by callers that see it often, and touched. */
  hold(
    ends: Ends,
    at: { readonly seenMs: number; readonly nowMs: number; readonly source: string },
  ): HeldRelation | undefined {
    const key = `${ends.type}|${ends.from}|${ends.to}`;
    const known = this.#held.get(key);
    if (known !== undefined) {
      known.seenMs = Math.max(known.seenMs, at.seenMs);
      return known;
    }
    const row = this.#record(ends, {
      source: at.source,
      validFromMs: at.seenMs,
      validToMs: Number.POSITIVE_INFINITY,
      nowMs: at.nowMs,
    });
    if (row === undefined) return undefined;
    const expires = at.source === "traces" || at.source === "resource";
    const held: HeldRelation = {
      type: ends.type,
      from: ends.from,
      to: ends.to,
      row,
      seenMs: at.seenMs,
      hasEnded: false,
      expires,
    };
    this.#held.set(key, held);
    return held;
  }

  /** Relations of a type that hold now from an entity. */
  heldFrom(type: RelationType, from: EntityId): readonly HeldRelation[] {
    const found: HeldRelation[] = [];
    for (const row of this.#byEntity.get(from) ?? []) {
      if (row.type !== type || row.from !== from) continue;
      const held = this.#held.get(`${row.type}|${row.from}|${row.to}`);
      if (held !== undefined && held.row === row) found.push(held);
    }
    return found;
  }

  #record(
    ends: Ends,
    row: Pick<RelationRow, "source" | "validFromMs" | "validToMs"> & { readonly nowMs: number },
  ): RelationRow | undefined {
    if (this.#rows.length >= RELATION_VERSIONS_MAX) {
      this.#refused += 1;
      return undefined;
    }
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
    this.#held.delete(`${held.type}|${held.from}|${held.to}`);
    held.hasEnded = true;
    const { row } = held;
    row.recordedToMs = nowMs;
    row.toSequence = this.#sequence + 1;
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
      if (isBelieved(row, belief)) found.push(asRelation(row, belief));
    }
    return found;
  }

  rows(): readonly RelationRow[] {
    return this.#rows;
  }

  /** Contract: only into an empty store. Relations that held at the snapshot hold on until they expire. */
  restore(rows: readonly RelationRow[], savedMs: number): void {
    for (const row of rows.slice(0, RELATION_VERSIONS_MAX)) {
      this.#index(row);
      this.#sequence = Math.max(this.#sequence, row.fromSequence);
      if (row.validToMs !== Number.POSITIVE_INFINITY) continue;
      if (row.recordedToMs !== Number.POSITIVE_INFINITY) continue;
      const expires = row.source === "traces" || row.source === "resource";
      const { type, from, to } = row;
      this.#held.set(`${type}|${from}|${to}`, {
        type,
        from,
        to,
        row,
        seenMs: savedMs,
        hasEnded: false,
        expires,
      });
    }
  }
}

function fits(row: RelationRow, { type, from, to }: RelationFilter): boolean {
  if (type !== undefined && row.type !== type) return false;
  return (from === undefined || row.from === from) && (to === undefined || row.to === to);
}

function asRelation(row: RelationRow, belief: Belief): Relation {
  const replaced = row.toSequence <= belief.sequence;
  return {
    type: row.type,
    from: row.from,
    to: row.to,
    validFromMs: row.validFromMs,
    validToMs: row.validToMs,
    recordedFromMs: row.recordedFromMs,
    recordedToMs: replaced ? row.recordedToMs : Number.POSITIVE_INFINITY,
    source: row.source,
  };
}
