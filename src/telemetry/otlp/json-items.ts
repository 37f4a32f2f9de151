import type { LogRecord, MetricPoint, Span } from "../../model/signal.ts";
import type { DecodeContext } from "./context.ts";
import {
  attributesOf,
  attributeValueOf,
  enumOf,
  field,
  isObject,
  type JsonObject,
  listOf,
  nameOf,
  numberOf,
  objectOf,
  spanIdOf,
  textOf,
  timeOf,
  traceIdOf,
} from "./json-fields.ts";
import {
  type BucketDraft,
  checkPoint,
  createPointDraft,
  type MetricHead,
  type PointDraft,
  temporalityOf,
} from "./metric-point.ts";
import { cutText } from "./wire-attributes.ts";
import { checkLogRecord } from "./wire-logs.ts";
import { addLink, checkSpan, keepException, type SpanDraft } from "./wire-traces.ts";

const KIND_NAMES = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"].map(
  (name) => `SPAN_KIND_${name}`,
);
const STATUS_NAMES = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
const TEMPORALITY_NAMES = ["UNSPECIFIED", "DELTA", "CUMULATIVE"].map(
  (name) => `AGGREGATION_TEMPORALITY_${name}`,
);
const SEVERITY_NAMES = [
  "SEVERITY_NUMBER_UNSPECIFIED",
  ...["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].flatMap((name) =>
    ["", "2", "3", "4"].map((step) => `SEVERITY_NUMBER_${name}${step}`),
  ),
];

export function spanOf(json: JsonObject, context: DecodeContext): Span | undefined {
  const draft: SpanDraft = {
    traceId: traceIdOf(json.traceId ?? json.trace_id),
    spanId: spanIdOf(json.spanId ?? json.span_id),
    parentSpanId: spanIdOf(json.parentSpanId ?? json.parent_span_id),
    name: nameOf(json.name, "name", context),
    kind: enumOf(json.kind, KIND_NAMES),
    startMs: timeOf(json.startTimeUnixNano ?? json.start_time_unix_nano, "startTimeUnixNano"),
    endMs: timeOf(json.endTimeUnixNano ?? json.end_time_unix_nano, "endTimeUnixNano"),
    status: 0,
    statusMessage: "",
    attributes: attributesOf(json.attributes, context),
    links: undefined,
  };
  const status = json.status;
  if (isObject(status)) {
    draft.status = enumOf(status.code, STATUS_NAMES);
    draft.statusMessage = cutText(textOf(status.message, "status.message"), context);
  }
  for (const event of listOf(json.events, "events")) {
    if (isObject(event) && event.name === "exception") {
      keepException(draft, attributesOf(event.attributes, context));
    }
  }
  for (const item of listOf(json.links, "links")) {
    const link = objectOf(item, "a link");
    addLink(context, draft, {
      traceId: traceIdOf(link.traceId ?? link.trace_id),
      spanId: spanIdOf(link.spanId ?? link.span_id),
    });
  }
  return checkSpan(context, draft);
}

export function logRecordOf(json: JsonObject, context: DecodeContext): LogRecord | undefined {
  return checkLogRecord(context, {
    timeMs: timeOf(json.timeUnixNano ?? json.time_unix_nano, "timeUnixNano"),
    observedMs: timeOf(
      json.observedTimeUnixNano ?? json.observed_time_unix_nano,
      "observedTimeUnixNano",
    ),
    severity: enumOf(json.severityNumber ?? json.severity_number, SEVERITY_NAMES),
    body: String(attributeValueOf(json.body, context) ?? ""),
    traceId: traceIdOf(json.traceId ?? json.trace_id),
    spanId: spanIdOf(json.spanId ?? json.span_id),
    eventName: nameOf(json.eventName ?? json.event_name, "eventName", context),
    attributes: attributesOf(json.attributes, context),
  });
}

const DATA_FIELDS: readonly (readonly [camel: string, snake: string, kind: MetricPoint["kind"]])[] =
  [
    ["gauge", "gauge", "gauge"],
    ["sum", "sum", "sum"],
    ["histogram", "histogram", "histogram"],
    ["exponentialHistogram", "exponential_histogram", "exponential_histogram"],
    ["summary", "summary", "summary"],
  ];

const isTrue = (value: unknown): boolean => value === true;

/** What the points of a metric have in common, and the points as they came. `undefined`: no kind that is known. */
export function metricOf(
  json: JsonObject,
  context: DecodeContext,
): { readonly head: MetricHead; readonly points: readonly unknown[] } | undefined {
  for (const [camel, snake, kind] of DATA_FIELDS) {
    const data = field(json, camel, snake);
    if (isObject(data)) {
      const temporality = enumOf(
        data.aggregationTemporality ?? data.aggregation_temporality,
        TEMPORALITY_NAMES,
      );
      const head: MetricHead = {
        name: nameOf(json.name, "name", context),
        unit: nameOf(json.unit, "unit", context),
        kind,
        temporality: temporalityOf(temporality),
        monotonic: kind === "sum" && isTrue(data.isMonotonic ?? data.is_monotonic),
      };
      return { head, points: listOf(data.dataPoints ?? data.data_points, "dataPoints") };
    }
  }
  return undefined;
}

export function pointOf(
  json: JsonObject,
  context: DecodeContext,
  head: MetricHead,
): MetricPoint | undefined {
  const draft = createPointDraft();
  draft.startMs = timeOf(json.startTimeUnixNano ?? json.start_time_unix_nano, "startTimeUnixNano");
  draft.timeMs = timeOf(json.timeUnixNano ?? json.time_unix_nano, "timeUnixNano");
  draft.flags = numberOf(json.flags, "flags");
  draft.attributes = attributesOf(json.attributes, context);
  if (head.kind === "gauge" || head.kind === "sum") {
    const double = json.asDouble ?? json.as_double;
    const value = double === undefined ? (json.asInt ?? json.as_int) : double;
    draft.value = numberOf(value, "the value of a point");
  } else {
    draft.count = numberOf(json.count, "count");
    draft.value = numberOf(json.sum, "sum");
    fillDistribution(draft, json, context);
  }
  return checkPoint(context, head, draft);
}

function fillDistribution(draft: PointDraft, json: JsonObject, context: DecodeContext): void {
  draft.bucketCounts = numbersOf(json.bucketCounts ?? json.bucket_counts, context);
  draft.bounds = numbersOf(json.explicitBounds ?? json.explicit_bounds, context);
  draft.scale = numberOf(json.scale, "scale");
  draft.zeroCount = numberOf(json.zeroCount ?? json.zero_count, "zeroCount");
  draft.positive = bucketsOf(json.positive, context);
  draft.negative = bucketsOf(json.negative, context);
  draft.quantiles = withinRoom(json.quantileValues ?? json.quantile_values, context).map((item) => {
    const entry = objectOf(item, "a quantile");
    return {
      quantile: numberOf(entry.quantile, "quantile"),
      value: numberOf(entry.value, "value"),
    };
  });
}

/** One more than the limit is kept, so that the check sees that there were too many. */
const withinRoom = (value: unknown, context: DecodeContext): readonly unknown[] =>
  listOf(value, "a list of a point").slice(0, context.limits.bucketsMax + 1);

const numbersOf = (value: unknown, context: DecodeContext): number[] =>
  withinRoom(value, context).map((item) => numberOf(item, "a bucket"));

function bucketsOf(value: unknown, context: DecodeContext): BucketDraft | undefined {
  if (!isObject(value)) return undefined;
  return {
    offset: numberOf(value.offset, "offset"),
    counts: numbersOf(value.bucketCounts ?? value.bucket_counts, context),
  };
}
