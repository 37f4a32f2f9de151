import type { ActionsBlock, KnownBlock } from "@slack/types";
import type { Page } from "../../incident/events.ts";
import { formatQuantity, type Quantity } from "../../model/quantity.ts";
import { HUSH_ACTION } from "../action-ids.ts";
import { BUTTON_CHARS_MAX, FALLBACK_CHARS_MAX, firstOf, fitBlocks, fitMarkup } from "./limits.ts";
import {
  context,
  header,
  instant,
  labelled,
  type Message,
  operationName,
  plain,
  safe,
  section,
  spanText,
} from "./text.ts";

/** Pages of one incident that are named on its card. */
const JOINED_SHOWN_MAX = 3;

export interface PageCard {
  readonly incidentId: string;
  /** Of this episode. */
  readonly page: Page;
  /** 2 and more: it fires again after a recovery. */
  readonly episode: number;
  readonly openedMs: number;
  readonly joined: readonly { readonly page: Page; readonly reason: string }[];
  /** One line from the newest diagnosis. */
  readonly verdict?: string;
  /** One line for each action, newest last. */
  readonly actions: readonly string[];
  readonly recovered?: {
    readonly atMs: number;
    readonly values: Readonly<Record<string, Quantity>>;
  };
  readonly resolved?: { readonly atMs: number; readonly by: string };
  readonly hushed: boolean;
}

const SIGNS: Readonly<Record<Page["type"], string>> = {
  burn: "🔴",
  absent: "🔴",
  blind: "⚫",
};

function headline({ page, episode, recovered, resolved }: PageCard): string {
  const times = episode > 1 ? ` (${ordinal(episode)} time)` : "";
  const past = `${page.pastTitle ?? page.title}${times}`;
  if (resolved !== undefined) return `✅ Resolved · ${past}`;
  if (recovered !== undefined) return `🟢 Recovered · ${past}`;
  return `${SIGNS[page.type]} ${page.title}${times}`;
}

/** `2nd`, `3rd`, `11th`. */
function ordinal(number: number): string {
  const tens = number % 100;
  const suffixes: Readonly<Record<number, string>> = { 1: "st", 2: "nd", 3: "rd" };
  const isTeen = tens >= 11 && tens <= 13;
  return `${number}${isTeen ? "th" : (suffixes[number % 10] ?? "th")}`;
}

/** Said in the thread when a recovered incident fires again. */
export function reopenedReply({
  page,
  episode,
  openedMs,
}: Pick<PageCard, "page" | "episode" | "openedMs">): Message {
  const text = `${SIGNS[page.type]} Fires again, the ${ordinal(episode)} time: ${page.title}`;
  return {
    text: fitMarkup(safe(text), FALLBACK_CHARS_MAX),
    blocks: [
      section(`*${safe(text)}*`, "It had recovered. I look at it anew: a diagnosis follows below."),
      context(`*First paged* ${instant(openedMs)}`, safe(page.ruleText)),
    ],
  };
}

const VALUE_LABELS: Readonly<Record<string, string>> = {
  badRatio: "bad requests",
  errors: "failed",
  slow: "too slow",
  silent: "silent for",
  badPerMinute: "bad per minute",
};

function valueLine(values: Readonly<Record<string, Quantity>>): string {
  return Object.entries(values)
    .filter(([key]) => Object.hasOwn(VALUE_LABELS, key))
    .map(([key, quantity]) => `${VALUE_LABELS[key]} ${formatQuantity(quantity)}`)
    .join(" · ");
}

function joinedLines(card: PageCard): readonly string[] {
  const { shown, more } = firstOf(card.joined, JOINED_SHOWN_MAX);
  return [
    ...shown.map(
      ({ page, reason }) => `${labelled("Also paged", safe(page.title))} _(${safe(reason)})_`,
    ),
    more,
  ].filter((line) => line !== "");
}

function endLine({ page, recovered, resolved }: PageCard): string {
  if (resolved !== undefined)
    return `*Resolved* ${instant(resolved.atMs)} by ${resolved.by.startsWith("U") ? `<@${safe(resolved.by)}>` : safe(resolved.by)}`;
  if (recovered === undefined) return "";
  return `*Recovered* ${instant(recovered.atMs)}, after ${spanText(recovered.atMs - page.atMs)}. No rule fires any more. It closes by itself after half an hour of quiet.`;
}

function hushButton(incidentId: string): ActionsBlock {
  return {
    type: "actions",
    block_id: `page:${incidentId}`,
    elements: [
      {
        type: "button",
        action_id: HUSH_ACTION,
        text: plain("Hush", BUTTON_CHARS_MAX),
        value: incidentId,
      },
    ],
  };
}

/** The one living summary of an incident: the message at the root of its thread, edited in place. */
export function pageCard(card: PageCard): Message {
  const { page, hushed } = card;
  const isOver = card.recovered !== undefined || card.resolved !== undefined;
  const blocks: KnownBlock[] = [header(headline(card))];
  const lines = [
    // What the page measured, until the diagnosis says it better.
    card.verdict ?? valueLine(page.values),
    ...joinedLines(card),
    ...card.actions,
    endLine(card),
  ];
  if (lines.some((line) => line !== "")) blocks.push(section(...lines));
  const note = hushed
    ? "hushed: only actions and their outcome are posted"
    : "details in the thread";
  const first = card.episode > 1 ? `, first ${instant(card.openedMs)}` : "";
  blocks.push(context(`*Paged* ${instant(page.atMs)}${first}`, safe(page.ruleText), note));
  if (!isOver && !hushed) blocks.push(hushButton(card.incidentId));
  const state = card.resolved === undefined ? (isOver ? "recovered" : "open") : "resolved";
  return {
    text: fitMarkup(safe(headline(card)), FALLBACK_CHARS_MAX),
    blocks: fitBlocks(blocks),
    facts: {
      incident: card.incidentId,
      page: page.type,
      state,
      paged_ms: page.atMs,
      ...(page.operation === undefined ? {} : { operation: operationName(page.operation) }),
    },
  };
}
