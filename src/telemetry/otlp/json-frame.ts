import type { LogRecord, MetricPoint, Span } from "../../model/signal.ts";
import { type DecodeContext, malformed } from "./context.ts";
import type { OtlpKind, Sink } from "./frame.ts";
import { field, type JsonObject, listOf, objectOf, resourceOf } from "./json-fields.ts";
import { logRecordOf, metricOf, pointOf, spanOf } from "./json-items.ts";
import { type CutJson, scanJson } from "./json-scan.ts";

/** Items parsed between two chances for the event loop. */
const ITEMS_PER_SLICE = 64;

/** Field names of a request, and the open brackets around its items. */
interface Shape {
  readonly resources: readonly [camel: string, snake: string];
  readonly scopes: readonly [camel: string, snake: string];
  readonly items: readonly [camel: string, snake: string];
  readonly path: string;
}

const SHAPES: Readonly<Record<OtlpKind, Shape>> = {
  traces: {
    resources: ["resourceSpans", "resource_spans"],
    scopes: ["scopeSpans", "scope_spans"],
    items: ["spans", "spans"],
    path: "{[{[{[",
  },
  metrics: {
    resources: ["resourceMetrics", "resource_metrics"],
    scopes: ["scopeMetrics", "scope_metrics"],
    items: ["metrics", "metrics"],
    // One metric may hold all points of a request, so points are cut, not metrics.
    path: "{[{[{[{{[",
  },
  logs: {
    resources: ["resourceLogs", "resource_logs"],
    scopes: ["scopeLogs", "scope_logs"],
    items: ["logRecords", "log_records"],
    path: "{[{[{[",
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed("the body is not JSON", error);
  }
}

/** Hands out the cut elements, each at most once, so that a number in the body cannot multiply one. */
class Elements {
  readonly #body: Buffer;
  readonly #cuts: readonly number[];
  readonly #used: Uint8Array;

  constructor(body: Buffer, cut: CutJson) {
    this.#body = body;
    this.#cuts = cut.cuts;
    this.#used = new Uint8Array(cut.cuts.length / 2);
  }

  /** The object that stood where `placeholder` stands; an object that was not cut stands for itself. */
  resolve(placeholder: unknown): JsonObject {
    if (typeof placeholder !== "number") return objectOf(placeholder, "an item");
    const start = this.#cuts[placeholder * 2];
    const end = this.#cuts[placeholder * 2 + 1];
    if (start === undefined || end === undefined || this.#used[placeholder] === 1) {
      throw malformed("an item is not an object");
    }
    this.#used[placeholder] = 1;
    return objectOf(parse(this.#body.toString("utf8", start, end)), "an item");
  }
}

/** Reads one element of the items array: a span, a metric with its points, or a log record. */
export type ReadJsonItem<Item> = (
  item: unknown,
  elements: Elements,
  context: DecodeContext,
  sink: Sink<Item>,
) => Generator<void, void, void> | undefined;

export function readJsonSpan(
  item: unknown,
  elements: Elements,
  context: DecodeContext,
  sink: Sink<Span>,
): undefined {
  if (!sink.hasRoom()) return;
  const span = spanOf(elements.resolve(item), context);
  if (span !== undefined) sink.add(span);
}

export function readJsonLogRecord(
  item: unknown,
  elements: Elements,
  context: DecodeContext,
  sink: Sink<LogRecord>,
): undefined {
  if (!sink.hasRoom()) return;
  const record = logRecordOf(elements.resolve(item), context);
  if (record !== undefined) sink.add(record);
}

export function* readJsonMetric(
  item: unknown,
  elements: Elements,
  context: DecodeContext,
  sink: Sink<MetricPoint>,
): Generator<void, void, void> {
  const metric = metricOf(objectOf(item, "a metric"), context);
  if (metric === undefined) return;
  let sliced = 0;
  for (const placeholder of metric.points) {
    if (sink.hasRoom()) {
      const point = pointOf(elements.resolve(placeholder), context, metric.head);
      if (point !== undefined) sink.add(point);
    }
    sliced += 1;
    if (sliced % ITEMS_PER_SLICE === 0) yield;
  }
}

/** The JSON counterpart of `readFrame`. */
export function* readJsonFrame<Item>(
  body: Buffer,
  context: DecodeContext,
  kind: OtlpKind,
  options: { readonly readItem: ReadJsonItem<Item>; readonly sink: Sink<Item> },
): Generator<void, void, void> {
  const shape = SHAPES[kind];
  const cut = yield* scanJson(body, {
    path: shape.path,
    depthMax: context.limits.jsonDepthMax,
    frameBytesMax: context.limits.jsonFrameBytesMax,
    elementsMax: context.limits.messagesMax,
  });
  const request = objectOf(parse(cut.frame), "the request");
  const elements = new Elements(body, cut);
  for (const resource of listOf(field(request, ...shape.resources), shape.resources[0])) {
    const outer = objectOf(resource, shape.resources[0]);
    for (const scope of listOf(field(outer, ...shape.scopes), shape.scopes[0])) {
      const inner = objectOf(scope, shape.scopes[0]);
      const items = listOf(field(inner, ...shape.items), shape.items[0]);
      yield* readJsonItems(items, elements, context, options);
    }
    options.sink.flush(resourceOf(outer.resource, context));
  }
}

function* readJsonItems<Item>(
  items: readonly unknown[],
  elements: Elements,
  context: DecodeContext,
  options: { readonly readItem: ReadJsonItem<Item>; readonly sink: Sink<Item> },
): Generator<void, void, void> {
  let sliced = 0;
  for (const item of items) {
    const slices = options.readItem(item, elements, context, options.sink);
    if (slices !== undefined) yield* slices;
    sliced += 1;
    if (sliced % ITEMS_PER_SLICE === 0) yield;
  }
}
