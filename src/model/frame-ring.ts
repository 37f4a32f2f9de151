import { EMPTY_FRAME, type Frame, rowsOf, UNWATCHED_FRAME } from "./frame.ts";
import { NO_TRACES, spansIn, tracesIn } from "./trace-block.ts";

/** Buckets of five seconds that are kept: one hour. */
export const RETAINED_BUCKETS = 720;
/** Ten minutes more of slots where values live in rings, so that a view can be read for that long. */
export const SPARE_BUCKETS = 120;
/** Limit: spans of exemplar traces; the oldest bucket's traces are given up first. */
const EXEMPLAR_SPANS_MAX = 120_000;
/** Limit: rows of columns in all frames, about 100 bytes each; beyond, the oldest frames are given up. */
export const FRAME_ROWS_MAX = 5_000_000;

/** Closed buckets in order, as one view holds them. */
export interface FrameCapture {
  readonly firstBucket: number;
  /** The first bucket that was watched from its beginning. */
  readonly firstWholeBucket: number;
  readonly frames: readonly Frame[];
}

/** The closed buckets of the retention. Frames are never altered; what is given up is replaced. */
export class FrameRing {
  #frames: Frame[] = [];
  #firstBucket = 0;
  #exemplarSpans = 0;
  /** Where exemplars were given up before. */
  #thinned = 0;
  #rows = 0;
  /** The first frame is of a bucket in which the telemetry began: it saw only part of it. */
  #isFirstPartial = true;
  exemplarsGivenUp = 0;
  /** Frames that had to go before their time. */
  framesGivenUp = 0;

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

  /** The next closed bucket. Nothing is kept of the time before the first signal; a bucket that was left out is empty. */
  push(bucket: number, frame: Frame): void {
    if (this.#frames.length === 0 && frame.lastHeardMs === 0 && rowsOf(frame) === 0) return;
    if (this.#frames.length === 0) this.#firstBucket = bucket;
    while (this.#firstBucket + this.#frames.length < bucket) this.#append(EMPTY_FRAME);
    this.#append(frame);
  }

  /** A closed bucket of an earlier life: what is missing before it was not watched, or is lost. */
  restore(bucket: number, frame: Frame, isFirst: boolean): void {
    if (this.#frames.length === 0) {
      this.#firstBucket = bucket;
      this.#isFirstPartial = isFirst;
    }
    const missing = bucket - this.#firstBucket - this.#frames.length;
    if (missing > RETAINED_BUCKETS) {
      this.clear();
      this.restore(bucket, frame, false);
      return;
    }
    for (let left = missing; left > 0; left -= 1) {
      this.#append({ ...UNWATCHED_FRAME, closedMs: frame.closedMs });
    }
    this.#append(frame);
  }

  #append(frame: Frame): void {
    this.#frames.push(frame);
    this.#exemplarSpans += spansIn(frame.exemplars);
    this.#rows += rowsOf(frame);
    if (this.#frames.length > RETAINED_BUCKETS) this.#dropOldest();
    while (this.#rows > FRAME_ROWS_MAX && this.#frames.length > 1) {
      this.#dropOldest();
      this.framesGivenUp += 1;
    }
    while (this.#exemplarSpans > EXEMPLAR_SPANS_MAX && this.#thinned < this.#frames.length) {
      this.#thin(this.#thinned);
      this.#thinned += 1;
    }
  }

  #dropOldest(): void {
    const oldest = this.#frames.shift() ?? EMPTY_FRAME;
    this.#exemplarSpans -= spansIn(oldest.exemplars);
    this.#rows -= rowsOf(oldest);
    this.#firstBucket += 1;
    this.#thinned = Math.max(0, this.#thinned - 1);
    this.#isFirstPartial = false;
  }

  #thin(at: number): void {
    const frame = this.#frames[at];
    if (frame === undefined || tracesIn(frame.exemplars) === 0) return;
    this.exemplarsGivenUp += tracesIn(frame.exemplars);
    this.#exemplarSpans -= spansIn(frame.exemplars);
    this.#frames[at] = { ...frame, exemplars: NO_TRACES };
  }

  /** Forgets everything: time has jumped further than is kept. */
  clear(): void {
    this.#frames = [];
    this.#exemplarSpans = 0;
    this.#rows = 0;
    this.#thinned = 0;
    this.#isFirstPartial = true;
  }

  capture(): FrameCapture {
    const firstBucket = this.#firstBucket;
    const firstWholeBucket = this.#isFirstPartial ? firstBucket + 1 : firstBucket;
    return { firstBucket, firstWholeBucket, frames: this.#frames.slice() };
  }
}
