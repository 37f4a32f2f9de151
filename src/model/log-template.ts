/** Limit: characters of a log body that are mined; the rest is ignored. */
const BODY_CHARS_MAX = 600;
/** Limit: words of a template; what follows is one `<…>`. */
const WORDS_MAX = 48;
export const WILDCARD = "<…>";

/** Parts of a text that are values, not words: replaced before texts are compared. Linear in the text. */
const VALUES = new RegExp(
  [
    '"[^"]{0,200}"',
    "'[^']{0,200}'",
    String.raw`\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b`,
    String.raw`\b\d{4}-\d\d-\d\d(?:[T ][\d:.,]+Z?)?`,
    String.raw`\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b`,
    String.raw`\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}`,
    String.raw`\bhttps?:\/\/\S+`,
    String.raw`\b0x[0-9a-fA-F]+\b`,
    String.raw`\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b`,
    String.raw`[-+]?\b\d[\d_,.]*(?:e[-+]?\d+)?(?:ns|us|µs|ms|s|m|h|d|%|[kKMGT]i?B?|B)?\b`,
  ].join("|"),
  "g",
);

/** The words of a log body with its values masked. */
export function wordsOf(body: string): string[] {
  const masked = body.slice(0, BODY_CHARS_MAX).replace(VALUES, WILDCARD);
  const words = masked.split(/\s+/).filter((word) => word !== "");
  // A word that still holds a digit is an id of some kind.
  const plain = words.map((word) => (/\d/.test(word) ? WILDCARD : word));
  return plain.length <= WORDS_MAX ? plain : [...plain.slice(0, WORDS_MAX), WILDCARD];
}

/** Share of places at which two texts of one length have the same word; a wildcard is the same as anything. */
export function similarity(template: readonly string[], words: readonly string[]): number {
  if (template.length !== words.length) return 0;
  if (template.length === 0) return 1;
  let same = 0;
  for (let at = 0; at < template.length; at += 1) {
    if (template[at] === words[at] || template[at] === WILDCARD) same += 1;
  }
  return same / template.length;
}

/** What two texts have in common: where they differ, a wildcard. */
export function generalise(template: readonly string[], words: readonly string[]): string[] {
  return template.map((word, at) => (word === words[at] ? word : WILDCARD));
}
