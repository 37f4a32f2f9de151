import type { IncomingMessage } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isOperationError, OperationError } from "../errors.ts";
import type { Meter } from "../meter.ts";
import type { ChangeRecord, Signal } from "../model/signal.ts";
import { type Answer, errorAnswer, exportAnswer, jsonAnswer } from "./answer.ts";
import { parseChanges } from "./changes.ts";
import { createDecodeContext, type DecodeContext, malformed } from "./otlp/context.ts";
import { decodeSlices, type OtlpEncoding, type OtlpRequest } from "./otlp/decode.ts";
import type { OtlpKind } from "./otlp/frame.ts";
import { StringCache } from "./otlp/string-cache.ts";
import type { SignalQueue } from "./queue.ts";
import type { ReceiverLimits } from "./receiver-limits.ts";
import { type InFlight, withBody } from "./request-body.ts";

export interface RouteOptions {
  readonly limits: ReceiverLimits;
  readonly queue: SignalQueue;
  readonly meter: Meter;
  readonly nowMs: () => number;
  /** In [0, 1): spreads `Retry-After`. */
  readonly random: () => number;
  /** Makes changes durable and returns those that are new; they are answered for only after it resolves. */
  readonly onChanges: (records: readonly ChangeRecord[]) => Promise<readonly ChangeRecord[]>;
}

export interface Routes {
  exportSignals(request: IncomingMessage, kind: OtlpKind): Promise<Answer>;
  recordChanges(request: IncomingMessage): Promise<Answer>;
}

const SOURCE = "otlp";

/** The encoding that a content type names; parameters such as the charset do not matter. */
export function encodingOf(request: IncomingMessage): OtlpEncoding | undefined {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-protobuf") return "protobuf";
  return type === "application/json" ? "json" : undefined;
}

const queueFull = (): OperationError =>
  new OperationError("queue_full", "The queue is full; send again later.");

/** Whether the body is gzip. Errors: `OperationError("unsupported")` for anything but identity and gzip. */
function isGzip(request: IncomingMessage): boolean {
  const coding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (coding === "gzip") return true;
  if (coding === "identity") return false;
  throw new OperationError("unsupported", "Content-Encoding must be identity or gzip.");
}

const STATUS_OF: Readonly<Record<string, number>> = {
  otlp_malformed: 400,
  changes_malformed: 400,
  aborted: 400,
  otlp_too_large: 413,
  unsupported: 415,
  queue_full: 429,
  busy: 503,
};

export function createRoutes(options: RouteOptions): Routes {
  const { limits, queue, meter } = options;
  const inFlight: InFlight = { bytes: 0 };
  const strings = new StringCache();

  /** Our own errors as answers; others are for the caller. */
  const refusal = (error: unknown, encoding: OtlpEncoding): Answer => {
    const status = isOperationError(error) ? STATUS_OF[error.code] : undefined;
    if (!isOperationError(error) || status === undefined) throw error;
    meter.add("orrery_requests_refused_total", 1, { reason: error.code });
    if (status !== 429 && status !== 503) return errorAnswer(status, error.message, encoding);
    const seconds = 1 + Math.floor(options.random() * limits.retryAfterSecondsMax);
    const retryAfter = String(Math.min(seconds, limits.retryAfterSecondsMax));
    return errorAnswer(status, error.message, encoding, { "retry-after": retryAfter });
  };

  const enqueue = (signals: readonly Signal[]): void => {
    if (!queue.offer(signals)) throw queueFull();
  };

  const exportSignals = async (request: IncomingMessage, kind: OtlpKind): Promise<Answer> => {
    const encoding = encodingOf(request);
    if (encoding === undefined) {
      const error = new OperationError(
        "unsupported",
        "Content-Type must be application/x-protobuf or application/json.",
      );
      return refusal(error, "json");
    }
    try {
      if (queue.depth >= limits.queueItemsMax) throw queueFull();
      const bounds = { ...limits, bytesMax: limits.bodyBytesMax };
      const body = { limits: bounds, inFlight, isGzip: isGzip(request) };
      return await withBody(request, body, async (bytes) => {
        const context = createDecodeContext({
          source: SOURCE,
          receivedMs: options.nowMs(),
          strings,
        });
        const signals = await decodeInTurns({ kind, encoding, body: bytes }, context);
        enqueue(signals);
        countReport(meter, kind, context);
        return exportAnswer(kind, encoding, context.report);
      });
    } catch (error) {
      return refusal(error, encoding);
    }
  };

  const recordChanges = async (request: IncomingMessage): Promise<Answer> => {
    try {
      if (encodingOf(request) !== "json") {
        throw new OperationError("unsupported", "Content-Type must be application/json.");
      }
      const bounds = { ...limits, bytesMax: limits.changesBytesMax };
      const body = { limits: bounds, inFlight, isGzip: isGzip(request) };
      return await withBody(request, body, async (bytes) => {
        const receivedMs = options.nowMs();
        const records = parseChanges(parseJson(bytes), receivedMs);
        const added = await options.onChanges(records);
        queue.force(
          added.map((change) => ({ type: "change", source: "changes", receivedMs, change })),
        );
        meter.add("orrery_changes_received_total", added.length);
        return jsonAnswer({ ids: records.map(({ id }) => id), added: added.length });
      });
    } catch (error) {
      return refusal(error, "json");
    }
  };

  return { exportSignals, recordChanges };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw malformed("the body is not JSON", error);
  }
}

/** Gives the event loop a turn after every slice, so that a large body does not hold up Slack. */
async function decodeInTurns(
  request: OtlpRequest,
  context: DecodeContext,
): Promise<readonly Signal[]> {
  const slices = decodeSlices(request, context);
  for (;;) {
    const step = slices.next();
    if (step.done === true) return step.value;
    // biome-ignore lint/performance/noAwaitInLoops: the point of the loop is to let others run in between.
    await nextTurn();
  }
}

function countReport(meter: Meter, kind: OtlpKind, { report }: DecodeContext): void {
  for (const [reason, count] of report.rejected) {
    meter.add("orrery_items_rejected_total", count, { signal: kind, reason });
  }
  for (const [reason, count] of report.dropped) {
    meter.add("orrery_details_dropped_total", count, { signal: kind, reason });
  }
}
