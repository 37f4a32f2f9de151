import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  KnownBlock,
  RichTextBlock,
} from "@slack/types";
import { actionTitle, hashWords } from "../../incident/action.ts";
import type { Outcome, Proposal, ProposalState } from "../../incident/events.ts";
import type { Prediction } from "../../model/whatif/prediction.ts";
import { APPROVE_ACTION, REJECT_ACTION } from "../action-ids.ts";
import { egressText } from "../egress.ts";
import {
  BUTTON_CHARS_MAX,
  CONFIRM_BUTTON_CHARS_MAX,
  CONFIRM_TEXT_CHARS_MAX,
  CONFIRM_TITLE_CHARS_MAX,
  FALLBACK_CHARS_MAX,
  fitBlocks,
  fitMarkup,
  fitPlain,
} from "./limits.ts";
import { OUTCOME_HEADS, outcomeFigure, outcomeHead, outcomeLines } from "./outcome-lines.ts";
import { predictionBlocks, predictionFacts } from "./prediction-card.ts";
import {
  context,
  fields,
  header,
  instant,
  type Message,
  plain,
  safe,
  section,
  spanText,
  utcTime,
} from "./text.ts";

const REASON_CHARS_MAX = 1_200;

/** All that the card shows; folded from the proposal's events. */
export interface ProposalCard {
  readonly proposal: Proposal;
  readonly state: ProposalState;
  /** `false` until the message is known to be the one and only card: nothing can be clicked before. */
  readonly clickable: boolean;
  readonly approvers: readonly string[];
  readonly approvedBy?: string;
  readonly approvedMs?: number;
  readonly rejectedBy?: string;
  /** Computed again at the click. */
  readonly repredicted?: Prediction;
  /** Why it was superseded, what the executor said, or how it failed. */
  readonly detail?: string;
  readonly finishedMs?: number;
  readonly outcome?: Outcome;
}

/** The value of a button: which proposal, and the exact action that was on the card. */
function proposalValue(proposal: Proposal): string {
  return `${proposal.id}:${proposal.actionHash}`;
}

export function parseProposalValue(
  value: string | undefined,
): { readonly proposalId: string; readonly actionHash: string } | undefined {
  const match = /^([\w.-]{1,100}):([0-9a-f]{64})$/.exec(value ?? "");
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { proposalId: match[1], actionHash: match[2] };
}

function headline({ proposal, state, outcome }: ProposalCard): string {
  const title = actionTitle(proposal.action);
  if (outcome !== undefined) return `${OUTCOME_HEADS[outcome.verdict]} · ${title}`;
  const heads: Readonly<Record<ProposalState, string>> = {
    open: proposal.executable ? "Approve?" : "Proposed, to be done by hand:",
    approved: "⏳ Approved ·",
    running: "⏳ Executing ·",
    done: "Done, verifying ·",
    failed: "❌ Failed ·",
    unknown: "⚠️ Outcome unknown ·",
    rejected: "Rejected ·",
    expired: "Expired ·",
    superseded: "Superseded ·",
  };
  return `${heads[state]} ${title}`;
}

/** Model text: quoted, marked, and as plain elements that no client interprets. */
function modelNote(reason: string): readonly RichTextBlock[] {
  const text = fitPlain(egressText(reason).trim(), REASON_CHARS_MAX);
  if (text === "") return [];
  return [
    {
      type: "rich_text",
      elements: [
        {
          type: "rich_text_quote",
          elements: [
            {
              type: "text",
              text: "The investigator's reason, in its own words: ",
              style: { bold: true },
            },
            { type: "text", text },
          ],
        },
      ],
    },
  ];
}

function decisionButton(
  proposal: Proposal,
  asked: {
    readonly actionId: string;
    readonly label: string;
    readonly title: string;
    readonly text: string;
    readonly yes: string;
    readonly no: string;
  },
): Button {
  return {
    type: "button",
    action_id: asked.actionId,
    text: plain(asked.label, BUTTON_CHARS_MAX),
    value: proposalValue(proposal),
    confirm: {
      title: plain(asked.title, CONFIRM_TITLE_CHARS_MAX),
      text: plain(asked.text, CONFIRM_TEXT_CHARS_MAX),
      confirm: plain(asked.yes, CONFIRM_BUTTON_CHARS_MAX),
      deny: plain(asked.no, CONFIRM_BUTTON_CHARS_MAX),
    },
  };
}

/** Approve is green on the card and where it is confirmed: red would say that it is the wrong one. */
function buttons(proposal: Proposal): ActionsBlock {
  const words = hashWords(proposal.actionHash);
  const title = actionTitle(proposal.action);
  const approve = decisionButton(proposal, {
    actionId: APPROVE_ACTION,
    label: `Approve ${words}`,
    title: `Approve ${words}?`,
    text: `${title}. Plan ${words}. It runs at once, and I watch whether the prediction holds.`,
    yes: "Approve",
    no: "Cancel",
  });
  const reject = decisionButton(proposal, {
    actionId: REJECT_ACTION,
    label: "Reject",
    title: `Reject ${words}?`,
    text: `${title}. Nothing is executed, for everybody here. The numbers stay on the card; to say why, reply in this thread.`,
    yes: "Reject",
    no: "Keep it open",
  });
  const green = { style: "primary" } as const;
  return {
    type: "actions",
    block_id: `proposal:${proposal.id}`,
    elements: [
      { ...approve, ...green, confirm: { ...approve.confirm, ...green } as ConfirmationDialog },
      { ...reject, confirm: { ...reject.confirm, style: "danger" } as ConfirmationDialog },
    ],
  };
}

function mentions(ids: readonly string[]): string {
  return ids.map((id) => `<@${safe(id)}>`).join(", ");
}

/** One message is seen by all: who may click stands over the buttons. */
function deciderText({ approvers, proposal }: ProposalCard): string {
  const head = "*Who may decide*";
  if (!proposal.executable) return `${head}\na person, by hand: nothing here can execute it`;
  if (approvers.length === 0) return `${head}\nnobody: no approver is configured`;
  return `${head}\nonly ${mentions(approvers)}`;
}

function evidenceText({ evidenceIds }: Proposal): string {
  return evidenceIds.length === 0 ? "" : `evidence ${safe(evidenceIds.join(", "))}`;
}

function openBlocks(card: ProposalCard): readonly KnownBlock[] {
  const { proposal } = card;
  const prediction = predictionOf(card);
  return [
    ...predictionBlocks(prediction),
    ...(prediction.grade === "D"
      ? [section("No number is promised: whether it helped is judged by the objective alone.")]
      : []),
    ...modelNote(proposal.reason),
    fields(
      deciderText(card),
      `*Expires*\n${instant(proposal.expiresMs)}, or when what it assumes changes`,
    ),
    ...(card.clickable && proposal.executable && card.approvers.length > 0
      ? [buttons(proposal)]
      : []),
    context(
      `plan \`${hashWords(proposal.actionHash)}\``,
      evidenceText(proposal),
      ...predictionFacts(prediction),
    ),
  ];
}

function actorText(card: ProposalCard): string {
  if (card.approvedBy === undefined) return "";
  const at = card.approvedMs === undefined ? "" : ` ${instant(card.approvedMs)}`;
  return `approved by <@${safe(card.approvedBy)}>${at}`;
}

const predictionOf = ({ repredicted, proposal }: ProposalCard): Prediction =>
  repredicted ?? proposal.prediction;

/** The numbers that were confirmed may have been others: which of them are scored is said. */
function againBlocks({ repredicted }: ProposalCard): readonly KnownBlock[] {
  if (repredicted === undefined || repredicted.grade === "D") return [];
  return [section("_Predicted again at the click: the verdict is scored on these numbers._")];
}

function workingBlocks(card: ProposalCard): readonly KnownBlock[] {
  const { proposal, state, detail, outcome } = card;
  const said = detail === undefined ? "" : safe(detail);
  const lines: Readonly<Record<string, string>> = {
    approved: "Waiting for the executor.",
    running: "The executor has it.",
    done: said,
    failed: `*It failed and was not tried again.* ${said}`,
    unknown: `*I don't know whether it took effect.* ${said} I look, and do not repeat it.`,
  };
  const blocks: KnownBlock[] = [];
  const line = lines[state] ?? "";
  if (line !== "") blocks.push(section(line));
  if (outcome !== undefined) blocks.push(section(...outcomeLines(outcome)));
  else blocks.push(...againBlocks(card), ...predictionBlocks(predictionOf(card)));
  const tookMs =
    card.finishedMs === undefined || card.approvedMs === undefined
      ? undefined
      : card.finishedMs - card.approvedMs;
  blocks.push(
    context(
      actorText(card),
      tookMs === undefined ? "" : `executed once, ${spanText(tookMs)} after the click`,
      outcome === undefined ? "" : `settled ${instant(outcome.settledMs)}`,
      outcome === undefined || card.repredicted === undefined ? "" : "predicted again at the click",
      `plan \`${hashWords(proposal.actionHash)}\``,
    ),
  );
  return blocks;
}

/** The numbers stay, for who asks later what was turned down. */
function rejectedBlocks({
  proposal,
  rejectedBy,
  repredicted,
}: ProposalCard): readonly KnownBlock[] {
  const by = rejectedBy === undefined ? "a person" : `<@${safe(rejectedBy)}>`;
  return [
    section(
      `*Nothing was executed.* ${by} rejected it. To say why, reply here; to see what something else would do, ask me _what if …_`,
    ),
    ...predictionBlocks(repredicted ?? proposal.prediction),
    context(
      `rejected by ${by}`,
      `plan \`${hashWords(proposal.actionHash)}\``,
      ...predictionFacts(proposal.prediction),
    ),
  ];
}

/** What is over without anybody's doing collapses to one grey line. */
function collapsedLine({ proposal, state, detail }: ProposalCard): string {
  const title = safe(actionTitle(proposal.action));
  const plan = `plan \`${hashWords(proposal.actionHash)}\``;
  if (state === "expired")
    return `${title} · expired at ${utcTime(proposal.expiresMs)} without an approval; ask me, and I compute it anew · ${plan}`;
  return `${title} · superseded: ${safe(detail ?? "the system has changed since")} · ${plan}`;
}

const OVER: readonly ProposalState[] = ["expired", "superseded"];

function bodyOf(card: ProposalCard): readonly KnownBlock[] {
  if (card.state === "open") return openBlocks(card);
  return card.state === "rejected" ? rejectedBlocks(card) : workingBlocks(card);
}

/** A proposal from the first sight of it to its verdict; always the same message. */
export function proposalCard(card: ProposalCard): Message {
  const { proposal, state, outcome } = card;
  const text = fitMarkup(safe(headline(card)), FALLBACK_CHARS_MAX);
  const facts = {
    proposal: proposal.id,
    incident: proposal.incidentId,
    state,
    action: JSON.stringify(proposal.action),
    ...(outcome === undefined ? {} : { verdict: outcome.verdict }),
  };
  if (OVER.includes(state)) return { text, facts, blocks: [context(collapsedLine(card))] };
  return { text, facts, blocks: fitBlocks([header(headline(card)), ...bodyOf(card)]) };
}

/** One line for the incident's summary. */
export function actionLine(card: ProposalCard): string {
  const title = safe(actionTitle(card.proposal.action));
  const by = card.approvedBy === undefined ? "" : `, approved by <@${safe(card.approvedBy)}>`;
  const states: Readonly<Record<ProposalState, string>> = {
    open: "waits for an approval",
    approved: `waits for the executor${by}`,
    running: `is being executed${by}`,
    done: `done${by}, being verified`,
    failed: `failed${by}`,
    unknown: `outcome unknown${by}`,
    rejected: "rejected",
    expired: "expired",
    superseded: "superseded",
  };
  const verdict =
    card.outcome === undefined ? states[card.state] : `${OUTCOME_HEADS[card.outcome.verdict]}${by}`;
  return `*Action* ${title}: ${verdict}`;
}

/** One short reply, so that people who watch the thread hear of the verdict; the rest is on the card. */
export function outcomeReply(card: ProposalCard, outcome: Outcome, trackLine: string): Message {
  const head = `${OUTCOME_HEADS[outcome.verdict]}: ${actionTitle(card.proposal.action)}`;
  return {
    text: fitMarkup(safe(head), FALLBACK_CHARS_MAX),
    blocks: [
      section(`*${safe(head)}*`, `${outcomeHead(outcome)} ${outcomeFigure(outcome)}`.trim()),
      context("Computed, no LLM", safe(trackLine)),
    ],
  };
}
