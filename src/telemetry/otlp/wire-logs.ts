import type { LogRecord } from "../../model/signal.ts";
import { type DecodeContext, isTimely } from "./context.ts";
import type { Sink } from "./frame.ts";
import type { WireReader } from "./wire.ts";
import { type MutableAttributes, readAttribute, readName, readValue } from "./wire-attributes.ts";

/** A log record under construction. */
export interface LogDraft {
  timeMs: number;
  observedMs: number;
  severity: number;
  body: string;
  traceId: string;
  spanId: string;
  eventName: string;
  attributes: MutableAttributes;
}

export function readLogRecord(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  sink: Sink<LogRecord>,
): undefined {
  if (!sink.hasRoom()) {
    reader.pos = end;
    return;
  }
  const draft: LogDraft = {
    timeMs: 0,
    observedMs: 0,
    severity: 0,
    body: "",
    traceId: "",
    spanId: "",
    eventName: "",
    attributes: {},
  };
  let held = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 50) held = readAttribute(reader, context, draft.attributes, held);
    else readLogField(reader, tag, context, draft);
  }
  reader.close(end);
  const record = checkLogRecord(context, draft);
  if (record !== undefined) sink.add(record);
}

function readLogField(
  reader: WireReader,
  tag: number,
  context: DecodeContext,
  draft: LogDraft,
): void {
  switch (tag) {
    case 9:
      draft.timeMs = reader.timeMs();
      return;
    case 16:
      draft.severity = reader.uint32();
      return;
    case 42:
      draft.body = String(readValue(reader, reader.message(), context) ?? "");
      return;
    case 74:
      draft.traceId = reader.id(16);
      return;
    case 82:
      draft.spanId = reader.id(8);
      return;
    case 89:
      draft.observedMs = reader.timeMs();
      return;
    case 98:
      draft.eventName = readName(reader, context);
      return;
    default:
      reader.skip(tag);
  }
}

/** The record as the model takes it, or `undefined` when it was rejected. */
export function checkLogRecord(context: DecodeContext, draft: LogDraft): LogRecord | undefined {
  // Time is optional in OTLP; when it was observed is the next best, and receivers may not lack both.
  const timeMs = draft.timeMs > 0 ? draft.timeMs : draft.observedMs;
  if (!isTimely(context, timeMs)) return undefined;
  if (draft.eventName !== "" && draft.attributes["event.name"] === undefined) {
    draft.attributes["event.name"] = draft.eventName;
  }
  return {
    timeMs,
    severity: draft.severity > 24 ? 0 : draft.severity,
    body: draft.body,
    traceId: draft.traceId,
    spanId: draft.spanId,
    attributes: draft.attributes,
  };
}
