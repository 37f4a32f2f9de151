import type { DecodeReport } from "./otlp/context.ts";
import type { OtlpEncoding } from "./otlp/decode.ts";
import type { OtlpKind } from "./otlp/frame.ts";

/** One HTTP answer. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** google.rpc.Code for the HTTP statuses that a receiver answers. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  413: 8,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
};

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

const textField = (field: number, text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes]);
};
const numberField = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)]);

/** An error as OTLP/HTTP wants it: `google.rpc.Status` in the content type of the request. */
export function errorAnswer(
  status: number,
  message: string,
  encoding: OtlpEncoding,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const code = RPC_CODES[status] ?? 2;
  const body =
    encoding === "json"
      ? JSON.stringify({ code, message })
      : Buffer.concat([numberField(1, code), textField(2, message)]);
  return { status, contentType: CONTENT_TYPES[encoding], body, headers };
}

const REJECTED_FIELDS: Readonly<Record<OtlpKind, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
};

/** What a person reads about items that were not taken: "2 id_invalid, 1 time_future". */
function rejectionText(report: DecodeReport): string {
  return Array.from(report.rejected, ([reason, count]) => `${count} ${reason}`).join(", ");
}

/** The export response: empty, or with `partial_success` when some items were rejected. */
export function exportAnswer(kind: OtlpKind, encoding: OtlpEncoding, report: DecodeReport): Answer {
  const contentType = CONTENT_TYPES[encoding];
  const rejected = report.rejectedCount();
  const message = rejectionText(report);
  if (encoding === "json") {
    // 64-bit integers are strings in protobuf's JSON.
    const partialSuccess = { [REJECTED_FIELDS[kind]]: String(rejected), errorMessage: message };
    const body = rejected === 0 ? "{}" : JSON.stringify({ partialSuccess });
    return { status: 200, contentType, body };
  }
  if (rejected === 0) return { status: 200, contentType, body: Buffer.alloc(0) };
  const partial = Buffer.concat([numberField(1, rejected), textField(2, message)]);
  const body = Buffer.concat([varint(10), varint(partial.length), partial]);
  return { status: 200, contentType, body };
}

export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, contentType: CONTENT_TYPES.json, body: JSON.stringify(value) };
}
