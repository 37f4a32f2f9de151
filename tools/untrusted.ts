import { cleanText, redact } from "../src/redact.ts";

/** Limit: characters of a text from outside that an answer carries. */
export const UNTRUSTED_CHARS_MAX = 160;
/** Limit: characters of a name from outside. */
export const NAME_CHARS_MAX = 100;
/** Limit: characters of a clause that the model's code wrote around names from outside. */
const CLAUSE_CHARS_MAX = 240;

/** Secrets out first, then cut; one line. */
function oneLine(text: string, maxChars: number): string {
  return cleanText(redact(cleanText(text, maxChars * 8)), maxChars)
    .replace(/\s+/g, " ")
    .trim();
}

/** What would mean something to the reader of an answer: a citation `{{…}}`, or the end of a frame around the text. */
function disarmed(text: string): string {
  return text
    .replace(/\{{2,}/g, "{")
    .replace(/\}{2,}/g, "}")
    .replace(/<(?=\s*\/)/g, "‹");
}

/** Free text from outside, made fit for a field called `untrusted`: no secret, no citation, no end of a frame, one line. */
export function untrustedText(text: string, maxChars = UNTRUSTED_CHARS_MAX): string {
  return disarmed(oneLine(text, maxChars));
}

/** A name that telemetry gave: one line, bounded. */
export function nameText(name: string): string {
  return untrustedText(name, NAME_CHARS_MAX);
}

const NO_KEYS: ReadonlyMap<string, string> = new Map();

/**
 * A clause that the model's code wrote around names from outside: cleaned and bounded. Of its `{{key}}` those in `keys`
 * stay, under the name that `keys` gives them.
 */
export function clauseText(text: string, keys = NO_KEYS, maxChars = CLAUSE_CHARS_MAX): string {
  return oneLine(text, maxChars)
    .split(/(\{\{\w{1,64}\}\})/)
    .map((part) => {
      const key = /^\{\{(\w+)\}\}$/.exec(part)?.[1] ?? "";
      const known = keys.get(key);
      return known === undefined ? disarmed(part) : `{{${known}}}`;
    })
    .join("");
}
