import type { ActionsBlock, Button, KnownBlock } from "@slack/types";
import type { Page } from "../../incident/events.ts";
import type { EntityId } from "../../model/entity.ts";
import { formatQuantity, type Quantity } from "../../model/quantity.ts";
import { HUSH_ACTION, SPEAK_ACTION } from "../action-ids.ts";
import {
  BUTTON_CHARS_MAX,
  CONFIRM_BUTTON_CHARS_MAX,
  CONFIRM_TEXT_CHARS_MAX,
  CONFIRM_TITLE_CHARS_MAX,
  FALLBACK_CHARS_MAX,
  firstOf,
  fitBlocks,
  fitMarkup,
} from "./limits.ts";
import {
  code,
  context,
  header,
  instant,
  labelled,
  type Message,
  nameOf,
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

/** Operations that fell silent with the one that was paged first, itself included. */
function silentOperations({ page, joined }: PageCard): readonly EntityId[] {
  if (page.type !== "absent") return [];
  const pages = [page, ...joined.map((one) => one.page).filter(({ type }) => type === "absent")];
  const operations = pages.map(({ operation }) => operation).filter((one) => one !== undefined);
  return [...new Set(operations)];
}

/** What falls silent together is one headline: who reads only that knows how much is gone. */
function titles(card: PageCard): { readonly now: string; readonly past: string } {
  const { page } = card;
  const silent = silentOperations(card);
  const where = page.service === undefined ? "" : ` of ${nameOf(page.service)}`;
  if (silent.length < 2) return { now: page.title, past: page.pastTitle ?? page.title };
  const what = `${silent.length} operations${where}`;
  const { silent: forMs } = page.values;
  const time = forMs === undefined ? "" : ` for ${formatQuantity(forMs)}`;
  return { now: `${what} are absent: no request${time}`, past: `${what} were absent` };
}

function headline(card: PageCard): string {
  const { page, episode, recovered, resolved } = card;
  const times = episode > 1 ? ` (${ordinal(episode)} time)` : "";
  const { now, past } = titles(card);
  if (resolved !== undefined) return `✅ Resolved · ${past}${times}`;
  if (recovered !== undefined) return `🟢 Recovered · ${past}${times}`;
  return `${SIGNS[page.type]} ${now}${times}`;
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
  const silent = silentOperations(card);
  const isOneSilence = silent.length > 1;
  const others = card.joined.filter(({ page }) => !(isOneSilence && page.type === "absent"));
  const { shown, more } = firstOf(others, JOINED_SHOWN_MAX);
  const isOver = card.recovered !== undefined || card.resolved !== undefined;
  const titleOf = (page: Page): string => (isOver ? (page.pastTitle ?? page.title) : page.title);
  const names = silent.map((operation) => code(operationName(operation)));
  return [
    isOneSilence ? labelled("Absent", names.join(", ")) : "",
    ...shown.map(
      ({ page, reason }) => `${labelled("Also paged", safe(titleOf(page)))} _(${safe(reason)})_`,
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

const SPEAK: Button = {
  type: "button",
  action_id: SPEAK_ACTION,
  text: plain("Speak again", BUTTON_CHARS_MAX),
};

/** Says what it does before it does it; hushed, the same place takes it back. */
const HUSH: Button = {
  type: "button",
  action_id: HUSH_ACTION,
  text: plain("Hush", BUTTON_CHARS_MAX),
  confirm: {
    title: plain("Hush this incident?", CONFIRM_TITLE_CHARS_MAX),
    text: plain(
      "For everybody here: from now on I post in its thread only actions and what came of them, and if it fires again after a recovery. I still watch, answer questions, and page for anything else. Speak again takes it back.",
      CONFIRM_TEXT_CHARS_MAX,
    ),
    confirm: plain("Hush", CONFIRM_BUTTON_CHARS_MAX),
    deny: plain("Cancel", CONFIRM_BUTTON_CHARS_MAX),
  },
};

function hushButtons({ incidentId, hushed }: PageCard): ActionsBlock {
  return {
    type: "actions",
    block_id: `page:${incidentId}`,
    elements: [{ ...(hushed ? SPEAK : HUSH), value: incidentId }],
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
    ? "hushed: only actions, their outcome and a relapse are posted"
    : "details in the thread";
  const first = card.episode > 1 ? `, first ${instant(card.openedMs)}` : "";
  blocks.push(context(`*Paged* ${instant(page.atMs)}${first}`, safe(page.ruleText), note));
  if (!isOver) blocks.push(hushButtons(card));
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
