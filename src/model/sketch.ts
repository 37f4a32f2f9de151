/**
 * A mergeable distribution of positive values: OTLP's base-2 exponential histogram at scale 4 (base 2^(1/16), relative
 * error of a quantile at most 2.2 %). Milliseconds here.
 */
export interface Sketch {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** `q` in [0, 1]; NaN when empty. */
  quantile(q: number): number;
  /** Share of values at most `value`. NaN when empty. */
  rank(value: number): number;
}
