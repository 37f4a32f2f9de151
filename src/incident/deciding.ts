import { isOperationError } from "../errors.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import { actionHash, hashWords, interventionOf } from "./action.ts";
import type { Answer, ProposalRecord } from "./contract.ts";
import { driftOf, driftText } from "./facts.ts";
import { overSince } from "./incident.ts";
import { appendTo, type ModelNow, type ProposalDesk } from "./proposal-desk.ts";
import type { IndexedProposal } from "./proposal-index.ts";
import { refuse } from "./refusal.ts";

export interface ApprovalClick {
  readonly proposalId: string;
  readonly by: string;
  readonly actionHash: string;
}

const DONE: Answer<null> = { ok: true, data: null };
const UNKNOWN = refuse("unknown_proposal", "I keep no such proposal.");

function notAllowed({ approvers }: ProposalDesk, by: string): Answer<never> | undefined {
  if (approvers.includes(by)) return undefined;
  return refuse(
    "not_allowed",
    approvers.length === 0
      ? "Nobody may decide on actions here: no approver is configured."
      : "You are not among those who may decide on actions here.",
  );
}

/** Somebody has decided already, or it has ended. */
function notOpen({ state, approvedBy, rejectedBy }: ProposalRecord): Answer<never> {
  const by = approvedBy ?? rejectedBy;
  return refuse(
    "not_open",
    by === undefined ? `This is already ${state}.` : `This is already ${state}: ${by} was first.`,
  );
}

/** The same click again, as after a crash between record and answer. */
function isRepeated({ proposal, approvedBy }: ProposalRecord, click: ApprovalClick): boolean {
  return approvedBy === click.by && proposal.actionHash === click.actionHash;
}

async function end(
  desk: ProposalDesk,
  found: IndexedProposal,
  event:
    | { readonly type: "proposal-expired" }
    | { readonly type: "proposal-superseded"; readonly reason: string },
  nowMs: number,
): Promise<Answer<never>> {
  await appendTo(desk, found, event, nowMs);
  return event.type === "proposal-expired"
    ? refuse("expired", "This proposal has expired. Ask me again, and I compute a new one.")
    : refuse("superseded", `The system has changed since: ${event.reason}.`);
}

/** What must hold at the click; undefined: all of it does. What has ended by now is recorded as ended. */
async function clickRefusal(
  desk: ProposalDesk,
  found: IndexedProposal,
  click: ApprovalClick,
  { view, nowMs }: { readonly view: ModelNow["view"]; readonly nowMs: number },
): Promise<Answer<null> | undefined> {
  const { proposal, state } = found.record;
  if (isRepeated(found.record, click)) return DONE;
  if (state !== "open") return notOpen(found.record);
  const isWhole = proposal.actionHash === actionHash(proposal.action, proposal.preconditions);
  if (!isWhole || proposal.actionHash !== click.actionHash)
    return refuse(
      "hash_mismatch",
      `The plan is ${hashWords(proposal.actionHash)} and not what you saw.`,
    );
  if (nowMs >= proposal.expiresMs) return end(desk, found, { type: "proposal-expired" }, nowMs);
  if (!proposal.executable)
    return refuse("not_executable", "Nothing here can execute this: a person must, by hand.");
  const incident = await desk.incidents.read(proposal.incidentId);
  const reason = overSince(incident, proposal.madeMs);
  if (reason !== undefined) return end(desk, found, { type: "proposal-superseded", reason }, nowMs);
  const drifts = driftOf(view, proposal, proposal.madeMs);
  if (drifts.length === 0) return undefined;
  return end(desk, found, { type: "proposal-superseded", reason: driftText(drifts) }, nowMs);
}

/** Computed again at the click; when that fails, the registered one stands: a decision must not be lost to it. */
async function repredicted(
  desk: ProposalDesk,
  { proposal }: ProposalRecord,
  model: ModelNow,
): Promise<Prediction> {
  try {
    return await model.predict([interventionOf(proposal.action)]);
  } catch (error) {
    if (!isOperationError(error)) throw error;
    desk.meter.add("orrery_repredictions_failed_total");
    return proposal.prediction;
  }
}

async function decideApproval(
  desk: ProposalDesk,
  click: ApprovalClick,
  model: ModelNow,
  nowMs: number,
): Promise<Answer<null>> {
  const found = await desk.index.find(click.proposalId);
  if (found === undefined) return UNKNOWN;
  const refusal =
    notAllowed(desk, click.by) ??
    (await clickRefusal(desk, found, click, { view: model.view, nowMs }));
  if (refusal !== undefined) return refusal;
  const approved = {
    type: "proposal-approved",
    by: click.by,
    actionHash: click.actionHash,
    repredicted: await repredicted(desk, found.record, model),
  } as const;
  if (await appendTo(desk, found, approved, nowMs)) return DONE;
  const winner = await desk.index.find(click.proposalId);
  if (winner === undefined) return UNKNOWN;
  return isRepeated(winner.record, click) ? DONE : notOpen(winner.record);
}

/** Claims the approval: of two clicks at once, one is recorded. */
export async function approve(
  desk: ProposalDesk,
  click: ApprovalClick,
  model: ModelNow,
  nowMs: number,
): Promise<Answer<null>> {
  const answer = await decideApproval(desk, click, model, nowMs);
  desk.meter.add("orrery_approvals_total", 1, { outcome: answer.ok ? "approved" : answer.code });
  return answer;
}

export async function reject(
  desk: ProposalDesk,
  proposalId: string,
  by: string,
  nowMs: number,
): Promise<Answer<null>> {
  const found = await desk.index.find(proposalId);
  if (found === undefined) return UNKNOWN;
  const refusal = notAllowed(desk, by);
  if (refusal !== undefined) return refusal;
  const isOwn = (record: ProposalRecord): boolean => record.rejectedBy === by;
  if (found.record.state !== "open") return isOwn(found.record) ? DONE : notOpen(found.record);
  if (await appendTo(desk, found, { type: "proposal-rejected", by }, nowMs)) return DONE;
  const winner = await desk.index.find(proposalId);
  if (winner === undefined) return UNKNOWN;
  return isOwn(winner.record) ? DONE : notOpen(winner.record);
}
