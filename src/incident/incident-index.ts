import { must } from "../assert.ts";
import type { Meter } from "../meter.ts";
import type { NewEvent, Store, StoredEvent, StreamName } from "../store/store.ts";
import type { Incident } from "./contract.ts";
import { applyIncident } from "./incident.ts";
import { incidentEvent, streamId } from "./stored-event.ts";

/** Events read at once, so that the first use of a long record does not stall the loop. */
const BATCH = 50;
/** Limit: resolved incidents that stay in memory; older ones are read from the store when somebody asks. */
export const RESOLVED_KEPT_MAX = 100;

/** An incident with what only its writer needs. */
export interface IndexedIncident {
  readonly incident: Incident;
  readonly version: number;
  /** Keys under which hypotheses were recorded. */
  readonly keys: ReadonlySet<string>;
  /** By conversation, what was last said of its investigation. */
  readonly investigations: ReadonlyMap<string, "started" | "ended">;
}

type Written = Pick<StoredEvent, "stream" | "type" | "atMs" | "body" | "version">;

function advance(known: IndexedIncident | undefined, stored: Written): IndexedIncident | undefined {
  const incident = applyIncident(known?.incident, stored);
  if (incident === undefined) return undefined;
  const event = incidentEvent(stored);
  const keys = new Set(known?.keys);
  const investigations = new Map(known?.investigations);
  if (event.type === "hypothesis-recorded" && event.key !== undefined) keys.add(event.key);
  if (event.type === "investigation-started") investigations.set(event.conversationId, "started");
  if (event.type === "investigation-ended") investigations.set(event.conversationId, "ended");
  return { incident, version: stored.version, keys, investigations };
}

const incidentStream = (incidentId: string): StreamName => `incident/${incidentId}`;

/**
 * Incidents folded in memory: all that are not resolved, and the last that were. Invariant: equal to a fold of the store,
 * because this process is the only writer; after any failed append it is built again.
 */
export class IncidentIndex {
  readonly #store: Store;
  readonly #meter: Meter;
  #loading: Promise<Map<string, IndexedIncident>> | undefined;

  constructor(store: Store, meter: Meter) {
    this.#store = store;
    this.#meter = meter;
  }

  /** In the order of opening. */
  async all(): Promise<readonly Incident[]> {
    return [...(await this.#loaded()).values()].map(({ incident }) => incident);
  }

  async find(incidentId: string): Promise<IndexedIncident | undefined> {
    const known = (await this.#loaded()).get(incidentId);
    if (known !== undefined) return known;
    const events = await this.#store.read(incidentStream(incidentId));
    return events.reduce<IndexedIncident | undefined>(advance, undefined);
  }

  /** Appends one event after `version`. Errors: those of the store; `version_conflict` when another wrote meanwhile. */
  async append(incidentId: string, version: number, event: NewEvent): Promise<Incident> {
    const before = await this.find(incidentId);
    const stream = incidentStream(incidentId);
    try {
      await this.#store.append(stream, version, [event]);
    } catch (error) {
      this.#loading = undefined;
      this.#meter.add("orrery_incident_index_rebuilds_total");
      throw error;
    }
    // As it will be read back: what JSON cannot hold is gone.
    const body: unknown = JSON.parse(JSON.stringify(event.body));
    const written = { ...event, body, stream, version: version + 1 };
    const after = must(advance(before, written), "an incident is opened before it is written to");
    // Asked again: another append may have failed meanwhile, and the index been built anew.
    const index = await this.#loaded();
    if ((index.get(incidentId)?.version ?? 0) < after.version) index.set(incidentId, after);
    if (after.incident.resolved !== undefined) forgetResolved(index);
    this.#meter.set("orrery_incidents_in_memory", index.size);
    return after.incident;
  }

  #loaded(): Promise<Map<string, IndexedIncident>> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Map<string, IndexedIncident>> {
    const index = new Map<string, IndexedIncident>();
    try {
      let position = 0;
      for (;;) {
        // biome-ignore lint/performance/noAwaitInLoops: a batch begins where the one before ended
        const events = await this.#store.readCategory("incident", position, BATCH);
        for (const stored of events) {
          const id = streamId(stored);
          const state = advance(index.get(id), stored);
          if (state === undefined) continue;
          index.set(id, state);
          if (incidentEvent(stored).type === "resolved") forgetResolved(index);
        }
        position = events.at(-1)?.position ?? position;
        if (events.length < BATCH) break;
      }
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
    this.#meter.set("orrery_incidents_in_memory", index.size);
    return index;
  }
}

/** Oldest first. */
function forgetResolved(index: Map<string, IndexedIncident>): void {
  const resolved = [...index.values()].filter(({ incident }) => incident.resolved !== undefined);
  for (const { incident } of resolved.slice(0, -RESOLVED_KEPT_MAX)) index.delete(incident.id);
}
