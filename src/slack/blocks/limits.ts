import type { KnownBlock } from "@slack/types";

/** Slack's limits; docs.slack.dev/reference/block-kit. Characters, unless the name says otherwise. */
const BLOCKS_MAX = 50;
export const HEADER_CHARS_MAX = 150;
export const SECTION_CHARS_MAX = 3_000;
export const FIELD_CHARS_MAX = 2_000;
export const FIELDS_MAX = 10;
export const BUTTON_CHARS_MAX = 75;
export const CONFIRM_TITLE_CHARS_MAX = 100;
export const CONFIRM_TEXT_CHARS_MAX = 300;
export const CONFIRM_BUTTON_CHARS_MAX = 30;
/** Of all markdown blocks of one message together, and of the text of one stream call. */
export const MARKDOWN_CHARS_MAX = 12_000;
/** Notifications show a line of it. */
export const FALLBACK_CHARS_MAX = 400;

const CUT_MARK = "… _(cut)_";
const PLAIN_CUT_MARK = "…";

function cutAt(text: string, end: number): string {
  const cut = text.slice(0, end);
  const last = cut.charCodeAt(cut.length - 1);
  const whole = last >= 0xd800 && last <= 0xdbff ? cut.slice(0, -1) : cut;
  // Half an escape or half a token of ours would show as rubbish.
  return whole.replace(/&[a-z]{0,4}$|<[^>]{0,200}$/, "");
}

/** Cuts mrkdwn text with a visible mark, never inside an escape or a token. */
export function fitMarkup(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${cutAt(text, charsMax - CUT_MARK.length)}${CUT_MARK}`;
}

/** Cuts plain text with a visible mark. */
export function fitPlain(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  return `${cutAt(text, charsMax - PLAIN_CUT_MARK.length)}${PLAIN_CUT_MARK}`;
}

/** The first items, and how many were left out: lists say what they do not show. A last one takes no more room than that. */
export function firstOf<T>(
  items: readonly T[],
  max: number,
): { readonly shown: readonly T[]; readonly more: string } {
  const left = items.length - max;
  if (left <= 1) return { shown: items, more: "" };
  return { shown: items.slice(0, max), more: `_and ${left} more_` };
}

/** At most as many blocks as Slack takes, with a last line that says what is missing. */
export function fitBlocks(blocks: readonly KnownBlock[]): KnownBlock[] {
  if (blocks.length <= BLOCKS_MAX) return [...blocks];
  const left = blocks.length - (BLOCKS_MAX - 1);
  return [
    ...blocks.slice(0, BLOCKS_MAX - 1),
    { type: "context", elements: [{ type: "mrkdwn", text: `_${left} more parts are not shown_` }] },
  ];
}
