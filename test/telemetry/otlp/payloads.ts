// Export requests as the OpenTelemetry SDK itself serialises them.
import { type HrTime, SpanKind, SpanStatusCode, ValueType } from "@opentelemetry/api";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  DataPointType,
  InstrumentType,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-node";

/** 2026-11-24T15:00:00Z. */
export const NOW_MS = Date.UTC(2026, 10, 24, 15);
const NOW_S = NOW_MS / 1000;

export const RESOURCE = {
  "service.name": "checkout",
  "service.version": "1.42.0",
  "service.instance.id": "checkout-7d9f8c-abcde",
  "host.name": "node-a1",
  "cloud.availability_zone": "zone-a",
};
const resource = resourceFromAttributes(RESOURCE);
const scope = { name: "@opentelemetry/instrumentation-http", version: "0.223.0" };

export const traceId = (n: number): string => (n + 1).toString(16).padStart(32, "a");
export const spanId = (n: number): string => (n + 1).toString(16).padStart(16, "b");

function span(index: number): ReadableSpan {
  const isFailed = index % 7 === 3;
  const start: HrTime = [NOW_S, index * 1000 + 123_456];
  return {
    name: "GET /api/v1/cart/{id}",
    kind: [SpanKind.SERVER, SpanKind.CLIENT, SpanKind.INTERNAL][index % 3] ?? SpanKind.SERVER,
    spanContext: () => ({ traceId: traceId(index), spanId: spanId(index), traceFlags: 1 }),
    ...(index % 5 > 0
      ? { parentSpanContext: { traceId: traceId(index), spanId: spanId(9999), traceFlags: 1 } }
      : {}),
    startTime: start,
    endTime: [NOW_S, index * 1000 + 5_987_654],
    duration: [0, 5_864_198],
    ended: true,
    status: isFailed
      ? { code: SpanStatusCode.ERROR, message: "upstream timeout" }
      : { code: SpanStatusCode.UNSET },
    attributes: {
      "http.request.method": "GET",
      "http.response.status_code": isFailed ? 504 : 200,
      "server.address": "cart.shop.svc",
      "server.port": 8080,
      "http.route": "/api/v1/cart/{id}",
      "url.path": "/api/v1/cart/12345",
      "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      "network.peer.address": "10.2.3.4",
      "app.tenant": `acme-${index % 20} ü🚀`,
      "thread.id": index - 3,
      "app.ratio": 0.25 + index,
      "feature.flag.x": true,
      "app.tags": ["a", "b"],
    },
    links:
      index % 4 === 1
        ? [{ context: { traceId: traceId(77), spanId: spanId(77), traceFlags: 1 } }]
        : [],
    events: isFailed
      ? [
          {
            name: "exception",
            time: start,
            attributes: {
              "exception.type": "TimeoutError",
              "exception.message": "deadline exceeded",
            },
          },
        ]
      : [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    resource,
    instrumentationScope: scope,
  };
}

function metrics(series: number): ResourceMetrics {
  const startTime: HrTime = [NOW_S - 60, 0];
  const endTime: HrTime = [NOW_S, 500_000_000];
  const descriptor = (name: string, unit: string, type: InstrumentType, isInt = false) => ({
    name,
    unit,
    description: "described",
    type,
    valueType: isInt ? ValueType.INT : ValueType.DOUBLE,
    advice: {},
  });
  const points = <Value>(value: (index: number) => Value) =>
    Array.from({ length: series }, (_, index) => ({
      startTime,
      endTime,
      attributes: { "http.route": `/r${index}`, "http.response.status_code": 200 },
      value: value(index),
    }));
  const boundaries = [5, 10, 25, 50, 75.5, 100];
  return {
    resource,
    scopeMetrics: [
      {
        scope,
        metrics: [
          {
            descriptor: descriptor(
              "db.client.connection.count",
              "{connection}",
              InstrumentType.GAUGE,
              true,
            ),
            aggregationTemporality: AggregationTemporality.CUMULATIVE,
            dataPointType: DataPointType.GAUGE,
            dataPoints: points((index) => index - 2),
          },
          {
            descriptor: descriptor("http.server.requests", "{request}", InstrumentType.COUNTER),
            aggregationTemporality: AggregationTemporality.CUMULATIVE,
            dataPointType: DataPointType.SUM,
            isMonotonic: true,
            dataPoints: points((index) => index * 1.5),
          },
          {
            descriptor: descriptor("http.server.request.duration", "ms", InstrumentType.HISTOGRAM),
            aggregationTemporality: AggregationTemporality.DELTA,
            dataPointType: DataPointType.HISTOGRAM,
            dataPoints: points((index) => ({
              sum: 1234.5 + index,
              count: 31,
              min: 1,
              max: 900,
              buckets: { boundaries, counts: [1, 2, 3, 4, 5, 6, 10] },
            })),
          },
          {
            descriptor: descriptor("rpc.duration", "s", InstrumentType.HISTOGRAM),
            aggregationTemporality: AggregationTemporality.DELTA,
            dataPointType: DataPointType.EXPONENTIAL_HISTOGRAM,
            dataPoints: points((index) => ({
              sum: 12.5 + index,
              count: 12,
              min: -1,
              max: 9,
              scale: -2 + (index % 5),
              zeroCount: 1,
              positive: { offset: -3, bucketCounts: [1, 0, 300_000 - 299_995] },
              negative: { offset: 4, bucketCounts: [5] },
            })),
          },
        ],
      },
    ],
  };
}

function logRecord(index: number): ReadableLogRecord {
  return {
    hrTime: [NOW_S, index * 1_000_001],
    hrTimeObserved: [NOW_S, 999],
    spanContext: { traceId: traceId(index), spanId: spanId(index), traceFlags: 1 },
    severityText: "ERROR",
    severityNumber: 17,
    body:
      index % 2 === 0 ? `upstream timeout ${index}` : { msg: "pool exhausted", waiting: [1, 2] },
    resource,
    instrumentationScope: scope,
    attributes: { "log.logger": "cart", attempt: index, nested: { deep: [true, null, 1.5] } },
    droppedAttributesCount: 0,
    eventName: undefined,
  };
}

const list = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const buffer = (bytes: Uint8Array | undefined): Buffer => Buffer.from(bytes ?? new Uint8Array());

export const tracesProtobuf = (count: number): Buffer =>
  buffer(ProtobufTraceSerializer.serializeRequest(list(count, span)));
export const tracesJson = (count: number): Buffer =>
  buffer(JsonTraceSerializer.serializeRequest(list(count, span)));
export const metricsProtobuf = (series: number): Buffer =>
  buffer(ProtobufMetricsSerializer.serializeRequest(metrics(series)));
export const metricsJson = (series: number): Buffer =>
  buffer(JsonMetricsSerializer.serializeRequest(metrics(series)));
export const logsProtobuf = (count: number): Buffer =>
  buffer(ProtobufLogsSerializer.serializeRequest(list(count, logRecord)));
export const logsJson = (count: number): Buffer =>
  buffer(JsonLogsSerializer.serializeRequest(list(count, logRecord)));
