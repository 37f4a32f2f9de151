import type { FrameSlice } from "./column-reader.ts";
import type { EntityId } from "./entity.ts";
import { entityName, entityType } from "./entity.ts";
import { BUCKET_MS, type Coverage, type EdgeWindow } from "./view.ts";

/** A service is silent when nothing came from it for this long, or three times as long as its longest pause before. */
const SILENT_MS = 15_000;
const SILENT_FACTOR = 3;

export interface CoverageInput {
  readonly slice: FrameSlice;
  readonly edges: readonly EdgeWindow[];
  readonly idOf: (entity: number) => EntityId;
  readonly heardServices: ReadonlySet<number>;
  readonly indexOf: (id: EntityId) => number | undefined;
  readonly lastSignalMs: number;
  readonly askedFromMs: number;
  readonly retainedFromMs: number;
  /** What limits and lateness left out, as sentences. */
  readonly notes: readonly string[];
}

interface Presence {
  first: number;
  last: number;
  longestPause: number;
}

function presences({ frames }: FrameSlice): Map<number, Presence> {
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
  const end = input.slice.frames.length - 1;
  const silent: EntityId[] = [];
  for (const [service, { last, longestPause }] of presences(input.slice)) {
    const patience = Math.max(SILENT_MS / BUCKET_MS, SILENT_FACTOR * longestPause);
    if (end - last >= patience) silent.push(input.idOf(service));
  }
  return silent;
}

function unseenCallees({ edges, heardServices, indexOf }: CoverageInput): EntityId[] {
  const unseen = new Set<EntityId>();
  for (const { callee, count } of edges) {
    if (unseen.has(callee) || !count.some((calls) => calls > 0)) continue;
    const index = indexOf(callee);
    if (index === undefined || !heardServices.has(index)) unseen.add(callee);
  }
  return [...unseen];
}

function notesOf(input: CoverageInput, seen: Omit<Coverage, "notes" | "lastSignalMs">): string[] {
  const notes: string[] = [];
  if (input.askedFromMs < input.retainedFromMs) {
    const from = new Date(input.retainedFromMs).toISOString().slice(11, 19);
    notes.push(`nothing is kept from before ${from} UTC`);
  }
  const externals = seen.unseenCallees.filter((id) => entityType(id) === "external");
  if (externals.length > 0) {
    notes.push(`${externals.map(entityName).join(", ")}: seen only from the callers' side`);
  }
  if (seen.silentServices.length > 0) {
    notes.push(
      `${seen.silentServices.map(entityName).join(", ")}: no telemetry at the end of the window`,
    );
  }
  if (seen.spansDropped > 0) {
    notes.push(`${seen.spansDropped} spans came too late or beyond a limit and are in no column`);
  }
  if (seen.tracedRatio < 0.9) {
    notes.push(`only ${Math.round(seen.tracedRatio * 100)} % of the requests have a whole trace`);
  }
  return [...notes, ...input.notes];
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
    unseenCallees: unseenCallees(input),
    silentServices: silentServices(input),
  };
  return { ...seen, lastSignalMs: input.lastSignalMs, notes: notesOf(input, seen) };
}
