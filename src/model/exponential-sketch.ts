import type { Sketch } from "./sketch.ts";

/** OTLP exponential histogram scale: bucket bounds are powers of 2^(1/16). */
const SCALE = 4;
const PER_OCTAVE = 2 ** SCALE;
/** Smallest and largest octave kept, in milliseconds: 2^-14 (60 ns) to 2^30 (12 days). Values beyond fall into the ends. */
const OCTAVE_MIN = -14;
const OCTAVE_MAX = 30;
const INDEX_MIN = OCTAVE_MIN * PER_OCTAVE;
const TINIEST = 2 ** OCTAVE_MIN;
/** Slot 0 holds zeros and what is too small for a bucket. */
const SKETCH_SLOTS = (OCTAVE_MAX - OCTAVE_MIN) * PER_OCTAVE + 1;

/** A packed entry: slot in the upper 10 bits, count in the lower 22. */
const COUNT_BITS = 22;
/** Limit: observations of one slot in one packed sketch; more are cut to this. */
const COUNT_MAX = 2 ** COUNT_BITS - 1;

export const packEntry = (slot: number, count: number): number =>
  ((slot << COUNT_BITS) | Math.min(COUNT_MAX, count)) >>> 0;

/** The slot of a value: OTLP index `ceil(log2(v) * 16) - 1`, shifted so that it starts at 1. */
export function sketchSlot(value: number): number {
  if (!(value > TINIEST)) return 0;
  const slot = Math.ceil(Math.log2(value) * PER_OCTAVE) - INDEX_MIN;
  return slot >= SKETCH_SLOTS ? SKETCH_SLOTS - 1 : slot;
}

const lowerBound = (slot: number): number => 2 ** ((slot - 1 + INDEX_MIN) / PER_OCTAVE);
/** The point of a bucket whose relative distance to both bounds is the same: 2.17 %. */
const MIDDLE = (2 * 2 ** (1 / PER_OCTAVE)) / (1 + 2 ** (1 / PER_OCTAVE));

/** A dense, mergeable sketch. Merging adds counts, so that it is associative and commutative. */
export class ExponentialSketch implements Sketch {
  readonly counts = new Float64Array(SKETCH_SLOTS);
  count = 0;
  sum = 0;
  min = Number.NaN;
  max = Number.NaN;
  #low = SKETCH_SLOTS;
  #high = -1;

  add(value: number, times = 1): void {
    this.addSlot(sketchSlot(value), times);
    this.addMoments({ sum: value * times, min: value, max: value });
  }

  addSlot(slot: number, times: number): void {
    this.counts[slot] = (this.counts[slot] ?? 0) + times;
    this.count += times;
    if (slot < this.#low) this.#low = slot;
    if (slot > this.#high) this.#high = slot;
  }

  addMoments(of: { readonly sum: number; readonly min: number; readonly max: number }): void {
    this.sum += of.sum;
    if (!(this.min <= of.min)) this.min = of.min;
    if (!(this.max >= of.max)) this.max = of.max;
  }

  merge(other: ExponentialSketch): void {
    if (other.count === 0) return;
    for (let slot = other.#low; slot <= other.#high; slot += 1) {
      const times = other.counts[slot] ?? 0;
      if (times > 0) this.addSlot(slot, times);
    }
    this.addMoments(other);
  }

  /** Adds entries `[from, to)` of a packed array; the moments come apart. */
  addPacked(packed: Uint32Array, from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      const entry = packed[at] ?? 0;
      this.addSlot(entry >>> COUNT_BITS, entry & COUNT_MAX);
    }
  }

  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = Math.min(1, Math.max(0, q)) * (this.count - 1);
    let seen = 0;
    for (let slot = this.#low; slot <= this.#high; slot += 1) {
      seen += this.counts[slot] ?? 0;
      if (seen > rank) return this.#clamped(slot);
    }
    return this.max;
  }

  #clamped(slot: number): number {
    const value = slot === 0 ? 0 : lowerBound(slot) * MIDDLE;
    return Math.min(this.max, Math.max(this.min, value));
  }

  /** Inside a bucket values are taken as evenly spread. */
  rank(value: number): number {
    if (this.count === 0) return Number.NaN;
    if (value >= this.max) return 1;
    if (value < this.min) return 0;
    const target = sketchSlot(value);
    let below = 0;
    for (let slot = this.#low; slot < target; slot += 1) below += this.counts[slot] ?? 0;
    const inside = this.counts[target] ?? 0;
    if (target === 0) return (below + inside) / this.count;
    const from = Math.max(lowerBound(target), this.min);
    const to = Math.min(lowerBound(target + 1), this.max);
    const share = to > from ? Math.min(1, Math.max(0, (value - from) / (to - from))) : 1;
    return (below + inside * share) / this.count;
  }
}
