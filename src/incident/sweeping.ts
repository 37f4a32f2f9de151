import type { WorldView } from "../model/view.ts";
import type { Incident, ProposalRecord } from "./contract.ts";
import type { ProposalEvent } from "./events.ts";
import { readRegistration } from "./executor-registration.ts";
import { driftOf, driftText } from "./facts.ts";
import { overSince } from "./incident.ts";
import { appendTo, type ProposalDesk } from "./proposal-desk.ts";
import type { IndexedProposal } from "./proposal-index.ts";

/**
 * An action that runs for so long while its executor gives no sign of life is given up: its outcome is unknown. Longer than
 * an executor that comes back needs to settle it by looking.
 */
export const ABANDONED_AFTER_MS = 300_000;

/** How a proposal that waits has ended by now; undefined: it goes on. */
function endingOf(
  { proposal }: ProposalRecord,
  now: {
    readonly view: WorldView;
    readonly nowMs: number;
    readonly incident: Incident | undefined;
  },
): ProposalEvent | undefined {
  if (now.nowMs >= proposal.expiresMs) return { type: "proposal-expired" };
  const reason = overSince(now.incident, proposal.madeMs);
  if (reason !== undefined) return { type: "proposal-superseded", reason };
  const drifts = driftOf(now.view, proposal, proposal.madeMs);
  if (drifts.length === 0) return undefined;
  return { type: "proposal-superseded", reason: driftText(drifts) };
}

async function sweepWaiting(
  desk: ProposalDesk,
  found: IndexedProposal,
  now: Parameters<typeof endingOf>[1],
): Promise<void> {
  const ending = endingOf(found.record, now);
  if (ending === undefined) return;
  if (await appendTo(desk, found, ending, now.nowMs))
    desk.meter.add("orrery_proposals_ended_total", 1, { how: ending.type });
}

async function sweepRunning(
  desk: ProposalDesk,
  found: IndexedProposal,
  nowMs: number,
): Promise<void> {
  const startedMs = found.record.startedMs ?? nowMs;
  if (nowMs - startedMs < ABANDONED_AFTER_MS) return;
  if ((await readRegistration(desk.store, nowMs)) !== undefined) return;
  const detail = "The executor has given no sign of life since it began.";
  if (await appendTo(desk, found, { type: "action-unknown", detail }, nowMs))
    desk.meter.add("orrery_proposals_ended_total", 1, { how: "action-unknown" });
}

/** Ends what is past its time, what no longer holds, and what nobody carries out any more: nothing is stuck. */
export async function sweep(desk: ProposalDesk, view: WorldView, nowMs: number): Promise<void> {
  const unresolved = new Map((await desk.incidents.unresolved()).map((one) => [one.id, one]));
  for (const found of await desk.index.all()) {
    const { state, proposal } = found.record;
    const incident = unresolved.get(proposal.incidentId);
    // A crash between the two records left it out.
    if (incident !== undefined && !incident.proposalIds.includes(proposal.id))
      // biome-ignore lint/performance/noAwaitInLoops: few at a time, and their order is the order of the record
      await desk.incidents.recordProposal(incident.id, proposal.id, nowMs);
    if (state === "open" || state === "approved")
      await sweepWaiting(desk, found, { view, nowMs, incident });
    else if (state === "running") await sweepRunning(desk, found, nowMs);
  }
}
