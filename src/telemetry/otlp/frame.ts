import type { Attributes } from "../../model/entity.ts";
import type { LogRecord, MetricPoint, Signal, Span } from "../../model/signal.ts";
import type { DecodeContext } from "./context.ts";
import type { WireReader } from "./wire.ts";
import { readAttributesOf } from "./wire-attributes.ts";

export type OtlpKind = "traces" | "metrics" | "logs";

/** Gathers decoded items into signals of one resource, each of bounded size. */
export interface Sink<Item> {
  /** Items taken so far in this request. */
  readonly taken: number;
  /** False, and the item rejected, when the request holds too many. */
  hasRoom(): boolean;
  add(item: Item): void;
  /** Closes the current resource. */
  flush(resource: Attributes): void;
}

/** One signal of items of one resource. */
export type MakeSignal<Item> = (resource: Attributes, items: readonly Item[]) => Signal;

export function createSink<Item>(
  context: DecodeContext,
  makeSignal: MakeSignal<Item>,
  signals: Signal[],
): Sink<Item> {
  let items: Item[] = [];
  let taken = 0;
  return {
    get taken() {
      return taken;
    },
    hasRoom: () => {
      if (taken < context.limits.itemsMax) return true;
      context.report.reject("request_limit");
      return false;
    },
    add: (item) => {
      items.push(item);
      taken += 1;
    },
    flush: (resource) => {
      const size = context.limits.signalItemsMax;
      for (let from = 0; from < items.length; from += size) {
        const part = items.length <= size ? items : items.slice(from, from + size);
        signals.push(makeSignal(resource, part));
      }
      items = [];
    },
  };
}

export const spansSignal =
  (context: DecodeContext): MakeSignal<Span> =>
  (resource, spans) => ({
    type: "spans",
    source: context.source,
    receivedMs: context.receivedMs,
    resource,
    spans,
  });

export const metricsSignal =
  (context: DecodeContext): MakeSignal<MetricPoint> =>
  (resource, points) => ({
    type: "metrics",
    source: context.source,
    receivedMs: context.receivedMs,
    resource,
    points,
  });

export const logsSignal =
  (context: DecodeContext): MakeSignal<LogRecord> =>
  (resource, records) => ({
    type: "logs",
    source: context.source,
    receivedMs: context.receivedMs,
    resource,
    records,
  });

/** Items decoded between two chances for the event loop; about a third of a millisecond. */
const ITEMS_PER_SLICE = 128;

/** Reads one span, metric or log record that ends at `end`. May yield in between. */
export type ReadItem<Item> = (
  reader: WireReader,
  end: number,
  context: DecodeContext,
  sink: Sink<Item>,
) => Generator<void, void, void> | undefined;

/**
 * The three requests have one frame: resources (1) holding a resource (1) and scopes (2), scopes holding items (2).
 * Yields between slices, so that a large body does not hold the event loop.
 */
export function* readFrame<Item>(
  reader: WireReader,
  context: DecodeContext,
  readItem: ReadItem<Item>,
  sink: Sink<Item>,
): Generator<void, void, void> {
  while (reader.pos < reader.end) {
    const tag = reader.uint32();
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    const end = reader.message();
    const resource = readResource(reader, end, context);
    while (reader.pos < end) {
      const inner = reader.uint32();
      if (inner === 18) yield* readScope(reader, context, readItem, sink);
      else reader.skip(inner);
    }
    reader.close(end);
    sink.flush(resource);
    yield;
  }
  reader.close(reader.end);
}

/** The resource may come after its scopes on the wire, so it is looked for first. Leaves the position as it was. */
function readResource(reader: WireReader, end: number, context: DecodeContext): Attributes {
  const start = reader.pos;
  let resource: Attributes = {};
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) resource = readAttributesOf(reader, reader.message(), context, 10);
    else reader.skip(tag);
  }
  reader.close(end);
  reader.pos = start;
  return resource;
}

function* readScope<Item>(
  reader: WireReader,
  context: DecodeContext,
  readItem: ReadItem<Item>,
  sink: Sink<Item>,
): Generator<void, void, void> {
  const end = reader.message();
  let sliced = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag !== 18) {
      reader.skip(tag);
      continue;
    }
    const slices = readItem(reader, reader.message(), context, sink);
    if (slices !== undefined) yield* slices;
    sliced += 1;
    if (sliced % ITEMS_PER_SLICE === 0) yield;
  }
  reader.close(end);
}
