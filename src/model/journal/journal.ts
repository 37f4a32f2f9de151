import type { FrameRing } from "../frame-ring.ts";
import type { FactBook } from "./fact-book.ts";
import type { NumberedNames } from "./journal-names.ts";
import { RecordWriter } from "./record-writer.ts";

/** Facts in one record: about a millisecond. */
const FACTS_PER_RECORD = 250;

export interface JournalParts {
  /** Undefined: another journal tells them. */
  readonly facts: FactBook | undefined;
  readonly frames: FrameRing;
  readonly names: NumberedNames;
}

/** What has happened to the model, as records that `Restoration` reads. */
export class Journal {
  readonly #of: JournalParts;
  readonly #writer: RecordWriter;
  #told = 0;
  /** Frames before this bucket are written. */
  #next = Number.NEGATIVE_INFINITY;

  constructor(parts: JournalParts) {
    this.#of = parts;
    this.#writer = new RecordWriter(parts.names);
  }

  /** Records written so far, through all lives. */
  get told(): number {
    return this.#told;
  }

  /** Goes on after an earlier life, whose frames end before `bucket`. */
  resume(told: number, bucket: number): void {
    this.#told = told;
    this.#next = bucket;
  }

  /**
   * What was learned and closed since the last call, to the last record of it; undefined is a place where the caller may
   * pause. With `isFresh` the records can be read without those before.
   */
  *take(isFresh: boolean): Generator<Uint8Array | undefined> {
    if (isFresh) this.#writer.begin();
    const facts = this.#of.facts?.takeChanged() ?? [];
    for (let from = 0; from < facts.length; from += FACTS_PER_RECORD) {
      this.#told += 1;
      yield this.#writer.facts(this.#told, facts.slice(from, from + FACTS_PER_RECORD));
    }
    const { firstBucket, firstWholeBucket, frames } = this.#of.frames.capture();
    for (let at = Math.max(0, this.#next - firstBucket); at < frames.length; at += 1) {
      const frame = frames[at];
      if (frame === undefined) continue;
      this.#told += 1;
      const bucket = firstBucket + at;
      const isFirst = bucket < firstWholeBucket;
      const steps = this.#writer.frame(this.#told, { bucket, frame, isFirst });
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) yield undefined;
      this.#next = bucket + 1;
      yield step.value;
    }
  }
}
