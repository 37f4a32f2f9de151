import type { Attributes } from "./entity.ts";
import type { SeriesKind } from "./metric-reading.ts";
import { StepRing } from "./step-ring.ts";
import { MINUTES, QUARTERS, type TierShape } from "./tiers.ts";

/** What a series is of. */
export interface SeriesName {
  readonly entity: number;
  readonly metric: string;
  /** What the metric's name ends in beyond that of its points: "", ".p95", ".rate". */
  readonly suffix: string;
  readonly unit: string;
  readonly kind: SeriesKind;
  readonly attributes: Attributes;
  readonly firstBucket: number;
}

/** About what a series costs beside its values. */
const NAME_BYTES = 300;

/** One series: a value for each bucket of the last hour, mean and maximum of each minute and quarter before. */
export class StoredSeries implements SeriesName {
  readonly entity: number;
  readonly metric: string;
  readonly suffix: string;
  readonly unit: string;
  readonly kind: SeriesKind;
  readonly attributes: Attributes;
  readonly firstBucket: number;
  readonly #values: Float32Array;
  readonly #minutes = new StepRing(MINUTES.kept);
  readonly #quarters = new StepRing(QUARTERS.kept);
  /** The newest bucket written. */
  #lastBucket: number;

  constructor(name: SeriesName, slots: number) {
    this.entity = name.entity;
    this.metric = name.metric;
    this.suffix = name.suffix;
    this.unit = name.unit;
    this.kind = name.kind;
    this.attributes = name.attributes;
    this.firstBucket = name.firstBucket;
    this.#values = new Float32Array(slots).fill(Number.NaN);
    this.#lastBucket = name.firstBucket;
  }

  get lastBucket(): number {
    return this.#lastBucket;
  }

  /** Contract: buckets come in order. */
  put(bucket: number, value: number): void {
    const slots = this.#values.length;
    if (bucket > this.#lastBucket) {
      const from = Math.max(this.#lastBucket + 1, bucket - slots + 1);
      for (let at = from; at <= bucket; at += 1) this.#values[at % slots] = Number.NaN;
      this.#lastBucket = bucket;
    }
    this.#values[bucket % slots] = value;
  }

  /** The value of a bucket; NaN where nothing was seen. */
  at(bucket: number): number {
    return exact(this.#raw(bucket));
  }

  #raw(bucket: number): number {
    const slots = this.#values.length;
    if (bucket > this.#lastBucket || bucket <= this.#lastBucket - slots) return Number.NaN;
    return this.#values[bucket % slots] ?? Number.NaN;
  }

  /** The values of a tier. */
  ring({ stepMs }: TierShape): StepRing {
    return stepMs === MINUTES.stepMs ? this.#minutes : this.#quarters;
  }

  /** Sums up the buckets of one step, where any was seen; says whether one was. */
  fold(shape: TierShape, step: number): boolean {
    const { buckets } = shape;
    let sum = 0;
    let count = 0;
    let max = Number.NEGATIVE_INFINITY;
    for (let bucket = step * buckets; bucket < (step + 1) * buckets; bucket += 1) {
      const value = this.#raw(bucket);
      if (Number.isNaN(value)) continue;
      sum += value;
      count += 1;
      if (value > max) max = value;
    }
    if (count === 0) return false;
    this.ring(shape).put(step, sum / count, max);
    return true;
  }

  get bytes(): number {
    return this.#values.byteLength + this.#minutes.bytes + this.#quarters.bytes + NAME_BYTES;
  }
}

/** A number of 24 bits as its shortest decimal: 0.1 stays 0.1. */
function exact(value: number): number {
  if (Number.isInteger(value) || Number.isNaN(value)) return value;
  return Number(value.toPrecision(7));
}
