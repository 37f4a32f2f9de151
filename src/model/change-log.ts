import { Changed } from "./changed.ts";
import type { EntityId } from "./entity.ts";
import type { Belief } from "./relation-store.ts";
import { orEndless, orNull, type Saved } from "./saved.ts";
import type { ChangeRecord } from "./signal.ts";
import type { Change } from "./view.ts";

/** A deploy that was reported and the first sight of its version are one change when they are this close. */
export const SAME_DEPLOY_MS = 10 * 60_000;
/** Limit: changes kept, oldest forgotten first. */
export const CHANGES_MAX = 20_000;

/** A change as it was recorded; superseded, never altered, when more becomes known of it. */
export interface ChangeRow {
  readonly record: ChangeRecord;
  readonly origin: Change["origin"];
  readonly recordedFromMs: number;
  recordedToMs: number;
  readonly fromSequence: number;
  toSequence: number;
}

export type SavedChange = Saved<ChangeRow>;

interface Deploy {
  /** As the change names its entity: compared by the caller's `sameEntity`. */
  readonly entity: string;
  readonly version: string;
  readonly timeMs: number;
}

const deployOf = (record: ChangeRecord): Deploy | undefined =>
  record.kind === "deploy" && typeof record.attributes.version === "string"
    ? { entity: record.entity, version: record.attributes.version, timeMs: record.timeMs }
    : undefined;

/** What was done to the system, reported and observed. */
export class ChangeLog {
  #rows: ChangeRow[] = [];
  readonly #byId = new Map<string, ChangeRow>();
  readonly #changed = new Changed<ChangeRow>();
  /** While an earlier life is being read: its rows by sequence. */
  #learned: Map<number, ChangeRow> | undefined;
  readonly #serviceOf: (entity: string) => EntityId | undefined;
  #sequence = 0;
  forgotten = 0;

  /** `serviceOf` finds the service that a text names. */
  constructor(serviceOf: (entity: string) => EntityId | undefined) {
    this.#serviceOf = serviceOf;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** A change that somebody told. Told twice under one id, the later telling stands. */
  report(record: ChangeRecord, origin: "reported" | "executor", nowMs: number): void {
    const same = this.#byId.get(record.id);
    if (same !== undefined && isSame(same.record, record)) return;
    const seen = same ?? this.#deployLike(record, "observed");
    if (seen === undefined) {
      this.#add(record, origin, nowMs);
      return;
    }
    this.#supersede(seen, nowMs);
    const observed = seen.origin === "observed" ? seen.record.timeMs : undefined;
    this.#add(observed === undefined ? record : withObserved(record, observed), origin, nowMs);
  }

  /** A version's first span. Nothing new when its deploy was reported already. */
  observe(record: ChangeRecord, nowMs: number): void {
    if (this.#byId.has(record.id)) return;
    const told = this.#deployLike(record, "reported") ?? this.#deployLike(record, "executor");
    if (told === undefined) {
      this.#add(record, "observed", nowMs);
      return;
    }
    this.#supersede(told, nowMs);
    this.#add(withObserved(told.record, record.timeMs), told.origin, nowMs);
  }

  #deployLike(record: ChangeRecord, origin: Change["origin"]): ChangeRow | undefined {
    const wanted = deployOf(record);
    if (wanted === undefined) return undefined;
    const service = this.#serviceOf(wanted.entity);
    return this.#rows.findLast((row) => {
      if (row.origin !== origin || row.toSequence !== Number.POSITIVE_INFINITY) return false;
      const deploy = deployOf(row.record);
      if (deploy === undefined || deploy.version !== wanted.version) return false;
      if (Math.abs(deploy.timeMs - wanted.timeMs) > SAME_DEPLOY_MS) return false;
      return service === undefined
        ? deploy.entity === wanted.entity
        : this.#serviceOf(deploy.entity) === service;
    });
  }

  #add(record: ChangeRecord, origin: Change["origin"], nowMs: number): void {
    this.#sequence += 1;
    const row: ChangeRow = {
      record,
      origin,
      recordedFromMs: nowMs,
      recordedToMs: Number.POSITIVE_INFINITY,
      fromSequence: this.#sequence,
      toSequence: Number.POSITIVE_INFINITY,
    };
    this.#keep(row);
  }

  #keep(row: ChangeRow): void {
    this.#rows.push(row);
    this.#byId.set(row.record.id, row);
    this.#changed.add(row);
    if (this.#rows.length <= CHANGES_MAX) return;
    const [oldest] = this.#rows.splice(0, 1);
    this.forgotten += 1;
    if (oldest === undefined) return;
    this.#changed.delete(oldest);
    if (this.#byId.get(oldest.record.id) === oldest) this.#byId.delete(oldest.record.id);
  }

  #supersede(row: ChangeRow, nowMs: number): void {
    row.recordedToMs = nowMs;
    row.toSequence = this.#sequence + 1;
    this.#changed.add(row);
    this.#byId.delete(row.record.id);
  }

  /** What was believed then, oldest change first. */
  select(belief: Belief, fromMs: number, toMs: number): readonly ChangeRow[] {
    return this.#rows
      .filter(
        (row) =>
          row.record.timeMs >= fromMs &&
          row.record.timeMs < toMs &&
          row.fromSequence <= belief.sequence &&
          row.recordedFromMs <= belief.knownAtMs &&
          (row.toSequence > belief.sequence || row.recordedToMs > belief.knownAtMs),
      )
      .sort((a, b) => a.record.timeMs - b.record.timeMs || a.fromSequence - b.fromSequence);
  }

  *rows(): Generator<SavedChange> {
    for (const row of this.#rows) yield saved(row);
  }

  /** Those that are new or were superseded since the last call. */
  takeChanged(): SavedChange[] {
    return Array.from(this.#changed.take(), saved);
  }

  /** A row of an earlier life. Contract: before anything is reported; of two with one sequence the later stands. */
  learn(row: SavedChange): void {
    const fromSequence = row.fromSequence ?? 0;
    const toSequence = orEndless(row.toSequence);
    const recordedToMs = orEndless(row.recordedToMs);
    this.#learned ??= new Map();
    const known = this.#learned.get(fromSequence);
    if (known !== undefined) {
      known.toSequence = toSequence;
      known.recordedToMs = recordedToMs;
      if (Number.isFinite(toSequence) && this.#byId.get(known.record.id) === known)
        this.#byId.delete(known.record.id);
      return;
    }
    const recordedFromMs = row.recordedFromMs ?? 0;
    const learned: ChangeRow = { ...row, recordedFromMs, recordedToMs, fromSequence, toSequence };
    this.#learned.set(fromSequence, learned);
    this.#rows.push(learned);
    if (this.#rows.length > CHANGES_MAX) this.#rows.shift();
    if (toSequence === Number.POSITIVE_INFINITY) this.#byId.set(learned.record.id, learned);
    this.#sequence = Math.max(this.#sequence, fromSequence);
  }

  /** All of an earlier life is learned. */
  resume(): void {
    this.#learned = undefined;
  }
}

const saved = (row: ChangeRow): SavedChange => ({
  ...row,
  recordedToMs: orNull(row.recordedToMs),
  toSequence: orNull(row.toSequence),
});

/** The reported time stands; when its first span was seen is kept beside it. */
function withObserved(record: ChangeRecord, observedMs: number): ChangeRecord {
  return { ...record, attributes: { ...record.attributes, first_seen_ms: observedMs } };
}

function isSame(a: ChangeRecord, b: ChangeRecord): boolean {
  return (
    JSON.stringify([a.timeMs, a.kind, a.entity, a.summary]) ===
    JSON.stringify([b.timeMs, b.kind, b.entity, b.summary])
  );
}
