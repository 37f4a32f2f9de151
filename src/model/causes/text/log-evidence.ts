import { entityName } from "../../entity.ts";
import type { LogReading } from "../places/readings.ts";
import type { Stretches } from "../places/signal-shift.ts";
import type { SystemMap } from "../places/system-map.ts";
import { grievanceOf, namesIn, targetsIn } from "./grievance.ts";

/** What logs say against a place. */
export interface LogEvidence {
  /** Complaints that are new or more frequent than before, weighed by how much they complain. */
  readonly fresh: number;
  /** The last word on its state, 0 to 1: a complaint that nothing has taken back since. */
  readonly standing: number;
  /** Ordinary lines that no longer come. */
  readonly gone: number;
  /** The line that weighs most, with how often it came and how often it was expected to. */
  readonly worst?: { readonly log: LogReading; readonly seen: number; readonly usual: number };
}

interface Collected {
  fresh: number;
  gone: number;
  worst: LogEvidence["worst"];
  weight: number;
  readonly events: { readonly timeMs: number; readonly grievance: number }[];
}

/** Events are sparse: those of this long before now still speak of now. */
const EVENTS_BACK_MS = 45 * 60_000;
/** A complaint found in another's log weighs less than one's own. */
const MENTIONED = 0.6;
/** What a later good word leaves of a complaint. */
const TAKEN_BACK = 0.2;
const GRIEVANCE_MIN = 0.2;
/** Limit: kinds of line read. */
const LOGS_MAX = 20_000;

function countIn(log: LogReading, fromMs: number, toMs: number): number {
  let count = 0;
  for (let at = 0; at < log.timesMs.length; at += 1) {
    const timeMs = log.timesMs[at] ?? 0;
    if (timeMs > fromMs && timeMs <= toMs) count += log.counts[at] ?? 0;
  }
  return count;
}

interface Seen {
  readonly seen: number;
  readonly usual: number;
}

/** How often a line came in the incident, and how often the time before makes one expect it. */
function frequency(log: LogReading, { reference, incident }: Stretches): Seen {
  const before = countIn(log, reference.fromMs, reference.toMs);
  const length = Math.max(1, reference.toMs - reference.fromMs);
  const now = Math.max(1, incident.toMs - incident.fromMs);
  return { seen: countIn(log, incident.fromMs, incident.toMs), usual: (before * now) / length };
}

class Collector {
  readonly #places = new Map<string, Collected>();

  of(name: string): Collected {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const made: Collected = { fresh: 0, gone: 0, worst: undefined, weight: 0, events: [] };
    this.#places.set(name, made);
    return made;
  }

  /** A complaint that is new, or more frequent than before. */
  complain(told: readonly Told[], log: LogReading, seen: Seen, strength: number): void {
    for (const { name, weight } of told) {
      const place = this.of(name);
      place.fresh = Math.max(place.fresh, weight * strength);
      if (weight * strength <= place.weight) continue;
      place.weight = weight * strength;
      place.worst = { log, ...seen };
    }
  }

  /** Good or bad news of some time. */
  tell(told: readonly Told[], timeMs: number, grievance: number): void {
    for (const { name, weight } of told)
      this.of(name).events.push({ timeMs, grievance: grievance * weight });
  }

  /** An ordinary line of theirs no longer comes. */
  miss(told: readonly Told[], weight: number): void {
    for (const { name } of told.slice(0, 2)) {
      const place = this.of(name);
      place.gone = Math.max(place.gone, weight);
    }
  }

  result(): ReadonlyMap<string, LogEvidence> {
    return new Map(
      [...this.#places].map(([name, { fresh, gone, worst, events }]) => {
        let standing = 0;
        for (const { grievance } of events.sort((a, b) => a.timeMs - b.timeMs)) {
          if (grievance < -0.1) standing *= TAKEN_BACK;
          else standing = Math.max(standing, grievance);
        }
        return [name, { fresh, gone, standing, ...(worst === undefined ? {} : { worst }) }];
      }),
    );
  }
}

/** Places that a line speaks of, other than its own. */
function mentioned(text: string, own: string, map: SystemMap): ReadonlySet<string> {
  const names = new Set(targetsIn(text));
  for (const token of namesIn(text)) if (map.places.has(token)) names.add(token);
  names.delete(own);
  return names;
}

interface Told {
  readonly name: string;
  readonly weight: number;
}

/** Whom a line is about: its sender, the service of that, and whom it names when it complains or reports. */
function toldOf(log: LogReading, grievance: number, map: SystemMap): readonly Told[] {
  const own = entityName(log.entity);
  const owner = map.ownerOf.get(own);
  const about = Math.abs(grievance) < GRIEVANCE_MIN ? [] : mentioned(log.text, own, map);
  return [
    { name: own, weight: 1 },
    ...(owner === undefined ? [] : [{ name: owner, weight: 0.9 }]),
    ...Array.from(about, (name) => ({ name, weight: MENTIONED })),
  ];
}

/** Reads the logs around the trouble. Names that only logs know are places, too. */
export function logEvidence(
  logs: readonly LogReading[],
  map: SystemMap,
  stretches: Stretches,
): ReadonlyMap<string, LogEvidence> {
  const collector = new Collector();
  const { toMs } = stretches.incident;
  const eventsFromMs = Math.min(stretches.incident.fromMs, toMs - EVENTS_BACK_MS);
  for (const log of logs.slice(0, LOGS_MAX)) {
    const grievance = grievanceOf(log.text, log.severity);
    const seen = frequency(log, stretches);
    const score = (seen.seen - seen.usual) / Math.sqrt(seen.usual + 1);
    const told = toldOf(log, grievance, map);
    const lastMs = log.timesMs.at(-1) ?? 0;
    if (lastMs > eventsFromMs && Math.abs(grievance) > 0.1) {
      collector.tell(told, lastMs, grievance);
    }
    if (grievance >= GRIEVANCE_MIN && score > 0) {
      collector.complain(told, log, seen, grievance * Math.log1p(score));
    }
    if (grievance < GRIEVANCE_MIN && score < -3) collector.miss(told, Math.log1p(-score));
  }
  return collector.result();
}
