/** Limit: a sentence longer than this is cut at its last white space. */
export const SENTENCE_CHARS_MAX = 1_500;
/** Closing marks that belong to the sentence before them, at most this many in a row. */
const CLOSERS_MAX = 8;

const TERMINATORS = new Set([".", "!", "?", "…", "。", "！", "？"]);
const CLOSERS = new Set([")", "]", '"', "'", "”", "’", "»", "*", "_", "`"]);
/** A full stop after one of these ends no sentence. */
const ABBREVIATION = /(?:^|[\s(])(?:e\.g|i\.e|vs|ca|cf|approx|etc|incl|resp|no|min|max|avg)$/i;
const LIST_NUMBER = /^\s*(?:>\s*)?\d{1,3}$/;
const FENCE = /^\s*(?:```|~~~)/;
const NOT_FOUND = -1;
/** The text so far does not tell yet. */
const WAIT = -2;

const isSpace = (char: string): boolean => /\s/.test(char);

/** Whether an odd number of marks came before: then the text is inside what the mark opens. */
function isInside(text: string, mark: string): boolean {
  return text.split(mark).length % 2 === 0;
}

/**
 * Cuts Markdown into sentences and lines while it arrives. Contract: lossless (the pieces joined are the text), and the
 * pieces do not depend on how the text was split into deltas. White space begins the next piece, a line break ends its
 * own; table rows, code, bold and placeholders are not cut inside.
 */
export class SentenceSplitter {
  #text = "";
  /** Everything before has been looked at and ends no sentence. */
  #looked = 0;
  /** Of the line up to the start of `#text`: what tells whether it is a list item, a row, bold. */
  #lineHead = "";
  #isFenced = false;

  push(delta: string): readonly string[] {
    this.#text += delta;
    return this.#take(false);
  }

  /** What is left, as the last pieces. */
  end(): readonly string[] {
    const pieces = [...this.#take(true)];
    if (this.#text !== "") pieces.push(this.#cut(this.#text.length));
    return pieces;
  }

  #take(isEnd: boolean): readonly string[] {
    const pieces: string[] = [];
    for (;;) {
      const at = this.#boundary(isEnd);
      if (at < 0) return pieces;
      pieces.push(this.#cut(at));
    }
  }

  #cut(at: number): string {
    const piece = this.#text.slice(0, at);
    this.#text = this.#text.slice(at);
    this.#looked = 0;
    if (piece.endsWith("\n")) {
      if (FENCE.test(this.#lineHead + piece)) this.#isFenced = !this.#isFenced;
      this.#lineHead = "";
    } else this.#lineHead += piece;
    return piece;
  }

  /** Length of the first piece, or `NOT_FOUND` / `WAIT`. */
  #boundary(isEnd: boolean): number {
    for (let i = this.#looked; i < this.#text.length; i += 1) {
      if (i >= SENTENCE_CHARS_MAX) return this.#forcedCut();
      const char = this.#text[i] ?? "";
      if (char === "\n") return i + 1;
      if (TERMINATORS.has(char)) {
        const end = this.#sentenceEnd(i, isEnd);
        if (end === WAIT) return WAIT;
        if (end !== NOT_FOUND) return end;
      }
      this.#looked = i + 1;
    }
    return NOT_FOUND;
  }

  /** Where the sentence ends whose terminator is at `i`. */
  #sentenceEnd(i: number, isEnd: boolean): number {
    let next = i + 1;
    while (next - i <= CLOSERS_MAX && this.#isCloser(this.#text[next])) next += 1;
    const after = this.#text[next];
    if (after === undefined) return isEnd ? NOT_FOUND : WAIT;
    if (!isSpace(after)) return NOT_FOUND;
    return this.#isProtected(i, next) ? NOT_FOUND : next;
  }

  #isCloser(char: string | undefined): boolean {
    return char !== undefined && (CLOSERS.has(char) || TERMINATORS.has(char));
  }

  #isProtected(i: number, next: number): boolean {
    if (this.#isFenced) return true;
    const before = this.#lineHead + this.#text.slice(0, i);
    const through = this.#lineHead + this.#text.slice(0, next);
    return (
      LIST_NUMBER.test(before) ||
      ABBREVIATION.test(before) ||
      /^\s*\|/.test(before) ||
      isInside(through, "`") ||
      isInside(through, "**") ||
      through.lastIndexOf("{{") > through.lastIndexOf("}}")
    );
  }

  #forcedCut(): number {
    const head = this.#text.slice(0, SENTENCE_CHARS_MAX);
    const space = head.search(/\s\S*$/);
    return space > 0 ? space : SENTENCE_CHARS_MAX;
  }
}
