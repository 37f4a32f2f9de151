import type { ChangeRow } from "./change-log.ts";
import type { EntityId } from "./entity.ts";
import type { EntityRow } from "./entity-store.ts";
import type { RelationRow } from "./relation-store.ts";
import type { SliSnapshot } from "./slo/sli-history.ts";

/** Infinity is no JSON: `null` stands for "until further notice". */
type Saved<Row> = {
  readonly [Key in keyof Row]: Row[Key] extends number ? number | null : Row[Key];
};

/** What of the world outlives the process, as plain JSON: not spans, columns or series. */
export interface WorldSnapshot {
  readonly format: 1;
  readonly savedMs: number;
  readonly entities: readonly EntityRow[];
  readonly relations: readonly Saved<RelationRow>[];
  readonly changes: readonly Saved<ChangeRow>[];
  /** Versions seen of each service, in order: what is in here is not news. */
  readonly versions: readonly (readonly [EntityId, readonly string[]])[];
  readonly sli: Readonly<Record<string, SliSnapshot>>;
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
const orEndless = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;

export function saveRelation(row: RelationRow): Saved<RelationRow> {
  return {
    ...row,
    validToMs: orNull(row.validToMs),
    recordedToMs: orNull(row.recordedToMs),
    toSequence: orNull(row.toSequence),
  };
}

export function loadRelation(row: Saved<RelationRow>): RelationRow {
  return {
    ...row,
    validFromMs: row.validFromMs ?? 0,
    validToMs: orEndless(row.validToMs),
    recordedFromMs: row.recordedFromMs ?? 0,
    recordedToMs: orEndless(row.recordedToMs),
    fromSequence: row.fromSequence ?? 0,
    toSequence: orEndless(row.toSequence),
  };
}

export function saveChange(row: ChangeRow): Saved<ChangeRow> {
  return { ...row, recordedToMs: orNull(row.recordedToMs), toSequence: orNull(row.toSequence) };
}

export function loadChange(row: Saved<ChangeRow>): ChangeRow {
  return {
    ...row,
    recordedFromMs: row.recordedFromMs ?? 0,
    recordedToMs: orEndless(row.recordedToMs),
    fromSequence: row.fromSequence ?? 0,
    toSequence: orEndless(row.toSequence),
  };
}
