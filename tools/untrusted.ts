import { cleanText, redact } from "../src/redact.ts";

/** Limit: characters of a text from outside that an answer carries. */
export const UNTRUSTED_CHARS_MAX = 160;
/** Limit: characters of a name from outside. */
const NAME_CHARS_MAX = 100;

/** Free text from outside, made fit for a field called `untrusted`: secrets out first, then cut. */
export function untrustedText(text: string, maxChars = UNTRUSTED_CHARS_MAX): string {
  return cleanText(redact(cleanText(text, maxChars * 8)), maxChars)
    .replace(/\s+/g, " ")
    .trim();
}

/** A name that telemetry gave: one line, bounded. */
export function nameText(name: string): string {
  return untrustedText(name, NAME_CHARS_MAX);
}
