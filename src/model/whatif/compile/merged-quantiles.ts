import type { Sketch } from "../../sketch.ts";

/** Sketches count by powers of `2^(1/16)`: at these bounds they are exact. */
const PER_OCTAVE = 16;

/** Several sketches read as one. Between the bounds of a bucket values are taken to lie evenly on a log scale. */
export class MergedQuantiles {
  readonly #cells: readonly Sketch[];
  readonly count: number;

  constructor(cells: readonly Sketch[]) {
    this.#cells = cells.filter((one) => one.count > 0);
    this.count = this.#cells.reduce((sum, one) => sum + one.count, 0);
  }

  /** Values at most the bound `2^(at/16)`. */
  #below(at: number): number {
    const value = 2 ** (at / PER_OCTAVE);
    return this.#cells.reduce((sum, one) => sum + one.count * one.rank(value * (1 + 1e-12)), 0);
  }

  /** NaN when empty. */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const wanted = q * this.count;
    const least = Math.max(1e-4, Math.min(...this.#cells.map((one) => one.min)));
    const most = Math.max(least, ...this.#cells.map((one) => one.max));
    let low = Math.floor(PER_OCTAVE * Math.log2(least)) - 1;
    let high = Math.ceil(PER_OCTAVE * Math.log2(most)) + 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#below(middle) < wanted) low = middle;
      else high = middle;
    }
    const from = this.#below(low);
    const inside = this.#below(high) - from;
    const part = inside > 0 ? (wanted - from) / inside : 0.5;
    return 2 ** ((low + part) / PER_OCTAVE);
  }

  /** Share of values above this. */
  above(value: number): number {
    if (this.count === 0) return 0;
    if (!Number.isFinite(value)) return 0;
    const at = PER_OCTAVE * Math.log2(Math.max(1e-4, value));
    const low = Math.floor(at);
    const [from, to] = [this.#below(low), this.#below(low + 1)];
    return 1 - (from + (at - low) * (to - from)) / this.count;
  }
}
