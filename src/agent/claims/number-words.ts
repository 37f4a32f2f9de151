/** A run of letters and digits as one reads it, with what may join its parts: `1.4.2`, `p95`, `cart-0`, `14:02:07`. */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}._:/@+#-]*/gu;
const HAS_DIGIT = /\p{N}/u;
const TRAILING = /[._:/@+#-]+$/;
/** Thousands are written with commas: `2,150`. */
const THOUSANDS = /(?<=\d),(?=\d{3}(?:\D|$))/g;

export interface NumberWord {
  readonly word: string;
  /** What follows it, from the next character on. */
  readonly after: string;
}

/** Text as numbers are looked for in it: one form for each digit, no separators of thousands. */
export function plainDigits(text: string): string {
  return text.normalize("NFKC").replace(THOUSANDS, "");
}

/** Every word of a text that holds a digit of any script. */
export function numberWords(text: string): readonly NumberWord[] {
  const plain = plainDigits(text);
  return [...plain.matchAll(WORD)].flatMap((match) => {
    const word = match[0].replace(TRAILING, "");
    if (!HAS_DIGIT.test(word)) return [];
    return [{ word, after: plain.slice(match.index + word.length) }];
  });
}

/** The words with digits of some texts, for looking up. */
export function numberWordSet(texts: Iterable<string>): ReadonlySet<string> {
  const words = new Set<string>();
  for (const text of texts) for (const { word } of numberWords(text)) words.add(word.toLowerCase());
  return words;
}

const UNITS: readonly (readonly [pattern: RegExp, unit: string])[] = [
  [/^\s?-?(?:ms|msec|millis(?:econds?)?|milliseconds?)\b/i, "ms"],
  [
    /^\s?(?:\/\s?s(?:ec(?:ond)?)?|rps|req(?:uest)?s?\s?\/\s?s|requests? per second|per second)\b/i,
    "/s",
  ],
  [/^\s?-?(?:min(?:ute)?s?)\b/i, "min"],
  [/^\s?m\b/, "min"],
  [/^\s?-?(?:s|secs?|seconds?)\b/i, "s"],
  [/^\s?-?(?:h|hours?)\b/i, "h"],
  [/^\s?-?(?:d|days?)\b/i, "d"],
  [/^\s?(?:pp\b|percentage points?\b)/i, "pp"],
  [/^\s?-?(?:%|percent\b)/i, "%"],
  [/^\s?-?(?:×|x\b|times\b|fold\b)/i, "×"],
  [/^\s?(?:MB|MiB)\b/, "MB"],
  [/^\s?(?:KB|KiB|kB)\b/, "KB"],
  [/^\s?UTC\b/, "UTC"],
];

/** The unit that text begins with, in one spelling each; empty: none. */
export function unitOf(text: string): string {
  return UNITS.find(([pattern]) => pattern.test(text))?.[1] ?? "";
}

export interface Amount {
  readonly digits: string;
  readonly unit: string;
}

/** `240 ms`, `23%`, `2.1s`, `15/s` as number and unit; undefined: the word is no bare number. */
export function amountOf({ word, after }: NumberWord): Amount | undefined {
  const match = /^[+-]?(\d+(?:\.\d+)?)(.*)$/.exec(word);
  if (match === null) return undefined;
  const [, digits = "", rest = ""] = match;
  if (rest === "") return { digits, unit: unitOf(after) };
  const unit = unitOf(rest);
  return unit === "" ? undefined : { digits, unit };
}
