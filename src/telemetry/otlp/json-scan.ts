import { malformed, tooLarge } from "./context.ts";

/**
 * Cuts the elements of the innermost item array (spans, log records, data points) out of an OTLP/JSON body, so that the
 * frame around them and each of them can be parsed by itself and the event loop gets its turns. Checks the nesting
 * depth before anything is parsed: JSON.parse takes seconds on millions of brackets.
 */
export interface CutJson {
  /** The body with every cut element replaced by its index. */
  readonly frame: string;
  /** Start and end of each cut element, in pairs. */
  readonly cuts: readonly number[];
}

export interface ScanLimits {
  /** Brackets that are open where an element begins, outermost first, such as `{[{[{[`. */
  readonly path: string;
  readonly depthMax: number;
  readonly frameBytesMax: number;
  readonly elementsMax: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Bytes examined between two chances for the event loop; about a third of a millisecond. */
const BYTES_PER_SLICE = 131_072;

/** The position after the string whose opening quote is at `open`. */
function stringEnd(body: Buffer, open: number): number {
  for (let at = open + 1; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at += 1;
  }
  throw malformed("a JSON string does not end");
}

class Scanner {
  readonly #body: Buffer;
  readonly #limits: ScanLimits;
  readonly #open: number[] = [];
  readonly #path: readonly number[];
  readonly #frame: string[] = [];
  #frameBytes = 0;
  #copied = 0;
  /** Open brackets that agree with the path, counted from the outside. */
  #matched = 0;
  #elementStart = -1;
  readonly cuts: number[] = [];

  constructor(body: Buffer, limits: ScanLimits) {
    this.#body = body;
    this.#limits = limits;
    this.#path = Array.from(limits.path, (bracket) => bracket.charCodeAt(0));
  }

  open(bracket: number, at: number): void {
    const depth = this.#open.length;
    if (depth >= this.#limits.depthMax) throw malformed(`JSON is nested over ${depth} deep`);
    const isElement = depth === this.#path.length && this.#matched === depth;
    if (isElement && bracket === OPEN_BRACE && this.cuts.length < this.#limits.elementsMax * 2) {
      this.#copyTo(at);
      this.#elementStart = at;
    }
    if (this.#matched === depth && this.#path[depth] === bracket) this.#matched = depth + 1;
    this.#open.push(bracket);
  }

  close(bracket: number, at: number): void {
    const opened = this.#open.pop();
    if (opened === undefined || opened + 2 !== bracket)
      throw malformed("JSON brackets do not match");
    const depth = this.#open.length;
    if (this.#matched > depth) this.#matched = depth;
    if (this.#elementStart >= 0 && depth === this.#path.length) {
      this.#frame.push(String(this.cuts.length / 2));
      this.cuts.push(this.#elementStart, at + 1);
      this.#copied = at + 1;
      this.#elementStart = -1;
    }
  }

  #copyTo(end: number): void {
    this.#frameBytes += end - this.#copied;
    if (this.#frameBytes > this.#limits.frameBytesMax) {
      throw tooLarge(`over ${this.#limits.frameBytesMax} bytes outside of its items`);
    }
    this.#frame.push(this.#body.toString("utf8", this.#copied, end));
    this.#copied = end;
  }

  finish(): CutJson {
    if (this.#open.length > 0) throw malformed("JSON ends inside an object or array");
    this.#copyTo(this.#body.length);
    return { frame: this.#frame.join(""), cuts: this.cuts };
  }
}

export function* scanJson(body: Buffer, limits: ScanLimits): Generator<void, CutJson, void> {
  const scanner = new Scanner(body, limits);
  let pauseAt = BYTES_PER_SLICE;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (byte === QUOTE) at = stringEnd(body, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) scanner.open(byte, at);
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) scanner.close(byte, at);
    if (at >= pauseAt) {
      pauseAt = at + BYTES_PER_SLICE;
      yield;
    }
  }
  return scanner.finish();
}
