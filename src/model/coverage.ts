import type { FrameSlice } from "./column-reader.ts";
import type { EntityId } from "./entity.ts";
import { entityName, entityType } from "./entity.ts";
import type { Frame } from "./frame.ts";
import type { Window } from "./quantity.ts";
import type { Coverage } from "./view.ts";

/** A service is silent when nothing came from it for this long, or three times as long as its longest pause before. */
const SILENT_MS = 15_000;
const SILENT_FACTOR = 3;
/** Limit: services named for their late spans. */
const LATE_NAMED_MAX = 5;
/** Limit: gaps named, the newest. */
const GAPS_NAMED_MAX = 3;
/** Limit: names in one note. */
const NAMES_MAX = 10;

function namesOf(ids: readonly EntityId[]): string {
  const names = ids.slice(0, NAMES_MAX).map(entityName).join(", ");
  return ids.length > NAMES_MAX ? `${names} and ${ids.length - NAMES_MAX} more` : names;
}

export interface CoverageInput {
  readonly slice: FrameSlice;
  /** Everybody that was called in the window. */
  readonly callees: ReadonlySet<EntityId>;
  readonly idOf: (entity: number) => EntityId;
  /** Whether a service had sent telemetry itself by then. */
  readonly isHeard: (service: EntityId) => boolean;
  readonly lastSignalMs: number;
  readonly askedFromMs: number;
  readonly retainedFromMs: number;
  /** What limits left out, as sentences. */
  readonly notes: readonly string[];
  readonly unwatched: readonly Window[];
}

/** Runs of buckets that were not watched, oldest first. */
export function unwatchedIn({ fromMs, stepMs, frames }: FrameSlice): Window[] {
  const found: { fromMs: number; toMs: number }[] = [];
  frames.forEach(({ isUnwatched }, at) => {
    if (!isUnwatched) return;
    const startMs = fromMs + at * stepMs;
    const last = found.at(-1);
    if (last?.toMs === startMs) last.toMs += stepMs;
    else found.push({ fromMs: startMs, toMs: startMs + stepMs });
  });
  return found;
}

interface Presence {
  first: number;
  last: number;
  longestPause: number;
}

/** Buckets that were not watched are left out: they are no pause of anybody. */
function presences(frames: readonly Frame[]): Map<number, Presence> {
  const seen = new Map<number, Presence>();
  frames.forEach((frame, at) => {
    for (const service of frame.heard) {
      const known = seen.get(service);
      if (known === undefined) {
        seen.set(service, { first: at, last: at, longestPause: 1 });
        continue;
      }
      known.longestPause = Math.max(known.longestPause, at - known.last);
      known.last = at;
    }
  });
  return seen;
}

function silentServices(input: CoverageInput): EntityId[] {
  const watched = input.slice.frames.filter((frame) => !frame.isUnwatched);
  const end = watched.length - 1;
  const silent: EntityId[] = [];
  for (const [service, { last, longestPause }] of presences(watched)) {
    const patience = Math.max(SILENT_MS / input.slice.stepMs, SILENT_FACTOR * longestPause);
    if (end - last >= patience) silent.push(input.idOf(service));
  }
  return silent.sort();
}

function lateNotes({ slice, idOf }: CoverageInput): string[] {
  const counts = new Map<number, number>();
  for (const { late } of slice.frames) {
    for (let at = 0; at < late.length; at += 2) {
      const service = late[at] ?? 0;
      counts.set(service, (counts.get(service) ?? 0) + (late[at + 1] ?? 0));
    }
  }
  return [...counts]
    .map(([service, count]) => ({ name: entityName(idOf(service)), count }))
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, LATE_NAMED_MAX)
    .map(({ name, count }) => `${count} spans of ${name} came after their bucket had closed`);
}

const DAY_MS = 86_400_000;

/** The time of day; with its date when it lies so far back that it could be of another day. */
const clockTime = (ms: number, nowMs: number): string => {
  const [date = "", time = ""] = new Date(ms).toISOString().split("T");
  const clock = time.slice(0, 8);
  return nowMs - ms < DAY_MS / 2 ? clock : `${date} ${clock}`;
};

function notesOf(input: CoverageInput, seen: Omit<Coverage, "notes" | "lastSignalMs">): string[] {
  const notes: string[] = [];
  const { lastSignalMs } = input;
  if (input.askedFromMs < input.retainedFromMs) {
    notes.push(`nothing is kept from before ${clockTime(input.retainedFromMs, lastSignalMs)} UTC`);
  }
  for (const { fromMs, toMs } of input.unwatched.slice(-GAPS_NAMED_MAX)) {
    const gap = `${clockTime(fromMs, lastSignalMs)} to ${clockTime(toMs, lastSignalMs)} UTC`;
    notes.push(`of ${gap} little or nothing is known: Orrery was not running, or lost its record`);
  }
  const externals = seen.unseenCallees.filter((id) => entityType(id) === "external");
  if (externals.length > 0) {
    notes.push(`${namesOf(externals)}: seen only from the callers' side`);
  }
  if (seen.silentServices.length > 0) {
    notes.push(`${namesOf(seen.silentServices)}: no telemetry at the end of the window`);
  }
  if (seen.spansDropped > 0) {
    notes.push(`${seen.spansDropped} spans came too late or beyond a limit and are in no column`);
  }
  if (seen.tracedRatio < 0.9) {
    notes.push(`only ${Math.round(seen.tracedRatio * 100)} % of the requests have a whole trace`);
  }
  return [...notes, ...lateNotes(input), ...input.notes];
}

/** What was seen of a window, and what was not. */
export function coverageOf(input: CoverageInput): Coverage {
  let spans = 0;
  let spansDropped = 0;
  let requests = 0;
  let traced = 0;
  for (const { counts } of input.slice.frames) {
    spans += counts.spans;
    spansDropped += counts.dropped;
    requests += counts.entryRequests;
    traced += counts.traced;
  }
  const seen = {
    spans,
    spansDropped,
    tracedRatio: requests > 0 ? Math.min(1, traced / requests) : 1,
    unseenCallees: [...input.callees].filter((callee) => !input.isHeard(callee)).sort(),
    silentServices: silentServices(input),
  };
  return { ...seen, lastSignalMs: input.lastSignalMs, notes: notesOf(input, seen) };
}
