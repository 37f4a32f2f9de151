import protobuf from "protobufjs";

const field = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: "repeated" });

/** The OTLP messages that export requests of traces and metrics hold, by the numbers of their fields. */
const SCHEMA: protobuf.INamespace = {
  nested: {
    ArrayValue: { fields: { values: many(1, "AnyValue") } },
    KeyValueList: { fields: { values: many(1, "KeyValue") } },
    AnyValue: {
      fields: {
        stringValue: field(1, "string"),
        boolValue: field(2, "bool"),
        intValue: field(3, "int64"),
        doubleValue: field(4, "double"),
        arrayValue: field(5, "ArrayValue"),
        kvlistValue: field(6, "KeyValueList"),
        bytesValue: field(7, "bytes"),
      },
    },
    KeyValue: { fields: { key: field(1, "string"), value: field(2, "AnyValue") } },
    Resource: { fields: { attributes: many(1, "KeyValue") } },
    Scope: { fields: { name: field(1, "string"), version: field(2, "string") } },
    Status: { fields: { message: field(2, "string"), code: field(3, "int32") } },
    Span: {
      fields: {
        traceId: field(1, "bytes"),
        spanId: field(2, "bytes"),
        traceState: field(3, "string"),
        parentSpanId: field(4, "bytes"),
        name: field(5, "string"),
        kind: field(6, "int32"),
        startTimeUnixNano: field(7, "fixed64"),
        endTimeUnixNano: field(8, "fixed64"),
        attributes: many(9, "KeyValue"),
        status: field(15, "Status"),
      },
    },
    ScopeSpans: { fields: { scope: field(1, "Scope"), spans: many(2, "Span") } },
    ResourceSpans: {
      fields: { resource: field(1, "Resource"), scopeSpans: many(2, "ScopeSpans") },
    },
    TracesRequest: { fields: { resourceSpans: many(1, "ResourceSpans") } },
    NumberDataPoint: {
      fields: {
        startTimeUnixNano: field(2, "fixed64"),
        timeUnixNano: field(3, "fixed64"),
        asDouble: field(4, "double"),
        asInt: field(6, "sfixed64"),
        attributes: many(7, "KeyValue"),
      },
    },
    HistogramDataPoint: {
      fields: {
        startTimeUnixNano: field(2, "fixed64"),
        timeUnixNano: field(3, "fixed64"),
        count: field(4, "fixed64"),
        sum: field(5, "double"),
        bucketCounts: many(6, "fixed64"),
        explicitBounds: many(7, "double"),
        attributes: many(9, "KeyValue"),
      },
    },
    Gauge: { fields: { dataPoints: many(1, "NumberDataPoint") } },
    Sum: {
      fields: {
        dataPoints: many(1, "NumberDataPoint"),
        aggregationTemporality: field(2, "int32"),
        isMonotonic: field(3, "bool"),
      },
    },
    Histogram: {
      fields: {
        dataPoints: many(1, "HistogramDataPoint"),
        aggregationTemporality: field(2, "int32"),
      },
    },
    Metric: {
      fields: {
        name: field(1, "string"),
        unit: field(3, "string"),
        gauge: field(5, "Gauge"),
        sum: field(7, "Sum"),
        histogram: field(9, "Histogram"),
      },
    },
    ScopeMetrics: { fields: { scope: field(1, "Scope"), metrics: many(2, "Metric") } },
    ResourceMetrics: {
      fields: { resource: field(1, "Resource"), scopeMetrics: many(2, "ScopeMetrics") },
    },
    MetricsRequest: { fields: { resourceMetrics: many(1, "ResourceMetrics") } },
  },
};

const root = protobuf.Root.fromJSON(SCHEMA);

/** Decodes an export request as a user of protobufjs would. */
export function decodeByProtobufjs(kind: "traces" | "metrics", body: Uint8Array): unknown {
  return root.lookupType(kind === "traces" ? "TracesRequest" : "MetricsRequest").decode(body);
}
