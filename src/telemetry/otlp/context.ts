import { OperationError } from "../../errors.ts";
import { StringCache } from "./string-cache.ts";

/** Bounds on one export request. Every one that bites is counted in the report under the reason in brackets. */
export interface OtlpLimits {
  /** Attributes kept for one span, point, record or resource [attribute_limit]. */
  readonly attributesMax: number;
  /** A longer key drops its attribute [key_length]. */
  readonly keyBytesMax: number;
  /** A longer text value is cut [value_length]. */
  readonly valueBytesMax: number;
  /** Span, metric and unit names are cut [name_length]. */
  readonly nameBytesMax: number;
  /** Arrays and maps inside an attribute value; deeper ones become "…" [value_depth]. */
  readonly valueDepthMax: number;
  /**
   * Messages inside one request, an attribute with its value counted once; more refuse it whole. A full body of 16 MiB
   * from a real SDK holds about 450,000; one of empty messages eight million, which would block and bloat the process.
   */
  readonly messagesMax: number;
  /** Spans, points or records taken from one request; the rest is rejected [request_limit]. */
  readonly itemsMax: number;
  /** Links kept for one span [link_limit]. */
  readonly linksMax: number;
  /** Buckets or quantiles of one point; more reject it [bucket_limit]. */
  readonly bucketsMax: number;
  readonly jsonDepthMax: number;
  /** JSON outside spans, points and records, which is parsed in one go. */
  readonly jsonFrameBytesMax: number;
  /** A time further ahead rejects its item [time_future]; Prometheus allows the same ten minutes. */
  readonly aheadMsMax: number;
  /** One signal carries at most so many items, so that whoever applies it can stop in between. */
  readonly signalItemsMax: number;
}

const OTLP_LIMITS: OtlpLimits = {
  attributesMax: 128,
  keyBytesMax: 256,
  valueBytesMax: 4096,
  nameBytesMax: 1024,
  valueDepthMax: 16,
  messagesMax: 1_000_000,
  itemsMax: 65_536,
  linksMax: 32,
  bucketsMax: 1024,
  jsonDepthMax: 64,
  jsonFrameBytesMax: 8_388_608,
  aheadMsMax: 600_000,
  signalItemsMax: 1024,
};

/** What was left out of one request, by reason. Rejected items are told to the sender, dropped details are counted. */
export class DecodeReport {
  readonly rejected = new Map<string, number>();
  readonly dropped = new Map<string, number>();

  reject(reason: string, count = 1): void {
    this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + count);
  }

  drop(reason: string): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
  }

  rejectedCount(): number {
    let count = 0;
    for (const value of this.rejected.values()) count += value;
    return count;
  }
}

export interface DecodeContext {
  readonly source: string;
  readonly receivedMs: number;
  readonly limits: OtlpLimits;
  readonly report: DecodeReport;
  readonly strings: StringCache;
}

export function createDecodeContext(options: {
  readonly source: string;
  readonly receivedMs: number;
  readonly limits?: Partial<OtlpLimits>;
  readonly strings?: StringCache;
}): DecodeContext {
  return {
    source: options.source,
    receivedMs: options.receivedMs,
    limits: { ...OTLP_LIMITS, ...options.limits },
    report: new DecodeReport(),
    strings: options.strings ?? new StringCache(),
  };
}

/** The request is not OTLP: the sender must not send it again. */
export function malformed(what: string, cause?: unknown): OperationError {
  return new OperationError("otlp_malformed", `The request is not valid OTLP: ${what}.`, { cause });
}

/** The request is beyond a limit as a whole. */
export function tooLarge(what: string): OperationError {
  return new OperationError(
    "otlp_too_large",
    `The request is too large: ${what}. Send smaller batches.`,
  );
}

/** False, and the item rejected, when its time is missing or too far ahead of the receiver's clock. */
export function isTimely(context: DecodeContext, timeMs: number): boolean {
  if (!(timeMs > 0)) {
    context.report.reject("time_missing");
    return false;
  }
  if (timeMs > context.receivedMs + context.limits.aheadMsMax) {
    context.report.reject("time_future");
    return false;
  }
  return true;
}
