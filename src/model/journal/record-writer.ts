import type { Frame } from "../frame.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { Fact } from "./fact.ts";
import { writeFrame } from "./frame-codec.ts";
import type { NumberedNames } from "./journal-names.ts";
import { RecordNames } from "./record-names.ts";

/** The first byte of every record. */
export const RECORD_FORMAT = 3;

/** What a record holds beside facts. */
export const KIND = { facts: 0, frame: 1, firstFrame: 2 } as const;

/** A closed bucket. */
export interface NumberedFrame {
  readonly bucket: number;
  readonly frame: Frame;
  /** The telemetry began in it: only a part of it was seen. */
  readonly isFirst: boolean;
}

/** Puts closed buckets and facts into records. Those of one stretch are read in order, from its beginning on. */
export class RecordWriter {
  readonly #of: NumberedNames;
  readonly #names: RecordNames;
  readonly #body = new ByteWriter();
  readonly #whole = new ByteWriter();

  constructor(of: NumberedNames) {
    this.#of = of;
    this.#names = new RecordNames(of);
  }

  /** Begins a stretch of records that can be read without what came before. */
  begin(): void {
    this.#names.clear();
  }

  /** Facts alone. `told` counts records, through all lives of the model. */
  facts(told: number, facts: readonly Fact[]): Uint8Array {
    this.#body.u8(KIND.facts);
    return this.#record(told, facts);
  }

  /** A closed bucket, and values of series in it. Yields where it may be paused: no other record may be begun then. */
  *frame(told: number, { bucket, frame, isFirst }: NumberedFrame): Generator<void, Uint8Array> {
    this.#body.u8(isFirst ? KIND.firstFrame : KIND.frame);
    this.#body.uint(bucket);
    yield* writeFrame(this.#body, frame, this.#names);
    this.#writeSeries(bucket);
    return this.#record(told, []);
  }

  #record(told: number, facts: readonly Fact[]): Uint8Array {
    this.#whole.u8(RECORD_FORMAT);
    this.#whole.uint(told);
    // First, so that whoever reads knows all entities before columns name them.
    this.#whole.text(facts.length === 0 ? "" : JSON.stringify(facts));
    this.#names.flush(this.#whole);
    this.#whole.raw(this.#body.take());
    return this.#whole.take();
  }

  #writeSeries(bucket: number): void {
    const held = [...this.#of.seriesAt(bucket)];
    this.#body.uint(held.length);
    for (const { series } of held) this.#body.uint(this.#names.series(series));
    this.#body.column(Float64Array.from(held, ({ value }) => value));
    // Of a single bucket the maximum is its value.
    const hasMaxima = held.some(({ value, max }) => value !== max);
    this.#body.column(Float64Array.from(hasMaxima ? held : [], ({ max }) => max));
  }
}
