import { EMPTY_FRAME, type Frame } from "./frame.ts";

/** Buckets of five seconds that are kept: one hour. */
export const RETAINED_BUCKETS = 720;
/** Ten minutes more of slots where values live in rings, so that a view can be read for that long. */
export const SPARE_BUCKETS = 120;
/** Limit: spans of exemplar traces; the oldest bucket's traces are given up first. */
const EXEMPLAR_SPANS_MAX = 120_000;

/** Closed buckets in order, as one view holds them. */
export interface FrameCapture {
  readonly firstBucket: number;
  readonly frames: readonly Frame[];
}

const spansOf = (frame: Frame): number =>
  frame.exemplars.reduce((total, one) => total + one.trace.spans.length, 0);

/** The closed buckets of the retention. Frames are never altered; what is given up is replaced. */
export class FrameRing {
  #frames: Frame[] = [];
  #firstBucket = 0;
  #exemplarSpans = 0;
  /** Where exemplars were given up before. */
  #thinned = 0;
  exemplarsGivenUp = 0;

  get size(): number {
    return this.#frames.length;
  }

  get exemplarSpans(): number {
    return this.#exemplarSpans;
  }

  /** One past the newest closed bucket; undefined while none is. */
  get endBucket(): number | undefined {
    return this.#frames.length === 0 ? undefined : this.#firstBucket + this.#frames.length;
  }

  push(bucket: number, frame: Frame): void {
    if (this.#frames.length === 0) this.#firstBucket = bucket;
    this.#frames.push(frame);
    this.#exemplarSpans += spansOf(frame);
    if (this.#frames.length > RETAINED_BUCKETS) {
      const oldest = this.#frames.shift() ?? EMPTY_FRAME;
      this.#exemplarSpans -= spansOf(oldest);
      this.#firstBucket += 1;
      this.#thinned = Math.max(0, this.#thinned - 1);
    }
    while (this.#exemplarSpans > EXEMPLAR_SPANS_MAX && this.#thinned < this.#frames.length) {
      this.#thin(this.#thinned);
      this.#thinned += 1;
    }
  }

  #thin(at: number): void {
    const frame = this.#frames[at];
    if (frame === undefined || frame.exemplars.length === 0) return;
    this.exemplarsGivenUp += frame.exemplars.length;
    this.#exemplarSpans -= spansOf(frame);
    this.#frames[at] = { ...frame, exemplars: [] };
  }

  /** Forgets everything: time has jumped further than is kept. */
  clear(): void {
    this.#frames = [];
    this.#exemplarSpans = 0;
    this.#thinned = 0;
  }

  capture(): FrameCapture {
    return { firstBucket: this.#firstBucket, frames: this.#frames.slice() };
  }
}
