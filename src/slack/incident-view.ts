import type { IncidentEvent, Page, Proposal, ProposalEvent } from "../incident/events.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { StoredEvent } from "../store/store.ts";
import type { PageCard } from "./blocks/page-card.ts";
import type { ProposalCard } from "./blocks/proposal-card.ts";

/** The part after the category: `i-7k2m` of `incident/i-7k2m`. */
export function streamId(event: StoredEvent): string {
  return event.stream.slice(event.stream.indexOf("/") + 1);
}

/** Our own record, read back; the body holds the event with or without its type. */
export function incidentEvent({ type, body }: StoredEvent): IncidentEvent {
  return { ...(body as object), type } as IncidentEvent;
}

export function proposalEvent({ type, body }: StoredEvent): ProposalEvent {
  return { ...(body as object), type } as ProposalEvent;
}

/** What Slack shows of an incident. */
export interface IncidentView {
  readonly id: string;
  readonly openedMs: number;
  readonly channel: string;
  readonly page: Page;
  readonly joined: PageCard["joined"];
  readonly diagnosis?: Diagnosis;
  readonly proposalIds: readonly string[];
  readonly recovered?: PageCard["recovered"];
  readonly resolved?: PageCard["resolved"];
}

function apply(view: IncidentView, event: IncidentEvent): IncidentView {
  switch (event.type) {
    case "page-joined":
      return { ...view, joined: [...view.joined, { page: event.page, reason: event.reason }] };
    case "diagnosis-recorded":
      return { ...view, diagnosis: event.diagnosis };
    case "proposal-made":
      return { ...view, proposalIds: [...view.proposalIds, event.proposalId] };
    case "recovered":
      return { ...view, recovered: { atMs: event.atMs, values: event.values } };
    case "resolved":
      return { ...view, resolved: { atMs: event.atMs, by: event.by } };
    case "incident-opened":
    case "investigation-started":
    case "investigation-ended":
    case "hypothesis-recorded":
      return view;
  }
}

/** Folds an incident's stream; undefined while it has not been opened. */
export function incidentView(events: readonly StoredEvent[]): IncidentView | undefined {
  let view: IncidentView | undefined;
  for (const stored of events) {
    const event = incidentEvent(stored);
    if (event.type === "incident-opened")
      view = {
        id: streamId(stored),
        openedMs: stored.atMs,
        channel: event.channel,
        page: event.page,
        joined: [],
        proposalIds: [],
      };
    else if (view !== undefined) view = apply(view, event);
  }
  return view;
}

/** A proposal as its card shows it, without what only Slack knows. */
export type ProposalView = Omit<ProposalCard, "clickable" | "approvers">;

function applyProposal(view: ProposalView, event: ProposalEvent, atMs: number): ProposalView {
  switch (event.type) {
    case "proposal-made":
      return view;
    case "proposal-approved":
      return {
        ...view,
        state: "approved",
        approvedBy: event.by,
        approvedMs: atMs,
        repredicted: event.repredicted,
      };
    case "proposal-rejected":
      return { ...view, state: "rejected", rejectedBy: event.by };
    case "proposal-expired":
      return { ...view, state: "expired" };
    case "proposal-superseded":
      return { ...view, state: "superseded", detail: event.reason };
    case "action-started":
      return { ...view, state: "running" };
    case "action-done":
      return { ...view, state: "done", detail: event.detail, finishedMs: event.finishedMs };
    case "action-failed":
      return { ...view, state: "failed", detail: `${event.detail} (${event.code})` };
    case "action-unknown":
      return { ...view, state: "unknown", detail: event.detail };
    case "outcome-recorded":
      return { ...view, outcome: event.outcome };
  }
}

/** Folds a proposal's stream; undefined while it has not been made. */
export function proposalView(events: readonly StoredEvent[]): ProposalView | undefined {
  let view: ProposalView | undefined;
  for (const stored of events) {
    const event = proposalEvent(stored);
    if (event.type === "proposal-made") {
      const proposal: Proposal = event.proposal;
      view = { proposal, state: "open" };
    } else if (view !== undefined) view = applyProposal(view, event, stored.atMs);
  }
  return view;
}
