import type { Attributes, AttributeValue } from "../../../src/model/entity.ts";
import type { MetricPoint, Span } from "../../../src/model/signal.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";
import type { ResourceSpans } from "./synthetic-system.ts";

const nanos = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;

function writeValue(into: ProtobufWriter, value: AttributeValue): void {
  if (typeof value === "string") into.text(1, value);
  else if (typeof value === "boolean") into.varint(2, value ? 1 : 0);
  else if (Number.isInteger(value)) into.varint(3, value);
  else into.double(4, value);
}

function writeAttributes(into: ProtobufWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    into.message(field, () => {
      into.text(1, key);
      into.message(2, () => writeValue(into, value));
    });
  }
}

function writeSpan(into: ProtobufWriter, span: Span): void {
  into.hex(1, span.traceId);
  into.hex(2, span.spanId);
  if (span.parentSpanId !== "") into.hex(4, span.parentSpanId);
  into.text(5, span.name);
  into.varint(6, span.kind);
  into.fixed64(7, nanos(span.startMs));
  into.fixed64(8, nanos(span.endMs));
  writeAttributes(into, 9, span.attributes);
  if (span.status !== 0) into.message(15, () => into.varint(3, span.status));
}

/** An export request of traces, in protobuf. */
export function tracesProtobuf(groups: readonly ResourceSpans[]): Buffer {
  const into = new ProtobufWriter();
  for (const { resource, spans } of groups) {
    into.message(1, () => {
      into.message(1, () => writeAttributes(into, 1, resource));
      into.message(2, () => {
        into.message(1, () => into.text(1, "@opentelemetry/instrumentation-http"));
        for (const span of spans) into.message(2, () => writeSpan(into, span));
      });
    });
  }
  return into.take();
}

const jsonValue = (value: AttributeValue): unknown => {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
};
const jsonAttributes = (attributes: Attributes): unknown[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));

/** The same in JSON. */
export function tracesJson(groups: readonly ResourceSpans[]): Buffer {
  const resourceSpans = groups.map(({ resource, spans }) => ({
    resource: { attributes: jsonAttributes(resource) },
    scopeSpans: [
      {
        scope: { name: "@opentelemetry/instrumentation-http" },
        spans: spans.map((span) => ({
          traceId: span.traceId,
          spanId: span.spanId,
          ...(span.parentSpanId === "" ? {} : { parentSpanId: span.parentSpanId }),
          name: span.name,
          kind: span.kind,
          startTimeUnixNano: String(nanos(span.startMs)),
          endTimeUnixNano: String(nanos(span.endMs)),
          attributes: jsonAttributes(span.attributes),
          status: span.status === 0 ? {} : { code: span.status },
        })),
      },
    ],
  }));
  return Buffer.from(JSON.stringify({ resourceSpans }));
}

export interface ResourcePoints {
  readonly resource: Attributes;
  readonly points: readonly MetricPoint[];
}

function writePoint(into: ProtobufWriter, point: MetricPoint): void {
  into.fixed64(2, nanos(point.startMs));
  into.fixed64(3, nanos(point.timeMs));
  if (point.kind !== "histogram") {
    into.double(4, point.value);
    writeAttributes(into, 7, point.attributes);
    return;
  }
  into.fixed64(4, BigInt(point.count));
  into.double(5, point.value);
  into.packedFixed64(6, point.bucketCounts ?? []);
  into.packedDoubles(7, point.bounds ?? []);
  writeAttributes(into, 9, point.attributes);
}

function writeMetric(into: ProtobufWriter, points: readonly MetricPoint[]): void {
  const [first] = points;
  if (first === undefined) return;
  into.text(1, first.name);
  into.text(3, first.unit);
  const field = { gauge: 5, sum: 7, histogram: 9, exponential_histogram: 10, summary: 11 };
  into.message(field[first.kind], () => {
    for (const point of points) into.message(1, () => writePoint(into, point));
    if (first.kind === "gauge") return;
    into.varint(2, first.temporality === "delta" ? 1 : 2);
    if (first.kind === "sum") into.varint(3, first.monotonic ? 1 : 0);
  });
}

/** An export request of metrics, in protobuf; points of one name stand together. */
export function metricsProtobuf(groups: readonly ResourcePoints[]): Buffer {
  const into = new ProtobufWriter();
  for (const { resource, points } of groups) {
    into.message(1, () => {
      into.message(1, () => writeAttributes(into, 1, resource));
      into.message(2, () => {
        into.message(1, () => into.text(1, "runtime"));
        for (const [, same] of Map.groupBy(points, (point) => point.name))
          into.message(2, () => writeMetric(into, same));
      });
    });
  }
  return into.take();
}
