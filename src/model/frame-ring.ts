import { EMPTY_FRAME, type Frame, frameBytes, rowsOf, UNWATCHED_FRAME } from "./frame.ts";
import { blockBytes, NO_TRACES, spansIn, tracesIn } from "./trace-block.ts";

/** Buckets of five seconds that are kept: one hour. */
export const RETAINED_BUCKETS = 720;
/** Ten minutes more of slots where values live in rings, so that a view can be read for that long. */
export const SPARE_BUCKETS = 120;

interface RingShape {
  /** Frames that are kept. */
  readonly kept: number;
  /** Limit: spans of exemplar traces; the oldest frame's traces are given up first. */
  readonly exemplarSpansMax: number;
}

const BUCKETS: RingShape = { kept: RETAINED_BUCKETS, exemplarSpansMax: 200_000 };

/** Closed frames in order, as one view holds them. A bucket here is a step of whatever length the ring has. */
export interface FrameCapture {
  readonly firstBucket: number;
  /** The first bucket that was watched from its beginning. */
  readonly firstWholeBucket: number;
  readonly frames: readonly Frame[];
}

/** The closed steps of the retention. Frames are never altered; what is given up is replaced. */
export class FrameRing {
  readonly #shape: RingShape;
  #frames: Frame[] = [];
  #firstBucket = 0;
  #exemplarSpans = 0;
  /** Where exemplars were given up before. */
  #thinned = 0;
  #bytes = 0;
  /** The first frame is of a bucket in which the telemetry began: it saw only part of it. */
  #isFirstPartial = true;
  #captured: FrameCapture | undefined;
  exemplarsGivenUp = 0;
  /** Frames that had to go before their time. */
  framesGivenUp = 0;

  constructor(shape: RingShape = BUCKETS) {
    this.#shape = shape;
  }

  get size(): number {
    return this.#frames.length;
  }

  get exemplarSpans(): number {
    return this.#exemplarSpans;
  }

  /** Bytes of the exemplars among `bytes`. */
  get exemplarBytes(): number {
    return this.#frames.reduce((sum, frame) => sum + blockBytes(frame.exemplars), 0);
  }

  /** Bytes that all frames hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** One past the newest closed bucket; undefined while none is. */
  get endBucket(): number | undefined {
    return this.#frames.length === 0 ? undefined : this.#firstBucket + this.#frames.length;
  }

  /** The next closed bucket. Nothing is kept of the time before the first signal; a bucket that was left out is empty. */
  push(bucket: number, frame: Frame): void {
    if (this.#frames.length === 0 && frame.lastHeardMs === 0 && rowsOf(frame) === 0) return;
    if (this.#frames.length === 0) this.#firstBucket = bucket;
    this.#fillTo(bucket, EMPTY_FRAME);
    this.#append(frame);
  }

  /** As `push`, but what is missing before it was not watched, or is lost. */
  restore(bucket: number, frame: Frame, isFirst: boolean): void {
    if (this.#frames.length === 0) {
      this.#firstBucket = bucket;
      this.#isFirstPartial = isFirst;
    }
    this.#fillTo(bucket, { ...UNWATCHED_FRAME, closedMs: frame.closedMs });
    if (this.#frames.length === 0) this.#firstBucket = bucket;
    this.#append(frame);
  }

  /** Fills up with `filler` to just before a bucket; forgets everything when that is further than is kept. */
  #fillTo(bucket: number, filler: Frame): void {
    const missing = bucket - this.#firstBucket - this.#frames.length;
    if (missing > this.#shape.kept) {
      this.clear();
      this.#firstBucket = bucket;
      this.#isFirstPartial = false;
      return;
    }
    for (let left = missing; left > 0; left -= 1) this.#append(filler);
  }

  #append(frame: Frame): void {
    this.#captured = undefined;
    this.#frames.push(frame);
    this.#exemplarSpans += spansIn(frame.exemplars);
    this.#bytes += frameBytes(frame);
    if (this.#frames.length > this.#shape.kept) this.#dropOldest();
    while (this.#exemplarSpans > this.#shape.exemplarSpansMax && this.thin(1));
  }

  #dropOldest(): void {
    this.#captured = undefined;
    const oldest = this.#frames.shift() ?? EMPTY_FRAME;
    this.#exemplarSpans -= spansIn(oldest.exemplars);
    this.#bytes -= frameBytes(oldest);
    this.#firstBucket += 1;
    this.#thinned = Math.max(0, this.#thinned - 1);
    this.#isFirstPartial = false;
  }

  /** Gives up the oldest frame before its time; false when no more than `least` are left. */
  giveUp(least: number): boolean {
    if (this.#frames.length <= least) return false;
    this.#dropOldest();
    this.framesGivenUp += 1;
    return true;
  }

  /** Gives up the exemplars of the oldest frame that has any; false when only the newest `least` frames have some. */
  thin(least: number): boolean {
    while (this.#thinned < this.#frames.length - least) {
      const at = this.#thinned;
      this.#thinned += 1;
      const frame = this.#frames[at];
      if (frame === undefined || tracesIn(frame.exemplars) === 0) continue;
      this.#captured = undefined;
      this.exemplarsGivenUp += tracesIn(frame.exemplars);
      this.#exemplarSpans -= spansIn(frame.exemplars);
      this.#bytes -= blockBytes(frame.exemplars);
      this.#frames[at] = { ...frame, exemplars: NO_TRACES };
      return true;
    }
    return false;
  }

  /** Forgets everything: time has jumped further than is kept. */
  clear(): void {
    this.#captured = undefined;
    this.#frames = [];
    this.#exemplarSpans = 0;
    this.#bytes = 0;
    this.#thinned = 0;
    this.#isFirstPartial = true;
  }

  /** The same while nothing changes. */
  capture(): FrameCapture {
    if (this.#captured !== undefined) return this.#captured;
    const firstBucket = this.#firstBucket;
    const firstWholeBucket = this.#isFirstPartial ? firstBucket + 1 : firstBucket;
    this.#captured = { firstBucket, firstWholeBucket, frames: this.#frames.slice() };
    return this.#captured;
  }
}
