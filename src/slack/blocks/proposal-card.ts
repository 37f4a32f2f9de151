import type { ActionsBlock, KnownBlock, RichTextBlock } from "@slack/types";
import { actionTitle, hashWords } from "../../incident/action.ts";
import type { Outcome, Proposal, ProposalState } from "../../incident/events.ts";
import type { Unit } from "../../model/quantity.ts";
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
import {
  predictionBlocks,
  predictionFacts,
  statisticName,
  statisticRank,
} from "./prediction-card.ts";
import {
  code,
  context,
  fields,
  header,
  instant,
  type Message,
  operationName,
  plain,
  quantity,
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

const OUTCOME_HEADS: Readonly<Record<Outcome["verdict"], string>> = {
  inside: "✅ Verified",
  recovered: "✅ Recovered",
  outside: "⚠️ Not as predicted",
  "not-recovered": "⚠️ Not recovered",
  void: "Prediction void",
};

const OUTCOME_LINES: Readonly<Record<Outcome["verdict"], string>> = {
  inside: "*The prediction held.*",
  recovered: "*The objective is met again.* No number had been predicted.",
  outside: "*It did not do what I predicted.* I was wrong about this one.",
  "not-recovered": "*The objective is not met.* It did not help, or not enough.",
  void: "*The prediction cannot be judged.*",
};

const UNITS: readonly Unit[] = ["ms", "s", "ratio", "per_second", "count", "factor"];

type Observed = Outcome["observed"][number];

/** Observed against predicted. */
function observedText({ statistic, unit, predicted, value, inside }: Observed): string {
  const known = UNITS.find((each) => each === unit) ?? "none";
  const expected =
    predicted === undefined
      ? ""
      : `, predicted ${quantity(predicted.median, known)} (${quantity(predicted.low, known)} to ${quantity(predicted.high, known)})`;
  const verdict = inside === undefined ? "" : inside ? ": inside" : ": *outside*";
  return `${statisticName(statistic)} ${quantity(value, known)}${expected}${verdict}`;
}

const byRank = (a: Observed, b: Observed): number =>
  statisticRank(a.statistic) - statisticRank(b.statistic);

/** One line an indicator. */
function outcomeLines(outcome: Outcome): readonly string[] {
  const rows = outcome.observed
    .toSorted(byRank)
    .map((one) => `• ${code(operationName(one.operation))} ${observedText(one)}`);
  return [
    OUTCOME_LINES[outcome.verdict],
    ...rows,
    outcome.note === "" ? "" : `_${safe(outcome.note)}_`,
  ];
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
            { type: "text", text: "Why (unverified): ", style: { bold: true } },
            { type: "text", text },
          ],
        },
      ],
    },
  ];
}

function buttons(proposal: Proposal): ActionsBlock {
  const words = hashWords(proposal.actionHash);
  const title = actionTitle(proposal.action);
  const confirmText = `${title}. Plan ${words}. It runs at once, and I watch whether the prediction holds.`;
  return {
    type: "actions",
    block_id: `proposal:${proposal.id}`,
    elements: [
      {
        type: "button",
        action_id: APPROVE_ACTION,
        style: "primary",
        text: plain(`Approve ${words}`, BUTTON_CHARS_MAX),
        value: proposalValue(proposal),
        confirm: {
          title: plain(`Approve ${words}?`, CONFIRM_TITLE_CHARS_MAX),
          text: plain(confirmText, CONFIRM_TEXT_CHARS_MAX),
          confirm: plain("Approve", CONFIRM_BUTTON_CHARS_MAX),
          deny: plain("Cancel", CONFIRM_BUTTON_CHARS_MAX),
          style: "danger",
        },
      },
      {
        type: "button",
        action_id: REJECT_ACTION,
        text: plain("Reject", BUTTON_CHARS_MAX),
        value: proposalValue(proposal),
      },
    ],
  };
}

function needsText({ approvers, proposal }: ProposalCard): string {
  if (!proposal.executable) return "*Needs*\na person, by hand: nothing here can execute it";
  if (approvers.length === 0) return "*Needs*\nan approver, and none is configured";
  return `*Needs*\none of ${approvers.map((id) => `<@${safe(id)}>`).join(", ")}`;
}

function evidenceText({ evidenceIds }: Proposal): string {
  return evidenceIds.length === 0 ? "" : `evidence ${safe(evidenceIds.join(", "))}`;
}

function openBlocks(card: ProposalCard): readonly KnownBlock[] {
  const { proposal } = card;
  return [
    ...predictionBlocks(card.repredicted ?? proposal.prediction),
    ...modelNote(proposal.reason),
    fields(
      needsText(card),
      `*Expires*\n${instant(proposal.expiresMs)}, or when what it assumes changes`,
    ),
    ...(card.clickable && proposal.executable && card.approvers.length > 0
      ? [buttons(proposal)]
      : []),
    context(
      `plan \`${hashWords(proposal.actionHash)}\``,
      evidenceText(proposal),
      ...predictionFacts(proposal.prediction),
    ),
  ];
}

function actorText(card: ProposalCard): string {
  if (card.approvedBy === undefined) return "";
  const at = card.approvedMs === undefined ? "" : ` ${instant(card.approvedMs)}`;
  return `approved by <@${safe(card.approvedBy)}>${at}`;
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
  else blocks.push(...predictionBlocks(card.repredicted ?? proposal.prediction));
  const tookMs =
    card.finishedMs === undefined || card.approvedMs === undefined
      ? undefined
      : card.finishedMs - card.approvedMs;
  blocks.push(
    context(
      actorText(card),
      tookMs === undefined ? "" : `executed once, ${spanText(tookMs)} after the click`,
      outcome === undefined ? "" : `settled ${instant(outcome.settledMs)}`,
      `plan \`${hashWords(proposal.actionHash)}\``,
    ),
  );
  return blocks;
}

/** What is over without an effect collapses to one grey line. */
function collapsedLine({ proposal, state, rejectedBy, detail }: ProposalCard): string {
  const title = safe(actionTitle(proposal.action));
  const plan = `plan \`${hashWords(proposal.actionHash)}\``;
  if (state === "rejected")
    return `${title} · rejected by ${rejectedBy === undefined ? "a person" : `<@${safe(rejectedBy)}>`} · ${plan}`;
  if (state === "expired")
    return `${title} · expired at ${utcTime(proposal.expiresMs)} without an approval · ${plan}`;
  return `${title} · superseded: ${safe(detail ?? "the system has changed since")} · ${plan}`;
}

const OVER: readonly ProposalState[] = ["rejected", "expired", "superseded"];

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
  const body = state === "open" ? openBlocks(card) : workingBlocks(card);
  return { text, facts, blocks: fitBlocks([header(headline(card)), ...body]) };
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

/** Indicators named in the reply: all are on the card. */
const REPLY_INDICATORS_MAX = 2;

/** One short reply, so that people who watch the thread hear of the verdict; the figures are on the card. */
export function outcomeReply(card: ProposalCard, outcome: Outcome, trackLine: string): Message {
  const head = `${OUTCOME_HEADS[outcome.verdict]}: ${actionTitle(card.proposal.action)}`;
  const figures = outcome.observed
    .toSorted(byRank)
    .slice(0, REPLY_INDICATORS_MAX)
    .map((one) => `${code(operationName(one.operation))} ${observedText(one)}`);
  const note = outcome.note === "" ? "" : `_${safe(outcome.note)}_`;
  return {
    text: fitMarkup(safe(head), FALLBACK_CHARS_MAX),
    blocks: [
      section(`*${safe(head)}*`, OUTCOME_LINES[outcome.verdict], ...figures, note),
      context("Computed, no LLM", safe(trackLine)),
    ],
  };
}
