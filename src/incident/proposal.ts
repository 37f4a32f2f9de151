import type { StoredEvent } from "../store/store.ts";
import { actionHash } from "./action.ts";
import type { Incident, ProposalRecord } from "./contract.ts";
import type { ProposalEvent, ProposalState } from "./events.ts";
import { proposalEvent } from "./stored-event.ts";

/** In which states an event means anything. What does not fit is not believed: it changes nothing. */
const FROM: Readonly<Record<ProposalEvent["type"], readonly ProposalState[]>> = {
  "proposal-made": [],
  "proposal-approved": ["open"],
  "proposal-rejected": ["open"],
  "proposal-expired": ["open", "approved"],
  "proposal-superseded": ["open", "approved"],
  "action-started": ["approved"],
  "action-done": ["running", "unknown"],
  "action-failed": ["approved", "running", "unknown"],
  "action-unknown": ["running"],
  "outcome-recorded": ["done", "unknown"],
};

/** An approval counts when it names what is proposed and came in time. */
function isValidApproval(
  { proposal }: ProposalRecord,
  event: Extract<ProposalEvent, { type: "proposal-approved" }>,
  atMs: number,
): boolean {
  return (
    event.actionHash === proposal.actionHash &&
    proposal.actionHash === actionHash(proposal.action, proposal.preconditions) &&
    atMs < proposal.expiresMs
  );
}

function applyEvent(record: ProposalRecord, event: ProposalEvent, atMs: number): ProposalRecord {
  switch (event.type) {
    case "proposal-made":
      return record;
    case "proposal-approved":
      if (!isValidApproval(record, event, atMs)) return record;
      return {
        ...record,
        state: "approved",
        approvedBy: event.by,
        approvedMs: atMs,
        repredicted: event.repredicted,
      };
    case "proposal-rejected":
      return { ...record, state: "rejected", rejectedBy: event.by };
    case "proposal-expired":
      return { ...record, state: "expired" };
    case "proposal-superseded":
      return { ...record, state: "superseded", detail: event.reason };
    case "action-started":
      return { ...record, state: "running", startedMs: atMs };
    case "action-done":
      return { ...record, state: "done", detail: event.detail, finishedMs: event.finishedMs };
    case "action-failed":
      return { ...record, state: "failed", detail: `${event.detail} (${event.code})` };
    case "action-unknown":
      return { ...record, state: "unknown", detail: event.detail };
    case "outcome-recorded":
      return record.outcome === undefined ? { ...record, outcome: event.outcome } : record;
  }
}

/** One more event of the stream `proposal/ID`; undefined while it has not been made. */
export function applyProposal(
  record: ProposalRecord | undefined,
  stored: Pick<StoredEvent, "type" | "atMs" | "body">,
): ProposalRecord | undefined {
  const event = proposalEvent(stored);
  if (record === undefined)
    return event.type === "proposal-made" ? { proposal: event.proposal, state: "open" } : undefined;
  return FROM[event.type]?.includes(record.state) === true
    ? applyEvent(record, event, stored.atMs)
    : record;
}

/**
 * Folds a proposal's stream; undefined while it has not been made. Invariant: `approved` and what follows from it is
 * reached only by an approval that is bound to the hash of the action and came before the expiry.
 */
export function foldProposal(events: readonly StoredEvent[]): ProposalRecord | undefined {
  return events.reduce<ProposalRecord | undefined>(applyProposal, undefined);
}

/** Ended without an effect, or failed, or judged: nothing more is expected of it. */
export function isOver({ state, outcome }: ProposalRecord): boolean {
  return outcome !== undefined || ["rejected", "expired", "superseded", "failed"].includes(state);
}

/** Carried out (or perhaps), and not yet compared with what was predicted. */
export function isUnsettled({ state, outcome }: ProposalRecord): boolean {
  return outcome === undefined && (state === "done" || state === "unknown");
}

/** States of a proposal that came to nothing. */
const LAPSED: ReadonlySet<ProposalState> = new Set(["rejected", "expired", "superseded", "failed"]);

/** Nothing of this episode waits for a decision, runs, or was done. */
export function isIdle({ episodeMs }: Incident, proposals: readonly ProposalRecord[]): boolean {
  return proposals.every(({ proposal, state }) => proposal.madeMs < episodeMs || LAPSED.has(state));
}
