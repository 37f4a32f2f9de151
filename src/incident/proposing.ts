import { isOperationError } from "../errors.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import { cleanText, redact } from "../redact.ts";
import { type Action, actionHash, canonicalJson, interventionOf } from "./action.ts";
import type { Answer, ProposalDraft, ProposalRecord } from "./contract.ts";
import { PROPOSAL_TTL_MS, type Proposal } from "./events.ts";
import { readRegistration } from "./executor-registration.ts";
import { mintedId } from "./minted-id.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import { isUnsettled } from "./proposal.ts";
import { appendTo, type ModelNow, type ProposalDesk } from "./proposal-desk.ts";
import { type CheckedAction, checkAction } from "./proposal-gate.ts";
import { checkEffect, checkEvidence } from "./proposal-support.ts";
import { refuse } from "./refusal.ts";

/** Limit: proposals of one incident that wait for a decision at once: a person must be able to read them. */
export const PROPOSALS_OPEN_MAX = 3;
/** Limit: proposals of one episode of an incident. */
export const PROPOSALS_MAX = 8;
/** Limit: characters of the reason. */
const REASON_CHARS_MAX = 2_000;
/** By `INCIDENT/KEY`, the proposal of another key that was given back. */
const KEYS_BUCKET = "proposal-keys";

/** Proposals of one incident are made one after another, so that two at once cannot overdraw its budget. */
export interface Proposing extends ProposalDesk {
  readonly queue: OneAtATime;
}

const keyOf = ({ incidentId, key }: ProposalDraft): string => `${incidentId}/${key}`;
const given = (proposal: Proposal): Answer<Proposal> => ({ ok: true, data: proposal });

/** What was given for the same key before, also in an earlier life. */
async function givenBefore(
  { store, index }: Proposing,
  draft: ProposalDraft,
): Promise<Proposal | undefined> {
  if (draft.key === undefined) return undefined;
  const own = await index.find(ownId(draft));
  if (own !== undefined) return own.record.proposal;
  const other = await store.get(KEYS_BUCKET, keyOf(draft));
  return typeof other === "string" ? (await index.find(other))?.record.proposal : undefined;
}

function ownId({ incidentId, key }: ProposalDraft): string {
  return mintedId("p", { incidentId, key });
}

async function ofIncident(
  { index }: Proposing,
  incidentId: string,
): Promise<readonly ProposalRecord[]> {
  const all = await index.all();
  return all.map(({ record }) => record).filter((one) => one.proposal.incidentId === incidentId);
}

/** A like proposal that waits or runs is given back; undefined: there is none. */
async function alike(
  desk: Proposing,
  draft: ProposalDraft,
  action: Action,
): Promise<Answer<Proposal> | undefined> {
  const wanted = canonicalJson(action);
  const same = (await ofIncident(desk, draft.incidentId)).filter(
    ({ proposal }) => canonicalJson(proposal.action) === wanted,
  );
  const live = same.find(({ state }) => ["open", "approved", "running"].includes(state));
  if (live !== undefined) {
    if (draft.key !== undefined)
      await desk.store.insertIfAbsent(KEYS_BUCKET, keyOf(draft), live.proposal.id);
    return given(live.proposal);
  }
  if (!same.some(isUnsettled)) return undefined;
  return refuse("being_verified", "This was just carried out: its outcome is being watched.");
}

/** Undefined: the incident is there, goes on, and has not spent its budget. */
async function incidentRefusal(
  desk: Proposing,
  { incidentId }: ProposalDraft,
): Promise<Answer<never> | undefined> {
  const incident = await desk.incidents.read(incidentId);
  if (incident === undefined) return refuse("incident_unknown", "There is no such incident.");
  if (incident.resolved !== undefined)
    return refuse("incident_resolved", "The incident is resolved: nothing is proposed in it.");
  const all = await ofIncident(desk, incidentId);
  const own = all.filter(({ proposal }) => proposal.madeMs >= incident.episodeMs);
  if (own.length >= PROPOSALS_MAX)
    return refuse("budget_spent", `An incident has at most ${PROPOSALS_MAX} proposals.`);
  if (own.filter(({ state }) => state === "open").length >= PROPOSALS_OPEN_MAX)
    return refuse(
      "open_excessive",
      `${PROPOSALS_OPEN_MAX} proposals wait for a decision: a person must decide on them first.`,
    );
  return undefined;
}

async function predicted(model: ModelNow, action: Action): Promise<Answer<Prediction>> {
  try {
    return { ok: true, data: await model.predict([interventionOf(action)]) };
  } catch (error) {
    if (!isOperationError(error)) throw error;
    return refuse("prediction_unavailable", `Its effect could not be computed: ${error.message}`);
  }
}

/** What ends the matter before anything is computed or written; undefined: nothing does. */
async function settledAlready(
  desk: Proposing,
  draft: ProposalDraft,
  action: Action,
): Promise<Answer<Proposal> | undefined> {
  const before = await givenBefore(desk, draft);
  if (before !== undefined) return given(before);
  return (await alike(desk, draft, action)) ?? (await incidentRefusal(desk, draft));
}

/** Writes it down, if nothing has come in between. */
async function register(
  desk: Proposing,
  draft: ProposalDraft,
  plan: CheckedAction & { readonly prediction: Prediction },
  nowMs: number,
): Promise<Answer<Proposal>> {
  const settled = await settledAlready(desk, draft, plan.action);
  if (settled !== undefined) return settled;
  const { action, preconditions, prediction } = plan;
  const { incidentId, sloId } = draft;
  const executor = await readRegistration(desk.store, nowMs);
  const proposal: Proposal = {
    id:
      draft.key === undefined
        ? mintedId("p", { incidentId, action, preconditions, nowMs })
        : ownId(draft),
    incidentId,
    action,
    preconditions,
    actionHash: actionHash(action, preconditions),
    prediction,
    ...(sloId === undefined ? {} : { sloId }),
    reason: cleanText(redact(draft.reason), REASON_CHARS_MAX),
    evidenceIds: draft.evidenceIds,
    madeMs: nowMs,
    expiresMs: nowMs + PROPOSAL_TTL_MS,
    executable: executor?.actions.includes(action.type) === true,
  };
  const isNew = await appendTo(
    desk,
    { record: { proposal, state: "open" }, version: 0 },
    { type: "proposal-made", proposal },
    nowMs,
  );
  if (!isNew) {
    const found = await desk.index.find(proposal.id);
    return given(found?.record.proposal ?? proposal);
  }
  await desk.incidents.recordProposal(incidentId, proposal.id, nowMs);
  desk.meter.add("orrery_proposals_total", 1, { type: action.type });
  return given(proposal);
}

async function pass(
  desk: Proposing,
  draft: ProposalDraft,
  model: ModelNow,
  nowMs: number,
): Promise<Answer<Proposal>> {
  const before = await givenBefore(desk, draft);
  if (before !== undefined) return given(before);
  const cited = checkEvidence(draft);
  if (!cited.ok) return cited;
  const checked = checkAction(model.view, draft.action);
  if (!checked.ok) return checked;
  const { incidentId } = draft;
  const settled = await desk.queue.run(incidentId, () =>
    settledAlready(desk, draft, checked.data.action),
  );
  if (settled !== undefined) return settled;
  const prediction = await predicted(model, checked.data.action);
  if (!prediction.ok) return prediction;
  const effective = checkEffect(prediction.data, draft);
  if (!effective.ok) return effective;
  const plan = { ...checked.data, prediction: prediction.data };
  return desk.queue.run(incidentId, () => register(desk, draft, plan, nowMs));
}

/** Puts an action before a human, or says why it may not be put there. */
export async function propose(
  desk: Proposing,
  draft: ProposalDraft,
  model: ModelNow,
  nowMs: number,
): Promise<Answer<Proposal>> {
  const answer = await pass(desk, draft, model, nowMs);
  if (!answer.ok) desk.meter.add("orrery_proposals_refused_total", 1, { code: answer.code });
  return answer;
}
