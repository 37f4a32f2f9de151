import type { EntityId } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { SloDefinition } from "../slo/slo.ts";
import { BUCKET_MS, type EntryWindow, type WorldView } from "../view.ts";
import { riseOf, type Tally } from "./change-point.ts";
import { floorToBucket, seconds } from "./columns.ts";
import { deviationOf } from "./deviation.ts";
import { median, spread } from "./robust.ts";

/** How far back onset and baseline are sought. */
export const HISTORY_MS = 30 * 60_000;
/** A baseline older than this adds drift, not certainty. */
const BASELINE_MS = 10 * 60_000;
/** What an incident is described by when it has lasted longer. */
const INCIDENT_MS = 5 * 60_000;
/** Compared with its past when nothing deviates. */
const RECENT_MS = 60_000;
/** Trouble that does not show in this many of the newest buckets is over. */
const RECENT_BUCKETS = 3;
/** Requests stopped for this long are a symptom. */
const ABSENT_BUCKETS = 3;

/** The last healthy stretch and the trouble after it, for one entry operation. */
export interface Stretch {
  readonly history: Window;
  readonly healthy: Window;
  readonly incident: Window;
  readonly onsetMs: number;
  /** Something deviates at the end of the history. */
  readonly deviates: boolean;
  readonly absent: boolean;
  /** Seconds of each window in which spans came at all: what rates are taken over. */
  readonly healthySeconds: number;
  readonly incidentSeconds: number;
}

/** A beginning of trouble that is known from elsewhere than the operation's own columns. */
export interface KnownOnset {
  readonly onsetMs: number;
  readonly deviates: boolean;
  /** Seconds of a window in which spans came at all; all of it, when absent. */
  readonly coveredSeconds?: (window: Window) => number;
}

interface Columns {
  readonly fromMs: number;
  /** NaN where we were not watching and saw nothing. */
  readonly count: Float64Array;
  /** Good and bad requests of each bucket, by the objective where there is one. */
  readonly tallies: readonly Tally[];
  readonly logMean: Float64Array;
  readonly logitBad: Float64Array;
}

const logit = (bad: number, all: number): number =>
  all > 0 ? Math.log((bad + 0.5) / (Math.max(0, all - bad) + 0.5)) : Number.NaN;

function columnsOf(view: WorldView, entry: EntryWindow, slo?: SloDefinition): Columns {
  const logMean = new Float64Array(entry.length).fill(Number.NaN);
  const logitBad = new Float64Array(entry.length).fill(Number.NaN);
  const tallies: Tally[] = [];
  const counts = watchedCounts(view, entry);
  for (let index = 0; index < entry.length; index += 1) {
    const count = entry.count[index] ?? 0;
    if (count < 1) {
      tallies.push({ good: 0, bad: 0 });
      continue;
    }
    logMean[index] = Math.log(Math.max(0.05, (entry.durationMsSum[index] ?? 0) / count));
    const fromMs = entry.fromMs + index * BUCKET_MS;
    const sli =
      slo === undefined ? undefined : view.sli(slo.id, { fromMs, toMs: fromMs + BUCKET_MS });
    const bad = sli?.bad ?? entry.errors[index] ?? 0;
    tallies.push({ good: sli?.good ?? count - bad, bad });
    logitBad[index] = logit(bad, count);
  }
  return { fromMs: entry.fromMs, count: counts, tallies, logMean, logitBad };
}

/** The counts, but NaN instead of zero where nobody was watching. */
function watchedCounts(view: WorldView, entry: EntryWindow): Float64Array {
  const counts = entry.count.slice();
  const toMs = entry.fromMs + entry.length * BUCKET_MS;
  for (const gap of view.unwatched({ fromMs: entry.fromMs, toMs })) {
    const from = Math.max(0, Math.floor((gap.fromMs - entry.fromMs) / BUCKET_MS));
    const to = Math.min(entry.length, Math.ceil((gap.toMs - entry.fromMs) / BUCKET_MS));
    for (let at = from; at < to; at += 1) if (counts[at] === 0) counts[at] = Number.NaN;
  }
  return counts;
}

function absentSince(count: Float64Array): number {
  let last = count.length - 1;
  let silent = 0;
  while (last >= 0 && !((count[last] ?? 0) > 0)) {
    if (count[last] === 0) silent += 1;
    last -= 1;
  }
  const before = Array.from(count.subarray(Math.max(0, last - 11), last + 1));
  const heard = before.filter(Number.isFinite);
  const enough = heard.length >= ABSENT_BUCKETS && median(heard) >= 2;
  return last >= 0 && silent >= ABSENT_BUCKETS && enough ? last + 1 : -1;
}

/** The first index of the trouble that is still going on, or -1: what the objective calls bad leads, else any deviation. */
function deviatesSince(columns: Columns): number {
  const rise = riseOf(columns.tallies, RECENT_BUCKETS);
  if (rise >= 0) return rise;
  const onsets: number[] = [];
  for (const [series, prior] of [
    [columns.logMean, 0.15],
    [columns.logitBad, 0.7],
  ] as const) {
    const found = deviationOf(series, prior);
    if (found.active && found.onset >= 0) onsets.push(found.onset);
  }
  return onsets.length === 0 ? -1 : Math.min(...onsets);
}

/** Walks back from `end` while the operation looks as it did just before `end`. */
function healthyFrom(columns: Columns, end: number): number {
  const lowest = Math.max(0, end - BASELINE_MS / BUCKET_MS);
  const near = (series: Float64Array): number[] =>
    Array.from(series.subarray(Math.max(lowest, end - 12), end)).filter(Number.isFinite);
  const limits = [columns.logMean, columns.logitBad].map((series, which) => {
    const values = near(series);
    const center = median(values);
    return center + Math.max(4 * spread(values, center), which === 0 ? 0.5 : 2);
  });
  let strange = 0;
  for (let index = end - 1; index >= lowest; index -= 1) {
    const odd =
      (columns.logMean[index] ?? 0) > (limits[0] ?? 0) ||
      (columns.logitBad[index] ?? 0) > (limits[1] ?? 0);
    strange = odd ? strange + 1 : 0;
    if (strange === 3) return index + 3;
    if ((columns.count[index] ?? 0) === 0 && (columns.count[index - 1] ?? 0) === 0)
      return index + 1;
  }
  return lowest;
}

/** Chooses baseline and incident for an entry operation as of `atMs`. Undefined: the operation was never seen. */
export function stretchOf(
  view: WorldView,
  operation: EntityId,
  options: {
    readonly atMs: number;
    readonly slo?: SloDefinition;
    /** When the trouble began, where that is known from elsewhere. */
    readonly since?: KnownOnset;
  },
): Stretch | undefined {
  const toMs = floorToBucket(Math.min(options.atMs, view.closedMs));
  const history = {
    fromMs: floorToBucket(Math.max(view.retainedFromMs, toMs - HISTORY_MS)),
    toMs,
  };
  const entry = view.entries(history).find((one) => one.operation === operation);
  if (entry === undefined) return undefined;
  const columns = columnsOf(view, entry, options.slo);
  if (options.since !== undefined) return knownStretch(columns, history, options.since);
  const gone = absentSince(columns.count);
  const since = gone >= 0 ? gone : deviatesSince(columns);
  const deviates = since >= 0;
  const firstBad = deviates ? since : Math.max(0, entry.length - RECENT_MS / BUCKET_MS);
  const healthyTo = deviates && firstBad > 2 ? firstBad - (gone >= 0 ? 0 : 1) : firstBad;
  const timeAt = (index: number): number => entry.fromMs + index * BUCKET_MS;
  const onsetMs = timeAt(firstBad);
  const healthy = { fromMs: timeAt(healthyFrom(columns, healthyTo)), toMs: timeAt(healthyTo) };
  const incident = { fromMs: Math.max(onsetMs, toMs - INCIDENT_MS), toMs };
  return {
    history,
    healthy,
    incident,
    onsetMs,
    deviates,
    absent: gone >= 0,
    healthySeconds: seconds(healthy),
    incidentSeconds: seconds(incident),
  };
}

/** The stretch around a beginning that is known: what came before it was healthy. */
function knownStretch(columns: Columns, history: Window, since: KnownOnset): Stretch {
  const length = columns.count.length;
  const index = Math.floor((since.onsetMs - columns.fromMs) / BUCKET_MS);
  const first = Math.max(1, Math.min(length - 1, index));
  const timeAt = (at: number): number => columns.fromMs + at * BUCKET_MS;
  const onsetMs = timeAt(first);
  const healthy = { fromMs: timeAt(Math.max(0, first - BASELINE_MS / BUCKET_MS)), toMs: onsetMs };
  const incident = { fromMs: Math.max(onsetMs, history.toMs - INCIDENT_MS), toMs: history.toMs };
  const covered = since.coveredSeconds ?? seconds;
  return {
    history,
    healthy,
    incident,
    onsetMs,
    deviates: since.deviates,
    absent: false,
    healthySeconds: Math.max(BUCKET_MS / 1000, covered(healthy)),
    incidentSeconds: Math.max(BUCKET_MS / 1000, covered(incident)),
  };
}
