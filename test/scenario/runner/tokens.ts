import { OperationError } from "../../../src/errors.ts";
import type { Place } from "./statement.ts";

const TOKEN = /"[^"]*"|->|>=|<=|[;{},]|[^\s;{},"]+/g;
const DURATION = /^(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;

export function scenarioError(line: number, what: string): OperationError {
  return new OperationError("scenario_invalid", `line ${line}: ${what}`);
}

export function tokensOf(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

/** Reads the words of one statement from left to right. Every refusal names the line. */
export class Tokens {
  readonly place: Place;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(place: Place, tokens: readonly string[]) {
    this.place = place;
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  fail(what: string): never {
    throw scenarioError(this.place.line, what);
  }

  /** A word, or what is between quotation marks. */
  take(what: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) this.fail(`${what} is missing`);
    this.#at += 1;
    return token.startsWith('"') ? token.slice(1, -1) : token;
  }

  /** Takes the next word if it is this one. */
  takes(word: string): boolean {
    if (this.next !== word) return false;
    this.#at += 1;
    return true;
  }

  require(word: string): void {
    if (!this.takes(word)) this.fail(`expected "${word}" before "${this.next ?? "the end"}"`);
  }

  end(): void {
    if (!this.isAtEnd) this.fail(`"${this.next ?? ""}" is too much`);
  }

  /** `90s`, `500ms`, `6m`, `5m20s`. */
  durationMs(): number {
    const word = this.take("a time");
    const match = DURATION.exec(word);
    if (match === null || word === "") this.fail(`"${word}" is no time: write 500ms, 90s or 5m20s`);
    const [, minutes = 0, seconds = 0, ms = 0] = match.map(Number).map((part) => part || 0);
    return minutes * 60_000 + seconds * 1_000 + ms;
  }

  /** `within 90s`, if it is there. */
  withinMs(): number | undefined {
    return this.takes("within") ? this.durationMs() : undefined;
  }

  number(what: string): number {
    const word = this.take(what);
    const value = Number(word);
    if (!Number.isFinite(value)) this.fail(`"${word}" is no number: ${what} is one`);
    return value;
  }

  /** `x3`. */
  factor(): number {
    const word = this.take("a factor");
    const value = Number(/^x(\d+(?:\.\d+)?)$/.exec(word)?.[1]);
    if (!Number.isFinite(value)) this.fail(`"${word}" is no factor: write x3`);
    return value;
  }

  /** `30%`, as a share. */
  share(): number {
    const word = this.take("a share");
    const value = Number(/^(\d+(?:\.\d+)?)%$/.exec(word)?.[1]) / 100;
    if (!Number.isFinite(value)) this.fail(`"${word}" is no share: write 30%`);
    return value;
  }

  /** `a -> b -> c`. */
  chain(): readonly string[] {
    const names = [this.take("a name")];
    while (this.takes("->")) names.push(this.take("a name"));
    return names;
  }

  /** Words up to one of these, or to the end. */
  wordsUntil(stops: readonly string[]): readonly string[] {
    const words: string[] = [];
    for (let word = this.next; word !== undefined && !stops.includes(word); word = this.next)
      words.push(this.take("a word"));
    return words;
  }
}
