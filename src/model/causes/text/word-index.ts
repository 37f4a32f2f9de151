/** Words of a text for comparison: split at case, digits and marks, short and common ones left out. */
const PART = /[A-Za-z][a-z]+|[A-Z]{2,}(?![a-z])|[A-Za-z]+/g;
const COMMON = new Set(
  "the and for with from that this into not was were are has have been its per all any new old now use used using set get add added adds fix update updates remove change changed config service services http https return func function const let var type string int null true false import package main file test tests src lib pkg internal code data value name error err ctx req res".split(
    " ",
  ),
);
/** Limit: characters read of one text. */
const CHARS_MAX = 6_000;

const stem = (word: string): string => word.toLowerCase().replace(/(?:ing|ed|es|s)$/, "");

export function wordsFor(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const match of text.slice(0, CHARS_MAX).match(PART) ?? []) {
    const word = stem(match);
    if (word.length >= 3 && !COMMON.has(match.toLowerCase())) words.add(word);
  }
  return words;
}

/** How rare each word is among some texts: a word of all texts says nothing. */
export class WordIndex {
  readonly #texts: number;
  readonly #counts = new Map<string, number>();

  constructor(texts: readonly ReadonlySet<string>[]) {
    this.#texts = texts.length;
    for (const words of texts) {
      for (const word of words) this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
    }
  }

  #rarity(word: string): number {
    return Math.log((this.#texts + 1) / ((this.#counts.get(word) ?? 0) + 0.5));
  }

  /** 0 to 1: how much of what is rare in `query` occurs in `text`; few shared words count little. */
  similarity(query: ReadonlySet<string>, text: ReadonlySet<string>): number {
    let shared = 0;
    let own = 0;
    for (const word of text) {
      const rarity = Math.max(0, this.#rarity(word));
      own += rarity * rarity;
      if (query.has(word)) shared += rarity * rarity;
    }
    return own > 0 ? shared / Math.sqrt(own * (shared + 20)) : 0;
  }
}
