import { type Checked, checkSentence, type Ground, namesIn } from "./claims.ts";
import { SentenceSplitter } from "./sentence-splitter.ts";

export interface Withheld {
  readonly sentence: string;
  readonly problems: readonly string[];
}

/** What a message came to. */
export interface Spoken {
  /** The model's own words that were let through, placeholders and all. */
  readonly source: string;
  /** The same as readers saw them. */
  readonly shown: string;
  readonly withheld: readonly Withheld[];
}

export interface SpeechOptions {
  readonly ground: Ground;
  /** Gets text that is fit to be shown. */
  readonly emit: (text: string) => void;
  /** `hold`: after the first sentence that fails everything waits, for the model to say it again. `drop`: it is left out. */
  readonly onFailure: "hold" | "drop";
  /** Names that were cited before in the same answer. */
  readonly names?: ReadonlySet<string>;
}

const LEAD = /^\s*(?:(?:[-*+]|\d{1,3}[.)])\s+|#{1,6}\s+|>\s?)*/;

/**
 * The claims checker on one streamed message: text goes in as it comes, whole sentences whose numbers are backed go out.
 * Contract: what goes out does not depend on how the text was cut into deltas; when every sentence passes it is the text
 * with its values in place.
 */
export class Speech {
  readonly #options: SpeechOptions;
  readonly #splitter = new SentenceSplitter();
  readonly #held: string[] = [];
  readonly #withheld: Withheld[] = [];
  readonly #names: Set<string>;
  #source = "";
  #shown = "";
  /** Marker of a list item whose first sentence was left out: the next one of its line takes it over. */
  #lead = "";
  #line: { hasText: boolean; hasGap: boolean } = { hasText: false, hasGap: false };

  constructor(options: SpeechOptions) {
    this.#options = options;
    this.#names = new Set(options.names);
  }

  push(delta: string): void {
    for (const piece of this.#splitter.push(delta)) this.#take(piece);
  }

  /** Ends the message. `isCut`: it broke off, so that its last sentence is none. */
  end(isCut = false): Spoken {
    const rest = this.#splitter.end();
    for (const piece of isCut ? rest.slice(0, -1) : rest) this.#take(piece);
    return this.spoken;
  }

  get spoken(): Spoken {
    return { source: this.#source, shown: this.#shown, withheld: this.#withheld };
  }

  get hasShown(): boolean {
    return this.#shown.trim() !== "";
  }

  /** From the first sentence that failed on, as the model wrote it. */
  get held(): string {
    return this.#held.join("");
  }

  /** Names that may be said without citing them again. */
  get names(): ReadonlySet<string> {
    return this.#names;
  }

  /** Gives up on what was held: what passes goes out, what fails is left out. */
  release(): Spoken {
    for (const piece of this.#held.splice(0)) {
      const checked = this.#check(piece);
      if (checked.ok) this.#show(piece, checked.text);
      else this.#leaveOut(piece);
    }
    return this.spoken;
  }

  #take(piece: string): void {
    const checked = this.#check(piece);
    if (checked.ok) {
      for (const id of checked.cited) this.#remember(id);
      if (this.#held.length > 0) this.#held.push(piece);
      else this.#show(piece, checked.text);
      return;
    }
    this.#withheld.push({ sentence: piece.trim(), problems: checked.problems });
    if (this.#options.onFailure === "hold") this.#held.push(piece);
    else this.#leaveOut(piece);
  }

  #check(piece: string): Checked {
    const { ground } = this.#options;
    return checkSentence(piece, {
      evidence: (id) => ground.evidence(id),
      isKnown: (word) => ground.isKnown(word),
      isAsked: (amount) => ground.isAsked?.(amount) === true,
      isNamed: (word) => this.#names.has(word),
    });
  }

  /** Versions and names of what was cited may be named again without citing it each time. */
  #remember(id: string): void {
    const evidence = this.#options.ground.evidence(id);
    if (evidence !== undefined) for (const word of namesIn(evidence)) this.#names.add(word);
  }

  #show(piece: string, text: string): void {
    if (piece.trim() === "" && piece.endsWith("\n")) {
      if (this.#isEmptied()) this.#newLine();
      else this.#emit(piece, text);
      return;
    }
    const lead = this.#lead;
    const isFirst = this.#isEmptied() && piece.trim() !== "";
    this.#lead = "";
    this.#line.hasText = true;
    // What came before on the line was left out: its marker is taken over, the space behind it is not.
    if (isFirst) this.#emit(lead + piece.trimStart(), lead + text.trimStart());
    else this.#emit(piece, text);
  }

  /** The line had text, and all of it was left out. */
  #isEmptied(): boolean {
    return this.#line.hasGap && !this.#line.hasText;
  }

  #leaveOut(piece: string): void {
    if (!this.#line.hasText && !this.#line.hasGap) this.#lead = LEAD.exec(piece)?.[0] ?? "";
    this.#line.hasGap = true;
    if (!piece.endsWith("\n")) return;
    if (this.#isEmptied()) this.#newLine();
    else this.#emit("\n", "\n");
  }

  #newLine(): void {
    this.#line = { hasText: false, hasGap: false };
    this.#lead = "";
  }

  #emit(piece: string, text: string): void {
    this.#source += piece;
    this.#shown += text;
    if (piece.endsWith("\n")) this.#newLine();
    if (text !== "") this.#options.emit(text);
  }
}

/** A whole text at once, with what fails left out. */
export function spokenText(text: string, ground: Ground): Spoken {
  const speech = new Speech({ ground, emit: () => undefined, onFailure: "drop" });
  speech.push(text);
  return speech.end();
}
