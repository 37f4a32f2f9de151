import type { StoredEvent } from "../store/store.ts";
import type { Incident } from "./contract.ts";
import type { IncidentEvent } from "./events.ts";
import { incidentEvent, streamId } from "./stored-event.ts";

function applyEvent(incident: Incident, event: IncidentEvent): Incident {
  switch (event.type) {
    case "incident-opened":
      return incident;
    case "page-joined": {
      const { recovered: _over, ...unwell } = incident;
      return {
        ...unwell,
        joined: [...incident.joined, { page: event.page, reason: event.reason }],
      };
    }
    case "diagnosis-recorded": {
      const { diagnosis } = event;
      const isFirst = event.which === "first" && incident.firstDiagnosis === undefined;
      return { ...incident, diagnosis, ...(isFirst ? { firstDiagnosis: diagnosis } : {}) };
    }
    case "investigation-started":
      return { ...incident, investigation: "running" };
    case "investigation-ended":
      return { ...incident, investigation: event.outcome };
    case "hypothesis-recorded":
      return { ...incident, hypotheses: [...incident.hypotheses, event.hypothesis] };
    case "proposal-made":
      return { ...incident, proposalIds: [...incident.proposalIds, event.proposalId] };
    case "recovered":
      return { ...incident, recovered: { atMs: event.atMs, values: event.values } };
    case "resolved":
      return { ...incident, resolved: { atMs: event.atMs, by: event.by } };
  }
}

/** One more event of the stream `incident/ID`; undefined while it has not been opened. */
export function applyIncident(
  incident: Incident | undefined,
  stored: Pick<StoredEvent, "stream" | "type" | "atMs" | "body">,
): Incident | undefined {
  const event = incidentEvent(stored);
  if (incident !== undefined) return applyEvent(incident, event);
  if (event.type !== "incident-opened") return undefined;
  return {
    id: streamId(stored),
    openedMs: stored.atMs,
    channel: event.channel,
    page: event.page,
    joined: [],
    hypotheses: [],
    proposalIds: [],
    investigation: "none",
  };
}

/** Folds an incident's stream; undefined while it has not been opened. */
export function foldIncident(events: readonly StoredEvent[]): Incident | undefined {
  return events.reduce<Incident | undefined>(applyIncident, undefined);
}
