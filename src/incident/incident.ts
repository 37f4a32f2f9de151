import type { StoredEvent } from "../store/store.ts";
import type { Incident } from "./contract.ts";
import type { IncidentEvent, Page } from "./events.ts";
import { incidentEvent, streamId } from "./stored-event.ts";

/** What the episode before was and came to stays in the stream. */
function reopened(incident: Incident, page: Page, atMs: number): Incident {
  const { recovered: _over, firstDiagnosis: _first, diagnosis: _newest, ...rest } = incident;
  const before = [incident.page, ...incident.joined.map((one) => one.page)];
  const earlier = [...incident.earlier, ...before];
  return {
    ...rest,
    episode: incident.episode + 1,
    episodeMs: atMs,
    page,
    joined: [],
    earlier,
    investigation: "none",
  };
}

function applyEvent(incident: Incident, event: IncidentEvent, atMs: number): Incident {
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
    case "reopened":
      return reopened(incident, event.page, atMs);
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
  if (incident !== undefined) return applyEvent(incident, event, stored.atMs);
  if (event.type !== "incident-opened") return undefined;
  return {
    id: streamId(stored),
    openedMs: stored.atMs,
    channel: event.channel,
    episode: 1,
    episodeMs: stored.atMs,
    page: event.page,
    joined: [],
    earlier: [],
    hypotheses: [],
    proposalIds: [],
    investigation: "none",
  };
}

/** Folds an incident's stream; undefined while it has not been opened. */
export function foldIncident(events: readonly StoredEvent[]): Incident | undefined {
  return events.reduce<Incident | undefined>(applyIncident, undefined);
}

/**
 * Why what was proposed at an instant is not to be done any more; undefined: the trouble goes on. What is proposed after a
 * recovery knows of it.
 */
export function overSince(incident: Incident | undefined, madeMs: number): string | undefined {
  if (incident === undefined || incident.resolved !== undefined) return "the incident was resolved";
  const { recovered, episodeMs } = incident;
  const isOver = recovered === undefined ? episodeMs > madeMs : recovered.atMs >= madeMs;
  return isOver ? "the incident has recovered since" : undefined;
}
