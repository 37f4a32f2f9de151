import type { Signal } from "../../model/signal.ts";
import type { DecodeContext } from "./context.ts";
import {
  createSink,
  logsSignal,
  metricsSignal,
  type OtlpKind,
  readFrame,
  spansSignal,
} from "./frame.ts";
import { readJsonFrame, readJsonLogRecord, readJsonMetric, readJsonSpan } from "./json-frame.ts";
import { WireReader } from "./wire.ts";
import { readLogRecord } from "./wire-logs.ts";
import { readMetric } from "./wire-metrics.ts";
import { readSpan } from "./wire-traces.ts";

export type OtlpEncoding = "protobuf" | "json";

export interface OtlpRequest {
  readonly kind: OtlpKind;
  readonly encoding: OtlpEncoding;
  /** Decompressed. */
  readonly body: Buffer;
}

/**
 * One export request as signals, in slices of at most about a millisecond: between two, the caller may let others run.
 * What was left out is in `context.report`. Nothing is returned from a request that fails as a whole.
 * Errors: `OperationError("otlp_malformed")`, `OperationError("otlp_too_large")`.
 */
export function* decodeSlices(
  request: OtlpRequest,
  context: DecodeContext,
): Generator<void, readonly Signal[], void> {
  const signals: Signal[] = [];
  if (request.encoding === "json") yield* decodeJson(request, context, signals);
  else yield* decodeWire(request, context, signals);
  return signals;
}

function decodeWire(
  { kind, body }: OtlpRequest,
  context: DecodeContext,
  signals: Signal[],
): Generator<void, void, void> {
  const reader = new WireReader(body, context.limits.messagesMax);
  switch (kind) {
    case "traces":
      return readFrame(
        reader,
        context,
        readSpan,
        createSink(context, spansSignal(context), signals),
      );
    case "metrics":
      return readFrame(
        reader,
        context,
        readMetric,
        createSink(context, metricsSignal(context), signals),
      );
    case "logs":
      return readFrame(
        reader,
        context,
        readLogRecord,
        createSink(context, logsSignal(context), signals),
      );
  }
}

function decodeJson(
  { kind, body }: OtlpRequest,
  context: DecodeContext,
  signals: Signal[],
): Generator<void, void, void> {
  switch (kind) {
    case "traces":
      return readJsonFrame(body, context, kind, {
        readItem: readJsonSpan,
        sink: createSink(context, spansSignal(context), signals),
      });
    case "metrics":
      return readJsonFrame(body, context, kind, {
        readItem: readJsonMetric,
        sink: createSink(context, metricsSignal(context), signals),
      });
    case "logs":
      return readJsonFrame(body, context, kind, {
        readItem: readJsonLogRecord,
        sink: createSink(context, logsSignal(context), signals),
      });
  }
}

/** The same in one go: for recorded files and small requests. */
export function decodeOtlp(request: OtlpRequest, context: DecodeContext): readonly Signal[] {
  const slices = decodeSlices(request, context);
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
  }
}
