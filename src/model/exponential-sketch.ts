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
/** A slot fits into so many bits. */
export const SLOT_BITS = 10;

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
  /** Of the values that were told themselves. */
  #least = Number.NaN;
  #greatest = Number.NaN;
  #low = SKETCH_SLOTS;
  #high = -1;
  /** Some values were told only by their slot: how low and high these may lie. */
  #slotLow = SKETCH_SLOTS;
  #slotHigh = -1;

  add(value: number, times = 1): void {
    this.addValue(value, times);
    this.sum += value * times;
  }

  /** As `add`, without the sum. */
  addValue(value: number, times: number): void {
    this.#count(sketchSlot(value), times);
    if (!(this.#least <= value)) this.#least = value;
    if (!(this.#greatest >= value)) this.#greatest = value;
  }

  addSlot(slot: number, times: number): void {
    this.#count(slot, times);
    if (slot < this.#slotLow) this.#slotLow = slot;
    if (slot > this.#slotHigh) this.#slotHigh = slot;
  }

  #count(slot: number, times: number): void {
    this.counts[slot] = (this.counts[slot] ?? 0) + times;
    this.count += times;
    if (slot < this.#low) this.#low = slot;
    if (slot > this.#high) this.#high = slot;
  }

  /** The least value; as low as its bucket begins where only that is known. NaN when empty. */
  get min(): number {
    if (this.#slotHigh < 0) return this.#least;
    const bound = this.#slotLow === 0 ? 0 : lowerBound(this.#slotLow);
    // NaN where no value was told itself: then the bucket alone says.
    return Number.isNaN(this.#least) ? bound : Math.min(this.#least, bound);
  }

  get max(): number {
    if (this.#slotHigh < 0) return this.#greatest;
    const bound = lowerBound(this.#slotHigh + 1);
    return Number.isNaN(this.#greatest) ? bound : Math.max(this.#greatest, bound);
  }

  merge(other: ExponentialSketch): void {
    if (other.count === 0) return;
    for (let slot = other.#low; slot <= other.#high; slot += 1) {
      const times = other.counts[slot] ?? 0;
      if (times > 0) this.#count(slot, times);
    }
    this.sum += other.sum;
    if (Number.isNaN(this.#least) || other.#least < this.#least) this.#least = other.#least;
    if (Number.isNaN(this.#greatest) || other.#greatest > this.#greatest)
      this.#greatest = other.#greatest;
    this.#slotLow = Math.min(this.#slotLow, other.#slotLow);
    this.#slotHigh = Math.max(this.#slotHigh, other.#slotHigh);
  }

  /** Empties it, to be used again. */
  clear(): void {
    if (this.#high >= 0) this.counts.fill(0, this.#low, this.#high + 1);
    this.count = 0;
    this.sum = 0;
    this.#least = Number.NaN;
    this.#greatest = Number.NaN;
    this.#low = SKETCH_SLOTS;
    this.#high = -1;
    this.#slotLow = SKETCH_SLOTS;
    this.#slotHigh = -1;
  }

  /** Slots with their counts, ascending. */
  *slots(): Generator<readonly [slot: number, count: number]> {
    for (let slot = this.#low; slot <= this.#high; slot += 1) {
      const count = this.counts[slot] ?? 0;
      if (count > 0) yield [slot, count];
    }
  }

  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    // All in one bucket: their mean is as near as its middle, and often exact.
    if (this.#low === this.#high) return this.sum / this.count;
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
