import type { NewEvent, StoredEvent } from "../store/store.ts";
import type { IncidentEvent, ProposalEvent } from "./events.ts";

/** The part after the category: `i-7k2m` of `incident/i-7k2m`. */
export function streamId({ stream }: Pick<StoredEvent, "stream">): string {
  return stream.slice(stream.indexOf("/") + 1);
}

/** Our own record, read back; the body holds the event with or without its type. */
export function incidentEvent({ type, body }: NewEvent): IncidentEvent {
  return { ...(body as object), type } as IncidentEvent;
}

export function proposalEvent({ type, body }: NewEvent): ProposalEvent {
  return { ...(body as object), type } as ProposalEvent;
}

/** An event as it is appended. */
export function newEvent(event: IncidentEvent | ProposalEvent, atMs: number): NewEvent {
  return { type: event.type, atMs, body: event };
}
