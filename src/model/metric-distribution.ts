import type { MetricPoint } from "./signal.ts";

/** The buckets of one histogram point. */
export type Distribution = ExplicitBuckets | ExponentialBuckets;

interface ExplicitBuckets {
  readonly type: "explicit";
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

interface Run {
  /** Index of the first count. */
  readonly offset: number;
  readonly counts: readonly number[];
}

/** Bounds are powers of `2^(2^-scale)`. */
interface ExponentialBuckets {
  readonly type: "exponential";
  readonly scale: number;
  readonly zeros: number;
  readonly positive: Run;
  readonly negative: Run;
}

interface Bucket {
  readonly from: number;
  readonly upTo: number;
  readonly count: number;
}

const EMPTY: Run = { offset: 0, counts: [] };

/** A point's buckets; undefined when it has none to tell values apart. */
export function remembered(point: MetricPoint): Distribution | undefined {
  if (point.kind === "exponential_histogram") {
    const { scale = 0, zeroCount: zeros = 0, positive = EMPTY, negative = EMPTY } = point;
    return { type: "exponential", scale, zeros, positive, negative };
  }
  const { bounds = [], bucketCounts: counts = [] } = point;
  if (point.kind !== "histogram" || bounds.length === 0 || counts.length !== bounds.length + 1)
    return undefined;
  return { type: "explicit", bounds, counts };
}

/**
 * What a point adds to the running totals of `base`; without a base, the point itself. Undefined when the two cannot be
 * compared: their bounds differ, or the newer is finer than the older.
 */
export function distributionOf(
  point: MetricPoint,
  base: Distribution | undefined,
): Distribution | undefined {
  const own = remembered(point);
  if (own === undefined || base === undefined) return own;
  if (own.type === "explicit") {
    const isSame = base.type === "explicit" && sameNumbers(own.bounds, base.bounds);
    return isSame ? { ...own, counts: less(own.counts, base.counts) } : undefined;
  }
  if (base.type !== "exponential" || base.scale < own.scale) return undefined;
  const coarser = base.scale - own.scale;
  return {
    ...own,
    zeros: Math.max(0, own.zeros - base.zeros),
    positive: lessRun(own.positive, coarsen(base.positive, coarser)),
    negative: lessRun(own.negative, coarsen(base.negative, coarser)),
  };
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, at) => value === b[at]);

const less = (counts: readonly number[], before: readonly number[]): readonly number[] =>
  counts.map((count, at) => Math.max(0, count - (before[at] ?? 0)));

function lessRun(run: Run, before: Run): Run {
  const shift = run.offset - before.offset;
  const counts = run.counts.map((count, at) =>
    Math.max(0, count - (before.counts[at + shift] ?? 0)),
  );
  return { offset: run.offset, counts };
}

/** A process makes its buckets coarser as values spread: two by two, once for each step of scale. */
function coarsen(run: Run, steps: number): Run {
  if (steps === 0 || run.counts.length === 0) return run;
  const offset = Math.floor(run.offset / 2 ** steps);
  const counts: number[] = [];
  run.counts.forEach((count, at) => {
    const index = Math.floor((run.offset + at) / 2 ** steps) - offset;
    counts[index] = (counts[index] ?? 0) + count;
  });
  return { offset, counts: Array.from(counts, (count) => count ?? 0) };
}

function bucketsOf(distribution: Distribution): readonly Bucket[] {
  if (distribution.type === "explicit") {
    const { bounds, counts } = distribution;
    const last = bounds.at(-1) ?? 0;
    return counts.map((count, index) => ({
      from: index === 0 ? Math.min(0, bounds[0] ?? 0) : (bounds[index - 1] ?? last),
      upTo: bounds[index] ?? last,
      count,
    }));
  }
  const base = 2 ** (2 ** -distribution.scale);
  const edges = ({ offset, counts }: Run): Bucket[] =>
    counts.map((count, index) => ({
      from: base ** (offset + index),
      upTo: base ** (offset + index + 1),
      count,
    }));
  const negative = edges(distribution.negative)
    .map(({ from, upTo, count }) => ({ from: -upTo, upTo: -from, count }))
    .reverse();
  const zeros = { from: 0, upTo: 0, count: distribution.zeros };
  return [...negative, zeros, ...edges(distribution.positive)];
}

/** Linear inside a bucket; beyond the last bound that bound is all that is known. NaN when there is nothing. */
export function quantileOf(distribution: Distribution, quantile: number): number {
  const buckets = bucketsOf(distribution);
  const all = buckets.reduce((total, bucket) => total + bucket.count, 0);
  if (all === 0) return Number.NaN;
  const rank = quantile * all;
  let seen = 0;
  for (const { from, upTo, count } of buckets) {
    if (count > 0 && seen + count >= rank) return from + ((rank - seen) / count) * (upTo - from);
    seen += count;
  }
  return buckets.at(-1)?.upTo ?? Number.NaN;
}
