import { describe, expect, test } from "vitest";
import { isOperationError } from "../../../src/errors.ts";
import type { Signal } from "../../../src/model/signal.ts";
import { createDecodeContext, type OtlpLimits } from "../../../src/telemetry/otlp/context.ts";
import { decodeOtlp, type OtlpEncoding } from "../../../src/telemetry/otlp/decode.ts";
import type { OtlpKind } from "../../../src/telemetry/otlp/frame.ts";
import {
  logsJson,
  logsProtobuf,
  metricsJson,
  metricsProtobuf,
  NOW_MS,
  RESOURCE,
  spanId,
  traceId,
  tracesJson,
  tracesProtobuf,
} from "./payloads.ts";

function decode(
  kind: OtlpKind,
  encoding: OtlpEncoding,
  body: Buffer,
  limits: Partial<OtlpLimits> = {},
) {
  const context = createDecodeContext({ source: "otlp", receivedMs: NOW_MS, limits });
  const signals = decodeOtlp({ kind, encoding, body }, context);
  return { signals, report: context.report };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const traces = (...spans: unknown[]) => json({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
const span = (more: object = {}) => ({
  traceId: traceId(1),
  spanId: spanId(1),
  name: "GET /",
  startTimeUnixNano: `${NOW_MS}000001`,
  endTimeUnixNano: `${NOW_MS + 5}000000`,
  ...more,
});
const metrics = (metric: object) =>
  json({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", ...metric }] }] }] });
const point = (more: object) => ({ timeUnixNano: `${NOW_MS}000000`, ...more });

const spansOf = (signals: readonly Signal[]) =>
  signals.flatMap((signal) => (signal.type === "spans" ? signal.spans : []));
const pointsOf = (signals: readonly Signal[]) =>
  signals.flatMap((signal) => (signal.type === "metrics" ? signal.points : []));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isOperationError(error)) return error.code;
    throw error;
  }
  return "none";
}

describe("requests of the OpenTelemetry SDK", () => {
  test.each([
    ["traces", tracesProtobuf(40), tracesJson(40)],
    ["metrics", metricsProtobuf(9), metricsJson(9)],
    ["logs", logsProtobuf(9), logsJson(9)],
  ] as const)("%s read alike from protobuf and JSON, nothing lost", (kind, wire, text) => {
    const fromWire = decode(kind, "protobuf", wire);
    const fromJson = decode(kind, "json", text);
    expect(fromWire.signals).toEqual(fromJson.signals);
    expect(fromWire.signals[0]).toMatchObject({ source: "otlp", resource: RESOURCE });
    for (const { report } of [fromWire, fromJson]) {
      expect(report.rejectedCount()).toBe(0);
      expect(report.dropped.size).toBe(0);
    }
  });

  test("a span keeps ids, times, status, attributes, links and its exception", () => {
    const spans = spansOf(decode("traces", "protobuf", tracesProtobuf(6)).signals);
    expect(spans).toHaveLength(6);
    expect(spans[3]).toMatchObject({
      traceId: traceId(3),
      spanId: spanId(3),
      parentSpanId: spanId(9999),
      name: "GET /api/v1/cart/{id}",
      kind: 2,
      status: 2,
      statusMessage: "upstream timeout",
      startMs: NOW_MS + 0.126456,
      attributes: {
        "http.response.status_code": 504,
        "app.tenant": "acme-3 ü🚀",
        "app.ratio": 3.25,
        "feature.flag.x": true,
        "app.tags": '["a","b"]',
        "exception.type": "TimeoutError",
        "exception.message": "deadline exceeded",
      },
    });
    expect(spans[0]?.attributes["thread.id"]).toBe(-3);
    expect(spans[1]?.links).toEqual([{ traceId: traceId(77), spanId: spanId(77) }]);
  });

  test("every kind of metric keeps its distribution", () => {
    const points = pointsOf(decode("metrics", "protobuf", metricsProtobuf(1)).signals);
    expect(
      points.map(({ kind, temporality, monotonic }) => [kind, temporality, monotonic]),
    ).toEqual([
      ["gauge", "unspecified", false],
      ["sum", "cumulative", true],
      ["histogram", "delta", false],
      ["exponential_histogram", "delta", false],
    ]);
    expect(points[0]).toMatchObject({ value: -2, unit: "{connection}", timeMs: NOW_MS + 500 });
    expect(points[2]).toMatchObject({
      count: 31,
      value: 1234.5,
      bounds: [5, 10, 25, 50, 75.5, 100],
      bucketCounts: [1, 2, 3, 4, 5, 6, 10],
    });
    expect(points[3]).toMatchObject({
      scale: -2,
      zeroCount: 1,
      positive: { offset: -3, counts: [1, 0, 5] },
      negative: { offset: 4, counts: [5] },
    });
  });

  test("a log record keeps its body, severity and trace", () => {
    const [signal] = decode("logs", "protobuf", logsProtobuf(2)).signals;
    expect(signal?.type === "logs" ? signal.records : []).toMatchObject([
      { severity: 17, body: "upstream timeout 0", traceId: traceId(0), spanId: spanId(0) },
      { body: '{"msg":"pool exhausted","waiting":[1,2]}', attributes: { attempt: 1 } },
    ]);
  });
});

describe("the JSON mapping", () => {
  test("takes proto names, enum names, numbers for 64-bit integers, upper-case ids, unknown fields", () => {
    const body = json({
      resource_spans: [
        {
          resource: { attributes: [{ key: "service.name", value: { string_value: "cart" } }] },
          scope_spans: [
            {
              spans: [
                {
                  trace_id: traceId(1).toUpperCase(),
                  span_id: spanId(1),
                  parent_span_id: "",
                  name: "x",
                  kind: "SPAN_KIND_SERVER",
                  start_time_unix_nano: NOW_MS * 1e6,
                  end_time_unix_nano: String(NOW_MS * 1e6),
                  status: { code: "STATUS_CODE_ERROR" },
                  attributes: [{ key: "n", value: { int_value: 7 } }],
                  later: { deep: [{}] },
                },
              ],
            },
          ],
          more: [1, { x: [{}] }],
        },
      ],
    });
    const { signals } = decode("traces", "json", body);
    expect(signals[0]).toMatchObject({ resource: { "service.name": "cart" } });
    expect(spansOf(signals)[0]).toMatchObject({
      traceId: traceId(1),
      kind: 2,
      status: 2,
      attributes: { n: 7 },
    });
  });

  test("reads a summary", () => {
    const quantileValues = [{ quantile: 0.99, value: 12 }];
    const dataPoints = [point({ count: "4", sum: 20, quantileValues })];
    const points = pointsOf(
      decode("metrics", "json", metrics({ summary: { dataPoints } })).signals,
    );
    expect(points[0]).toMatchObject({
      kind: "summary",
      count: 4,
      value: 20,
      quantiles: quantileValues,
    });
  });

  test.each([
    ["not JSON", "{"],
    ["an array", "[]"],
    ["brackets that do not match", '{"resourceSpans":[}]'],
    ["an unclosed string", '{"a":"'],
    ["a span that is no object", '{"resourceSpans":[{"scopeSpans":[{"spans":[0]}]}]}'],
    ["one element named twice", '{"resourceSpans":[{"scopeSpans":[{"spans":[0,{}]}]}]}'],
    ["spans that are no array", '{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}'],
    ["two values", "{}{}"],
    ["nothing", ""],
    ["65 levels", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`],
    ["five million brackets", "[".repeat(5_000_000)],
  ])("refuses %s", (_, text) => {
    const startedMs = performance.now();
    expect(codeOf(() => decode("traces", "json", Buffer.from(text)))).toBe("otlp_malformed");
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});

describe("items that cannot be taken are rejected one by one", () => {
  test.each([
    ["a zero trace id", { traceId: "0".repeat(32) }, "id_invalid"],
    ["a span id of nine bytes", { spanId: "ab".repeat(9) }, "id_invalid"],
    ["no start", { startTimeUnixNano: "0" }, "time_missing"],
    ["eleven minutes ahead", { endTimeUnixNano: `${NOW_MS + 660_000}000000` }, "time_future"],
    ["the year 2262", { startTimeUnixNano: "9223372036854775807" }, "time_future"],
    ["beyond 64 bits", { endTimeUnixNano: "99999999999999999999" }, "time_future"],
    ["a negative time", { startTimeUnixNano: "-5" }, "time_missing"],
  ])("%s", (_, fault, reason) => {
    const { signals, report } = decode("traces", "json", traces(span(fault), span()));
    expect(spansOf(signals)).toHaveLength(1);
    expect([...report.rejected]).toEqual([[reason, 1]]);
  });

  test("an end before the start becomes the start, a span that is its own parent loses it", () => {
    const { signals, report } = decode(
      "traces",
      "json",
      traces(span({ endTimeUnixNano: "1" }), span({ parentSpanId: spanId(1) })),
    );
    const [early, own] = spansOf(signals);
    expect(early?.endMs).toBe(early?.startMs);
    expect(own?.parentSpanId).toBe("");
    expect([...report.dropped.keys()]).toEqual(["end_before_start", "self_parent"]);
  });

  test.each([
    ["unsorted bounds", { count: 3, bucketCounts: [1, 1, 1], explicitBounds: [5, 1] }],
    ["a NaN bound", { count: 3, bucketCounts: [1, 1, 1], explicitBounds: [1, "NaN"] }],
    ["counts that do not add up", { count: 9, bucketCounts: [1, 1, 1], explicitBounds: [1, 5] }],
    ["one bucket too few", { count: 2, bucketCounts: [1, 1], explicitBounds: [1, 5] }],
  ])("a histogram with %s", (_, fault) => {
    const histogram = { aggregationTemporality: 1, dataPoints: [point(fault)] };
    const { signals, report } = decode("metrics", "json", metrics({ histogram }));
    expect(signals).toEqual([]);
    expect([...report.rejected]).toEqual([["histogram_invalid", 1]]);
  });

  test.each([2 ** 31, -(2 ** 31)])("an exponential histogram of scale %d", (scale) => {
    const exponentialHistogram = { dataPoints: [point({ count: 0, scale })] };
    const { report } = decode("metrics", "json", metrics({ exponentialHistogram }));
    expect([...report.rejected]).toEqual([["histogram_invalid", 1]]);
  });

  test("infinite values are rejected and staleness marks are not values", () => {
    const dataPoints = [
      point({ asDouble: "Infinity" }),
      point({ asDouble: "NaN", flags: 1 }),
      point({ asDouble: "-0" }),
    ];
    const { signals, report } = decode("metrics", "json", metrics({ gauge: { dataPoints } }));
    expect(pointsOf(signals)).toHaveLength(1);
    expect([...report.rejected]).toEqual([["value_not_finite", 1]]);
    expect([...report.dropped]).toEqual([["no_recorded_value", 1]]);
  });
});
