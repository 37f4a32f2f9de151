import type {
  ContextBlock,
  HeaderBlock,
  KnownBlock,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from "@slack/types";
import { type EdgeId, type EntityId, entityName } from "../../model/entity.ts";
import { formatQuantity, type Quantity, type Unit } from "../../model/quantity.ts";
import { egressText } from "../egress.ts";
import {
  FIELD_CHARS_MAX,
  FIELDS_MAX,
  fitMarkup,
  fitPlain,
  HEADER_CHARS_MAX,
  SECTION_CHARS_MAX,
} from "./limits.ts";

/** A message as the outbox takes it: blocks, and a line for notifications and screen readers. */
export interface Message {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  /** The same for programs: Slack keeps it as the message's metadata, for workflows and other apps. */
  readonly facts?: MessageFacts;
}

export type MessageFacts = Readonly<Record<string, string | number | boolean>>;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Any text from outside (names, summaries, telemetry), fit for mrkdwn: no link, mention or markup of it takes effect. */
export function safe(text: string): string {
  return escaped(egressText(text).replace(/\s+/g, " ").trim());
}

/** In code style, which also stops a client from reading anything into it. */
export function code(text: string): string {
  const inner = safe(text.replaceAll("`", "'"));
  return inner === "" ? "" : `\`${inner}\``;
}

/** An instant in the reader's own time zone; UTC where tokens are not understood. */
export function instant(ms: number): string {
  const utc = `${new Date(ms).toISOString().slice(11, 19)} UTC`;
  return `<!date^${Math.floor(ms / 1000)}^{time_secs}|${utc}>`;
}

/** `02:14:31 UTC`, for places where Slack renders no token. */
export function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`;
}

const TYPED =
  /^(?:service|service\.instance|host|zone|database|cache|queue|external|operation|deployment|flag|team|slo):/;

/** What people call an entity or a link. */
export function nameOf(id: EntityId | EdgeId): string {
  const text: string = id;
  return TYPED.test(text) ? text.slice(text.indexOf(":") + 1) : text.replaceAll("->", " → ");
}

/** `POST /checkout` of `operation:gateway POST /checkout`. */
export function operationName(id: EntityId): string {
  const name = entityName(id);
  const route = name.indexOf(" ");
  return route < 0 ? name : name.slice(route + 1);
}

/** Fills `{{key}}` with its quantity; an unknown key shows as a gap, never as a number. */
export function filled(text: string, values: Readonly<Record<string, Quantity>>): string {
  return safe(text).replace(/\{\{\s*([\w.-]{1,64})\s*\}\}/g, (_match, key: string) => {
    const quantity = Object.hasOwn(values, key) ? values[key] : undefined;
    return quantity === undefined ? "(no value)" : formatQuantity(quantity);
  });
}

export function quantity(value: number, unit: Unit): string {
  return formatQuantity({ value, unit });
}

export function percent(ratio: number): string {
  return formatQuantity({ value: ratio, unit: "ratio" });
}

/** A length of time as a person says it: `45 s`, `6 min`, `2 h 5 min`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `verbatim`: Slack makes no links of its own from what it finds in the text. */
function mrkdwn(text: string, charsMax = SECTION_CHARS_MAX): MrkdwnElement {
  return { type: "mrkdwn", text: fitMarkup(text, charsMax), verbatim: true };
}

export function plain(text: string, charsMax: number): PlainTextElement {
  return { type: "plain_text", text: fitPlain(egressText(text).trim(), charsMax), emoji: true };
}

export function header(text: string): HeaderBlock {
  return { type: "header", text: plain(text, HEADER_CHARS_MAX) };
}

export function section(...lines: readonly string[]): SectionBlock {
  return { type: "section", text: mrkdwn(lines.filter((line) => line !== "").join("\n")) };
}

export function fields(...texts: readonly string[]): SectionBlock {
  return {
    type: "section",
    fields: texts.slice(0, FIELDS_MAX).map((text) => mrkdwn(text, FIELD_CHARS_MAX)),
  };
}

/** Small grey print, parts joined by dots. */
export function context(...parts: readonly string[]): ContextBlock {
  return {
    type: "context",
    elements: [mrkdwn(parts.filter((part) => part !== "").join(" · "))],
  };
}

/** `*Label* text`, or nothing where there is no text. */
export function labelled(label: string, text: string): string {
  return text === "" ? "" : `*${label}* ${text}`;
}
