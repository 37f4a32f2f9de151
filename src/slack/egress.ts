import { cleanText, redact } from "../redact.ts";
import { ATTRIBUTE_NAMES, isTopLevelDomain } from "./top-level-domains.ts";

/** A piece of text is let out at the first line or sentence end; at the latest at a blank after this many characters … */
const SEGMENT_CHARS_SOFT_MAX = 2_000;
/** … or here, where a run without any blank is broken by one. */
const SEGMENT_CHARS_MAX = 4_000;
/** One character may become up to 18 by normalisation; more is cut with a mark. */
const SEGMENT_CLEAN_CHARS_MAX = SEGMENT_CHARS_MAX * 18;

const WEB_SCHEME = /https?(?=:\/\/)/gi;
const OPAQUE_SCHEME =
  /\b(mailto|tel|sms|sip|slack|javascript|vbscript|data|file|ftp|magnet|vscode):(?=\S)/gi;
const WWW = /\bwww\./gi;
/** A dotted word; read once, then judged label by label. */
const DOTTED = /[\p{L}\p{N}-]*(?:[.。．][\p{L}\p{N}.。．-]*)/gu;
const DOT = /[.。．]/g;
const ADDRESS_WITH_PATH =
  /(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?=(?::\d{1,5})?\/)/g;
const BROADCAST = /@(?=(?:channel|here|everyone|group)\b)/gi;
/** `<@U…>`, `<!channel>`, `<#C…>`, `<https://…|…>`, HTML. `a < b` and `<5 ms` stay. */
const ANGLE = /<(?=[@!#/a-z])/gi;

/** Whether any label after the first could end a web address: a client may stop reading there. */
function isAddress(word: string): boolean {
  const [first = "", ...rest] = word.split(DOT);
  if (ATTRIBUTE_NAMES.has(word.toLowerCase())) return false;
  let before = first;
  return rest.some((label) => {
    const isEnd = before !== "" && isTopLevelDomain(label.split("-", 1)[0] ?? "");
    before = label;
    return isEnd;
  });
}

/** Takes the life out of links and mentions: they stay readable, and no client makes them clickable. */
export function defang(text: string): string {
  return text
    .replace(WEB_SCHEME, (scheme) => scheme.toLowerCase().replace("tt", "xx"))
    .replaceAll("://", "[:]//")
    .replace(OPAQUE_SCHEME, (_match, scheme: string) => `${scheme}[:]`)
    .replace(WWW, "www[.]")
    .replace(DOTTED, (word) => (isAddress(word) ? word.replace(DOT, "[.]") : word))
    .replace(ADDRESS_WITH_PATH, "$1[.]$2[.]$3[.]$4")
    .replace(BROADCAST, "(at)")
    .replace(ANGLE, "‹");
}

/** Markdown's own ways to make a link or a picture. */
function withoutMarkdownLinks(text: string): string {
  return text
    .replaceAll("](", "] (")
    .replaceAll("][", "] [")
    .replaceAll("]:", "] :")
    .replaceAll("![", "! [");
}

function safeSegment(text: string): string {
  return withoutMarkdownLinks(defang(redact(cleanText(text, SEGMENT_CLEAN_CHARS_MAX))));
}

/** Whether the text so far may open a secret whose rest is still to come. */
function isOpen(text: string): boolean {
  if (/[:=]["']?\s*$/.test(text)) return true;
  const begin = text.lastIndexOf("-----BEGIN");
  return begin >= 0 && text.indexOf("-----END", begin) < 0;
}

interface Cut {
  readonly end: number;
  /** Breaks a run that has no blank. */
  readonly forced: boolean;
}

const BLANK = /\s/;

function isSentenceEnd(buffer: string, at: number): boolean {
  return buffer[at] === " " && /[.!?]/.test(buffer[at - 1] ?? "");
}

/**
 * Where the buffer may be cut. Invariant: it depends only on the text before the cut, so that a stream is cut at the same
 * places however it arrives.
 */
function nextCut(buffer: string, from: number): Cut | undefined {
  for (let at = 0; from + at < buffer.length; at++) {
    const index = from + at;
    const sign = buffer[index] ?? "";
    if (at >= SEGMENT_CHARS_MAX) return { end: index, forced: true };
    if (at >= SEGMENT_CHARS_SOFT_MAX && BLANK.test(sign)) return { end: index + 1, forced: false };
    const mayEnd = sign === "\n" || (at > 0 && isSentenceEnd(buffer, index));
    if (mayEnd && !isOpen(buffer.slice(from, index))) return { end: index + 1, forced: false };
  }
  return undefined;
}

export interface EgressStream {
  /** Takes the next piece of untrusted text and gives what is safe to show of it and of what was held back. */
  push(delta: string): string;
  /** Gives the rest. */
  end(): string;
}

/**
 * Lets model text out piece by piece. Contract: the pieces together are `egressText` of the whole, for any way the text
 * was split; no link, mention or known secret passes.
 */
export function createEgressStream(): EgressStream {
  let held = "";
  return {
    push: (delta) => {
      held += delta;
      let out = "";
      let from = 0;
      for (let cut = nextCut(held, from); cut !== undefined; cut = nextCut(held, from)) {
        out += safeSegment(held.slice(from, cut.end)) + (cut.forced ? " " : "");
        from = cut.end;
      }
      held = held.slice(from);
      return out;
    },
    end: () => {
      const rest = safeSegment(held);
      held = "";
      return rest;
    },
  };
}

/** Untrusted text made fit for a Slack markdown block: no live link, no mention, no known secret, no hidden character. */
export function egressText(text: string): string {
  const stream = createEgressStream();
  return stream.push(text) + stream.end();
}
