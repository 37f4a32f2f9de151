import type { Attributes } from "../../model/entity.ts";
import type { Span } from "../../model/signal.ts";
import { type DecodeContext, isTimely } from "./context.ts";
import type { Sink } from "./frame.ts";
import type { WireReader } from "./wire.ts";
import {
  type MutableAttributes,
  readAttribute,
  readAttributesOf,
  readName,
  readText,
} from "./wire-attributes.ts";

interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
}

/** A span under construction: one shape for all, so that the hot loop stays monomorphic. */
export interface SpanDraft {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  startMs: number;
  endMs: number;
  status: number;
  statusMessage: string;
  attributes: MutableAttributes;
  links: SpanLink[] | undefined;
}

/** Attributes of an `exception` event are kept on the span itself: the rest of the events is not part of the model. */
const EXCEPTION_KEYS = ["exception.type", "exception.message"] as const;

export function readSpan(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  sink: Sink<Span>,
): undefined {
  if (!sink.hasRoom()) {
    reader.pos = end;
    return;
  }
  const span: SpanDraft = {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    startMs: 0,
    endMs: 0,
    status: 0,
    statusMessage: "",
    attributes: {},
    links: undefined,
  };
  readSpanFields(reader, end, context, span);
  reader.close(end);
  const checked = checkSpan(context, span);
  if (checked !== undefined) sink.add(checked);
}

function readSpanFields(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  span: SpanDraft,
): void {
  let held = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        span.traceId = reader.id(16);
        break;
      case 18:
        span.spanId = reader.id(8);
        break;
      case 34:
        span.parentSpanId = reader.id(8);
        break;
      case 42:
        span.name = readName(reader, context);
        break;
      case 48:
        span.kind = reader.uint32();
        break;
      case 57:
        span.startMs = reader.timeMs();
        break;
      case 65:
        span.endMs = reader.timeMs();
        break;
      case 74:
        held = readAttribute(reader, context, span.attributes, held);
        break;
      case 90:
        readEvent(reader, context, span);
        break;
      case 106:
        readLink(reader, context, span);
        break;
      case 122:
        readStatus(reader, context, span);
        break;
      default:
        reader.skip(tag);
    }
  }
}

function readStatus(reader: WireReader, context: DecodeContext, span: SpanDraft): void {
  const end = reader.message();
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 18) span.statusMessage = readText(reader, context, context.limits.valueBytesMax);
    else if (tag === 24) span.status = reader.uint32();
    else reader.skip(tag);
  }
  reader.close(end);
}

function readEvent(reader: WireReader, context: DecodeContext, span: SpanDraft): void {
  const end = reader.message();
  const start = reader.pos;
  let name = "";
  while (reader.pos < end && name === "") {
    const tag = reader.uint32();
    if (tag === 18) name = readName(reader, context);
    else reader.skip(tag);
  }
  if (name !== "exception") {
    reader.pos = end;
    return;
  }
  reader.pos = start;
  keepException(span, readAttributesOf(reader, end, context, 26));
}

/** The first exception of a span stands for it. */
export function keepException(span: SpanDraft, attributes: Attributes): void {
  for (const key of EXCEPTION_KEYS) {
    const value = attributes[key];
    if (value !== undefined && span.attributes[key] === undefined) span.attributes[key] = value;
  }
}

function readLink(reader: WireReader, context: DecodeContext, span: SpanDraft): void {
  const end = reader.message();
  let traceId = "";
  let spanId = "";
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) traceId = reader.id(16);
    else if (tag === 18) spanId = reader.id(8);
    else reader.skip(tag);
  }
  reader.close(end);
  addLink(context, span, { traceId, spanId });
}

export function addLink(context: DecodeContext, span: SpanDraft, link: SpanLink): void {
  span.links ??= [];
  if (link.traceId === "" || link.spanId === "") context.report.drop("link_id");
  else if (span.links.length >= context.limits.linksMax) context.report.drop("link_limit");
  else span.links.push(link);
}

/** The span as the model takes it, or `undefined` when it was rejected. */
export function checkSpan(context: DecodeContext, span: SpanDraft): Span | undefined {
  if (span.traceId === "" || span.spanId === "") {
    context.report.reject("id_invalid");
    return undefined;
  }
  if (!isTimely(context, span.startMs)) return undefined;
  if (span.endMs < span.startMs) {
    context.report.drop("end_before_start");
    span.endMs = span.startMs;
  }
  if (!isTimely(context, span.endMs)) return undefined;
  if (span.parentSpanId === span.spanId) {
    context.report.drop("self_parent");
    span.parentSpanId = "";
  }
  if (span.kind > 5) span.kind = 0;
  if (span.status > 2) span.status = 0;
  return span;
}
