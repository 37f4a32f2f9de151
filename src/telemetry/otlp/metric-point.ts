import type { MetricPoint } from "../../model/signal.ts";
import { type DecodeContext, isTimely } from "./context.ts";
import type { MutableAttributes } from "./wire-attributes.ts";

/** What all points of one metric have in common. */
export interface MetricHead {
  name: string;
  unit: string;
  kind: MetricPoint["kind"];
  temporality: MetricPoint["temporality"];
  monotonic: boolean;
}

export interface BucketDraft {
  offset: number;
  counts: number[];
}

/** A point under construction, of any kind: one shape, filled by the reader of either encoding. */
export interface PointDraft {
  startMs: number;
  timeMs: number;
  value: number;
  count: number;
  flags: number;
  scale: number;
  zeroCount: number;
  attributes: MutableAttributes;
  bounds: number[];
  bucketCounts: number[];
  positive: BucketDraft | undefined;
  negative: BucketDraft | undefined;
  quantiles: { quantile: number; value: number }[];
}

export function createPointDraft(): PointDraft {
  return {
    startMs: 0,
    timeMs: 0,
    value: 0,
    count: 0,
    flags: 0,
    scale: 0,
    zeroCount: 0,
    attributes: {},
    bounds: [],
    bucketCounts: [],
    positive: undefined,
    negative: undefined,
    quantiles: [],
  };
}

/** Data point flag: "no recorded value", the staleness mark. */
const NO_RECORDED_VALUE = 1;
/** The scales that the OpenTelemetry SDK specification allows. */
const SCALE_MIN = -10;
const SCALE_MAX = 20;

const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;

export function temporalityOf(wireValue: number): MetricPoint["temporality"] {
  return TEMPORALITIES[wireValue] ?? "unspecified";
}

/** The point as the model takes it, or `undefined` when it was rejected or marks only staleness. */
export function checkPoint(
  context: DecodeContext,
  head: MetricHead,
  draft: PointDraft,
): MetricPoint | undefined {
  if ((draft.flags & NO_RECORDED_VALUE) !== 0) {
    context.report.drop("no_recorded_value");
    return undefined;
  }
  if (!isTimely(context, draft.timeMs)) return undefined;
  const fault = faultOf(context, head, draft);
  if (fault !== undefined) {
    context.report.reject(fault);
    return undefined;
  }
  return makePoint(head, draft);
}

/** Why a point cannot be taken. */
function faultOf(context: DecodeContext, head: MetricHead, draft: PointDraft): string | undefined {
  if (head.name === "") return "name_missing";
  if (!Number.isFinite(draft.value)) return "value_not_finite";
  const sizes = [
    draft.bounds.length,
    draft.bucketCounts.length,
    draft.positive?.counts.length ?? 0,
    draft.negative?.counts.length ?? 0,
    draft.quantiles.length,
  ];
  if (sizes.some((size) => size > context.limits.bucketsMax)) return "bucket_limit";
  if (head.kind === "histogram" && !isHistogram(draft)) return "histogram_invalid";
  if (head.kind === "exponential_histogram" && !isExponential(draft)) return "histogram_invalid";
  if (head.kind === "summary" && !draft.quantiles.every(isQuantile)) return "summary_invalid";
  return undefined;
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** Counts beyond 2^53 have lost their last digits. */
const isSameCount = (a: number, b: number): boolean =>
  a === b || (a > Number.MAX_SAFE_INTEGER && Math.abs(a - b) <= a * 1e-12);

function isHistogram({ bounds, bucketCounts, count }: PointDraft): boolean {
  // Both empty: only count and sum were recorded.
  if (bucketCounts.length === 0) return bounds.length === 0;
  if (bucketCounts.length !== bounds.length + 1) return false;
  for (let index = 0; index < bounds.length; index++) {
    const bound = bounds[index] ?? Number.NaN;
    if (!(bound > (bounds[index - 1] ?? Number.NEGATIVE_INFINITY)) || bound === Infinity) {
      return false;
    }
  }
  return bucketCounts.every(isCount) && isSameCount(sum(bucketCounts), count);
}

function isExponential(draft: PointDraft): boolean {
  if (!(draft.scale >= SCALE_MIN && draft.scale <= SCALE_MAX)) return false;
  const sides = [draft.positive, draft.negative];
  if (sides.some((side) => side !== undefined && !side.counts.every(isCount))) return false;
  const total = sides.reduce((all, side) => all + sum(side?.counts ?? []), draft.zeroCount);
  return isCount(draft.zeroCount) && isSameCount(total, draft.count);
}

const isCount = (count: number): boolean => count >= 0 && Number.isFinite(count);
const isQuantile = (entry: { readonly quantile: number }): boolean =>
  entry.quantile >= 0 && entry.quantile <= 1;

function makePoint(head: MetricHead, draft: PointDraft): MetricPoint {
  const point = {
    name: head.name,
    unit: head.unit,
    kind: head.kind,
    temporality: head.temporality,
    monotonic: head.monotonic,
    startMs: draft.startMs,
    timeMs: draft.timeMs,
    attributes: draft.attributes,
    value: draft.value,
    count: draft.count,
  };
  switch (head.kind) {
    case "gauge":
    case "sum":
      return point;
    case "histogram":
      return {
        ...point,
        bounds: draft.bounds,
        bucketCounts: draft.bucketCounts.length === 0 ? [draft.count] : draft.bucketCounts,
      };
    case "exponential_histogram":
      return {
        ...point,
        scale: draft.scale,
        zeroCount: draft.zeroCount,
        positive: draft.positive ?? { offset: 0, counts: [] },
        negative: draft.negative ?? { offset: 0, counts: [] },
      };
    case "summary":
      return { ...point, quantiles: draft.quantiles };
  }
}
