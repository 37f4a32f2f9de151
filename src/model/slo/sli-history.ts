import { orNull } from "../saved.ts";
import type { SliWindow } from "./slo.ts";

/** A second closes this long after its end: spans arrive one to two seconds after they end. */
export const SLI_GRACE_MS = 2_000;
/** A request that arrives later than its second closed counts in the first open one, up to this far. */
const SLI_LATE_MAX_MS = 30_000;
/** Seconds kept, and minutes kept for windows longer than that (SRE workbook's longest window is three days). */
const SECONDS_KEPT = 4_200;
const MINUTES_KEPT = 3 * 24 * 60 + 60;
export const HISTORY_KEPT_MS = MINUTES_KEPT * 60_000;
/** Seconds further ahead than this do not open: the ring would overwrite the past. */
const AHEAD_SECONDS_MAX = 300;

const GOOD = 0;
const ERRORS = 1;
const SLOW = 2;
const FIELDS = 3;

/** Counters in a ring of fixed steps. A slot tells which step it holds, so that stale ones read as empty. */
class StepRing {
  readonly #size: number;
  readonly #steps: Float64Array;
  readonly #counts: Float64Array;

  constructor(size: number) {
    this.#size = size;
    this.#steps = new Float64Array(size).fill(Number.NaN);
    this.#counts = new Float64Array(size * FIELDS);
  }

  add(step: number, field: number, by: number): void {
    const slot = step % this.#size;
    if (this.#steps[slot] !== step) {
      // An older step must not push out a newer one.
      if ((this.#steps[slot] ?? 0) > step) return;
      this.#steps[slot] = step;
      this.#counts.fill(0, slot * FIELDS, (slot + 1) * FIELDS);
    }
    const at = slot * FIELDS + field;
    this.#counts[at] = (this.#counts[at] ?? 0) + by;
  }

  /** Sets what a step holds; says by how much each count grew. */
  set(step: number, counts: readonly number[]): readonly number[] {
    const slot = step % this.#size;
    if ((this.#steps[slot] ?? 0) > step) return counts.map(() => 0);
    const held = this.#steps[slot] === step;
    this.#steps[slot] = step;
    return counts.map((count, field) => {
      const before = held ? (this.#counts[slot * FIELDS + field] ?? 0) : 0;
      this.#counts[slot * FIELDS + field] = count;
      return count - before;
    });
  }

  holds(step: number): boolean {
    return this.#steps[step % this.#size] === step;
  }

  addTo(step: number, total: Float64Array): boolean {
    const slot = step % this.#size;
    if (this.#steps[slot] !== step) return false;
    for (let field = 0; field < FIELDS; field += 1) {
      total[field] = (total[field] ?? 0) + (this.#counts[slot * FIELDS + field] ?? 0);
    }
    return true;
  }

  /** Steps from `oldest` up to `newest` with their counts, `FIELDS + 1` numbers each, oldest first. */
  rows(newest: number, oldest = 0): number[] {
    const rows: number[] = [];
    const first = Math.max(0, oldest, newest - this.#size + 1);
    for (let step = first; step <= newest; step += 1) {
      if (!this.holds(step)) continue;
      const at = (step % this.#size) * FIELDS;
      rows.push(step);
      for (let field = 0; field < FIELDS; field += 1) rows.push(this.#counts[at + field] ?? 0);
    }
    return rows;
  }
}

/** Rows of `FIELDS + 1` numbers: step and counts. */
function eachRow(
  rows: readonly number[],
  visit: (step: number, counts: readonly number[]) => void,
): void {
  for (let at = 0; at + FIELDS < rows.length; at += FIELDS + 1) {
    visit(rows[at] ?? 0, rows.slice(at + 1, at + 1 + FIELDS));
  }
}

/** What is kept of an objective over a restart. */
export interface SliSnapshot {
  readonly firstSecond: number | null;
  readonly lastSecond: number | null;
  readonly closedSecond: number | null;
  /** Step, good, errors, slow: four numbers for each step that saw a request. */
  readonly seconds: readonly number[];
  /** Empty in what only adds to an earlier one: minutes follow from their seconds. */
  readonly minutes: readonly number[];
}

/** Good and bad requests of one objective, second by second. Closed seconds never change. */
export class SliHistory {
  readonly #seconds = new StepRing(SECONDS_KEPT);
  readonly #minutes = new StepRing(MINUTES_KEPT);
  readonly #latencyThresholdMs: number;
  #firstSecond = Number.POSITIVE_INFINITY;
  #lastSecond = Number.NEGATIVE_INFINITY;
  #closedSecond = Number.NEGATIVE_INFINITY;
  /** The first second that changed since it was asked. */
  #changedSecond = Number.POSITIVE_INFINITY;
  /** Requests that came too late to count at all, and those that counted in a later second than their own. */
  dropped = 0;
  moved = 0;

  constructor(latencyThresholdMs: number | undefined) {
    this.#latencyThresholdMs = latencyThresholdMs ?? Number.POSITIVE_INFINITY;
  }

  /** Seconds before this one are closed. */
  get closedSecond(): number {
    return this.#closedSecond;
  }

  count(endMs: number, failed: boolean, durationMs: number): void {
    let second = Math.floor(endMs / 1000);
    if (second < this.#closedSecond) {
      if ((this.#closedSecond - second) * 1000 > SLI_LATE_MAX_MS) {
        this.dropped += 1;
        return;
      }
      this.moved += 1;
      second = this.#closedSecond;
    }
    if (second > this.#closedSecond + AHEAD_SECONDS_MAX && this.#closedSecond > 0) {
      this.dropped += 1;
      return;
    }
    const field = failed ? ERRORS : durationMs > this.#latencyThresholdMs ? SLOW : GOOD;
    this.#seconds.add(second, field, 1);
    this.#minutes.add(Math.floor(second / 60), field, 1);
    this.#reach(second);
    if (second < this.#changedSecond) this.#changedSecond = second;
  }

  #reach(second: number): void {
    if (second < this.#firstSecond) this.#firstSecond = second;
    if (second > this.#lastSecond) this.#lastSecond = second;
  }

  close(nowMs: number): void {
    const closed = Math.floor((nowMs - SLI_GRACE_MS) / 1000);
    if (closed > this.#closedSecond) this.#closedSecond = closed;
  }

  /** Sums closed seconds of `[fromSecond, toSecond)`; what is older than the seconds kept is read in whole minutes. */
  window(fromSecond: number, toSecond: number): SliWindow {
    const total = new Float64Array(FIELDS);
    const end = Math.min(toSecond, this.#closedSecond);
    const start = Math.max(fromSecond, this.#firstSecond);
    const oldest = this.#closedSecond - SECONDS_KEPT + AHEAD_SECONDS_MAX;
    let at = start < oldest ? Math.floor(start / 60) * 60 : start;
    while (at < end) {
      const isWholeMinute = at % 60 === 0 && at + 60 <= end;
      if (isWholeMinute || at < oldest) {
        this.#minutes.addTo(Math.floor(at / 60), total);
        at = (Math.floor(at / 60) + 1) * 60;
      } else {
        this.#seconds.addTo(at, total);
        at += 1;
      }
    }
    return this.#result(total, { fromSecond, toSecond });
  }

  #result(
    total: Float64Array,
    asked: { readonly fromSecond: number; readonly toSecond: number },
  ): SliWindow {
    const good = total[GOOD] ?? 0;
    const errors = total[ERRORS] ?? 0;
    const slow = total[SLOW] ?? 0;
    const bad = errors + slow;
    const length = Math.max(1, asked.toSecond - asked.fromSecond);
    const after = asked.toSecond - Math.max(asked.fromSecond, this.#firstSecond);
    return {
      good,
      bad,
      errors,
      slow,
      ratio: good + bad > 0 ? good / (good + bad) : 1,
      covered: Math.min(1, Math.max(0, after) / length),
    };
  }

  /** The end of the last second before `second` that saw a request. */
  lastSampleMs(second: number): number | undefined {
    const end = Math.min(second, this.#closedSecond);
    if (!(this.#firstSecond < end)) return undefined;
    const lowest = Math.max(this.#firstSecond, end - SECONDS_KEPT + AHEAD_SECONDS_MAX);
    for (let at = Math.min(end - 1, this.#lastSecond); at >= lowest; at -= 1) {
      if (this.#seconds.holds(at)) return (at + 1) * 1000;
    }
    return this.#lastMinuteMs(Math.floor(lowest / 60));
  }

  #lastMinuteMs(before: number): number | undefined {
    const first = Math.floor(this.#firstSecond / 60);
    for (let minute = before; minute >= Math.max(first, before - MINUTES_KEPT); minute -= 1) {
      if (this.#minutes.holds(minute)) return (minute + 1) * 60_000;
    }
    return this.#firstSecond * 1000;
  }

  snapshot(): SliSnapshot {
    const minutes = this.#minutes.rows(Math.floor(this.#lastSecond / 60));
    return this.#snapshot(this.#seconds.rows(this.#lastSecond), minutes);
  }

  #snapshot(seconds: readonly number[], minutes: readonly number[]): SliSnapshot {
    return {
      firstSecond: orNull(this.#firstSecond),
      lastSecond: orNull(this.#lastSecond),
      closedSecond: orNull(this.#closedSecond),
      seconds,
      minutes,
    };
  }

  /** The seconds that changed since the last call; undefined when none did. */
  takeChanged(): SliSnapshot | undefined {
    const from = this.#changedSecond;
    if (!Number.isFinite(from)) return undefined;
    this.#changedSecond = Number.POSITIVE_INFINITY;
    return this.#snapshot(this.#seconds.rows(this.#lastSecond, from), []);
  }

  /** What an earlier life counted. Contract: before anything is counted; a later one adds to an earlier one. */
  learn(snapshot: SliSnapshot): void {
    const isWhole = snapshot.minutes.length > 0;
    for (const second of [snapshot.firstSecond, snapshot.lastSecond]) {
      if (second !== null) this.#reach(second);
    }
    const closed = snapshot.closedSecond ?? Number.NEGATIVE_INFINITY;
    this.#closedSecond = Math.max(this.#closedSecond, closed);
    eachRow(snapshot.minutes, (minute, counts) => {
      this.#minutes.set(minute, counts);
    });
    eachRow(snapshot.seconds, (second, counts) => {
      const grown = this.#seconds.set(second, counts);
      if (isWhole) return;
      grown.forEach((by, field) => {
        if (by !== 0) this.#minutes.add(Math.floor(second / 60), field, by);
      });
    });
  }
}
