import { hashWords } from "../incident/action.ts";
import type { ProposalRecord } from "../incident/contract.ts";
import { parseProposalValue } from "./blocks/proposal-card.ts";
import { safe } from "./blocks/text.ts";
import type { SlackDeps } from "./deps.ts";
import type { Identity, Person } from "./identity.ts";
import { type IncidentRoom, proposalKey } from "./incident-room.ts";
import type { Outbox } from "./outbox.ts";

/** A click on a card, as Slack told of it. */
export interface Click {
  readonly userId: string;
  readonly channel: string;
  readonly messageTs: string;
  readonly value: string | undefined;
}

export interface ApprovalDeps {
  readonly deps: SlackDeps;
  readonly identity: Identity;
  readonly outbox: Outbox;
  readonly room: IncidentRoom;
}

export type Decision = "approve" | "reject";

/** What the person is told, alone; undefined when the card itself will show it. */
export type ClickAnswer = string | undefined;

function personRefusal(person: Person, approvers: readonly string[]): ClickAnswer {
  switch (person.kind) {
    case "unclear":
      return "Slack did not tell me who you are, so I did nothing. Click again in a moment.";
    case "bot":
    case "guest":
    case "stranger":
    case "deactivated":
      return "Only full members of this workspace can decide on an action. Nothing was done.";
    case "person":
      break;
  }
  if (approvers.includes(person.id)) return undefined;
  return approvers.length === 0
    ? "Nobody may decide on actions here: no approver is configured. Nothing was done."
    : `This needs ${approvers.map((id) => `<@${id}>`).join(" or ")}; you are not on that list. Nothing was done.`;
}

const STALE = "This card is stale: it is not the one that I keep. Nothing was done.";

/** Two people click at once: the second is told who was first. */
function takenText({ state, approvedBy, rejectedBy }: ProposalRecord): string {
  const by = approvedBy ?? rejectedBy;
  return by === undefined
    ? `This is already ${state}.`
    : `This is already ${state}: <@${safe(by)}> was first.`;
}

/**
 * A decision by a named human, checked at the click: the card is the one that we posted, the proposal is open and not
 * expired, what was on the card is what would run, and the person may decide. The record checks all of it again.
 */
export async function decide(
  { deps, identity, outbox, room }: ApprovalDeps,
  click: Click,
  decision: Decision,
): Promise<ClickAnswer> {
  const { meter, log, clock, config, incidents } = deps;
  const refuse = (reason: string, text: ClickAnswer): ClickAnswer => {
    meter.add("orrery_slack_clicks_refused_total", 1, { reason });
    log.info("slack_click_refused", { reason, userId: click.userId, decision });
    return text;
  };
  const claimed = parseProposalValue(click.value);
  if (claimed === undefined) return refuse("unreadable", STALE);
  const { proposalId, actionHash } = claimed;
  const card = await outbox.find(proposalKey(proposalId));
  const view = await room.proposal(proposalId);
  if (card === undefined || view === undefined) return refuse("unknown", STALE);
  if (card.channel !== click.channel || card.ts !== click.messageTs) return refuse("stale", STALE);
  const { proposal } = view;
  if (proposal.actionHash !== actionHash)
    return refuse(
      "hash",
      `The plan is ${hashWords(proposal.actionHash)} and not what you saw. Nothing was done.`,
    );
  if (view.state !== "open") return refuse("not_open", takenText(view));
  if (clock.nowMs() >= proposal.expiresMs)
    return refuse("expired", "This proposal has expired. Ask me again, and I compute a new one.");
  const person = await identity.personNow(click.userId);
  const refusal = personRefusal(person, config.approvers);
  if (refusal !== undefined) return refuse("person", refusal);
  const answer =
    decision === "approve"
      ? await incidents.approve(proposalId, person.id, actionHash)
      : await incidents.reject(proposalId, person.id);
  if (!answer.ok) {
    const taken = answer.code === "not_open" ? await room.proposal(proposalId) : undefined;
    const text = taken === undefined ? safe(answer.message) : takenText(taken);
    return refuse(answer.code, `${text} Nothing was done.`);
  }
  meter.add("orrery_slack_decisions_total", 1, { decision });
  return undefined;
}
