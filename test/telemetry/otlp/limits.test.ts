import { describe, expect, test } from "vitest";
import { isOperationError } from "../../../src/errors.ts";
import type { AttributeValue } from "../../../src/model/entity.ts";
import { createDecodeContext, type OtlpLimits } from "../../../src/telemetry/otlp/context.ts";
import { decodeOtlp, decodeSlices, type OtlpEncoding } from "../../../src/telemetry/otlp/decode.ts";
import type { OtlpKind } from "../../../src/telemetry/otlp/frame.ts";
import { nanosToMs, WireReader } from "../../../src/telemetry/otlp/wire.ts";
import {
  logsJson,
  logsProtobuf,
  metricsJson,
  metricsProtobuf,
  NOW_MS,
  spanId,
  traceId,
  tracesJson,
  tracesProtobuf,
} from "./payloads.ts";

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
/** A length-delimited field. */
const field = (number: number, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(body.length)]), body]);
};
const fixed = (number: number, ms: number): Buffer => {
  const bytes = Buffer.alloc(9);
  bytes[0] = number * 8 + 1;
  bytes.writeBigUInt64LE(BigInt(ms) * 1_000_000n, 1);
  return bytes;
};
const request = (...spanFields: Buffer[]): Buffer =>
  field(1, field(2, field(2, ...wireSpan, ...spanFields)));
const wireSpan = [
  field(1, Buffer.from(traceId(1), "hex")),
  field(2, Buffer.from(spanId(1), "hex")),
  fixed(7, NOW_MS),
  fixed(8, NOW_MS),
];
const attribute = (key: string, ...value: Buffer[]): Buffer =>
  field(9, field(1, key), field(2, ...value));

function decode(
  body: Buffer,
  encoding: OtlpEncoding = "protobuf",
  limits: Partial<OtlpLimits> = {},
) {
  const context = createDecodeContext({ source: "otlp", receivedMs: NOW_MS, limits });
  const signals = decodeOtlp({ kind: "traces", encoding, body }, context);
  const spans = signals.flatMap((signal) => (signal.type === "spans" ? signal.spans : []));
  return { signals, spans, ...context.report };
}

function codeOf(
  body: Buffer,
  encoding: OtlpEncoding = "protobuf",
  kind: OtlpKind = "traces",
): string {
  const context = createDecodeContext({ source: "otlp", receivedMs: NOW_MS });
  try {
    decodeOtlp({ kind, encoding, body }, context);
  } catch (error) {
    if (isOperationError(error)) return error.code;
    throw error;
  }
  return "none";
}

/** The same attributes in both encodings. */
function bothWays(attributes: readonly (readonly [string, string])[]) {
  const wire = request(...attributes.map(([key, value]) => attribute(key, field(1, value))));
  const text = JSON.stringify({
    resourceSpans: [
      {
        scopeSpans: [
          {
            spans: [
              {
                traceId: traceId(1),
                spanId: spanId(1),
                startTimeUnixNano: `${NOW_MS}000000`,
                endTimeUnixNano: `${NOW_MS}000000`,
                attributes: attributes.map(([key, stringValue]) => ({
                  key,
                  value: { stringValue },
                })),
              },
            ],
          },
        ],
      },
    ],
  });
  return [decode(wire), decode(Buffer.from(text), "json")] as const;
}

describe("attributes are bounded alike in both encodings", () => {
  test("count, key length and value length", () => {
    const many = Array.from({ length: 200 }, (_, index) => [`k${index}`, "v"] as const);
    for (const { spans, dropped } of bothWays(many)) {
      expect(Object.keys(spans[0]?.attributes ?? {})).toHaveLength(128);
      expect(dropped.has("attribute_limit")).toBe(true);
    }
    const long = [
      ["k".repeat(257), "v"],
      ["é", "é".repeat(4000)],
      ["a", "x".repeat(70_000)],
    ] as const;
    for (const { spans, dropped } of bothWays(long)) {
      expect(spans[0]?.attributes).toEqual({ é: "é".repeat(2048), a: "x".repeat(4096) });
      expect(dropped.get("key_length")).toBe(1);
      expect(dropped.get("value_length")).toBe(2);
    }
  });

  test("a prototype cannot be set", () => {
    for (const { spans, dropped } of bothWays([
      ["__proto__", "x"],
      ["constructor", "y"],
      ["", "z"],
    ])) {
      const attributes: Readonly<Record<string, AttributeValue>> = spans[0]?.attributes ?? {};
      expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
      expect(Object.entries(attributes)).toEqual([["constructor", "y"]]);
      expect(dropped.get("key_refused")).toBe(2);
    }
  });

  test.each([17, 100, 20_000])("a value nested %d deep is flattened, not followed", (depth) => {
    let value = field(1, "leaf");
    for (let level = 0; level < depth; level++) value = field(5, field(1, value));
    const { spans, dropped } = decode(request(attribute("deep", value)));
    expect(spans[0]?.attributes.deep).toBe(`${"[".repeat(16)}"…"${"]".repeat(16)}`);
    expect(dropped.get("value_depth")).toBe(1);
  });

  test("links are bounded and broken ones left out", () => {
    const link = field(
      13,
      field(1, Buffer.from(traceId(2), "hex")),
      field(2, Buffer.from(spanId(2), "hex")),
    );
    const links = Array.from({ length: 10_000 }, () => link);
    const { spans, dropped } = decode(request(...links, field(13)));
    expect(spans[0]?.links).toHaveLength(32);
    expect(dropped.get("link_limit")).toBe(9968);
    expect(dropped.get("link_id")).toBe(1);
  });
});

describe("requests are bounded", () => {
  test("twenty megabytes of empty messages are refused at once", () => {
    const empty = Buffer.alloc(20 * 1024 * 1024);
    for (let at = 0; at < empty.length; at += 2) empty[at] = 10;
    const startedMs = performance.now();
    expect(codeOf(empty)).toBe("otlp_too_large");
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  test("spans beyond the limit are rejected, the others are taken in parts", () => {
    for (const [body, encoding] of [
      [tracesProtobuf(300), "protobuf"],
      [tracesJson(300), "json"],
    ] as const) {
      const limits = { itemsMax: 250, signalItemsMax: 100 };
      const { signals, spans, rejected } = decode(body, encoding, limits);
      expect(signals.map((signal) => (signal.type === "spans" ? signal.spans.length : 0))).toEqual([
        100, 100, 50,
      ]);
      expect(spans).toHaveLength(250);
      expect(rejected.get("request_limit")).toBe(50);
    }
  });

  test.each([
    ["a length that lies by 2 GiB", Buffer.from([10, 255, 255, 255, 255, 7])],
    ["a field that reaches beyond its message", Buffer.from([10, 2, 18, 5, 0, 0, 0, 0, 0])],
    ["a varint without end", Buffer.alloc(40, 255)],
    ["field number 0", Buffer.from([2, 0])],
    ["a group", Buffer.from([11, 12])],
    ["a body that ends inside a number", field(1, field(2, field(2, Buffer.from([57, 1]))))],
  ])("%s is malformed", (_, body) => {
    expect(codeOf(body)).toBe("otlp_malformed");
  });

  test("an empty protobuf body is an empty request", () => {
    expect(codeOf(Buffer.alloc(0))).toBe("none");
  });

  test.each([
    ["traces", "protobuf", tracesProtobuf(10_000)],
    ["traces", "json", tracesJson(5000)],
    ["metrics", "protobuf", metricsProtobuf(3000)],
    ["metrics", "json", metricsJson(3000)],
    ["logs", "json", logsJson(5000)],
  ] as const)("large %s in %s are decoded in many short slices", (kind, encoding, body) => {
    const context = createDecodeContext({ source: "otlp", receivedMs: NOW_MS });
    const slices = decodeSlices({ kind, encoding, body }, context);
    const sliceMs: number[] = [];
    for (let isDone = false; !isDone; ) {
      const startedMs = performance.now();
      isDone = slices.next().done === true;
      sliceMs.push(performance.now() - startedMs);
    }
    sliceMs.sort((a, b) => a - b);
    expect(sliceMs.length).toBeGreaterThan(30);
    // Every tenth may meet the compiler or the garbage collector.
    expect(sliceMs[Math.floor(sliceMs.length * 0.9)]).toBeLessThan(10);
  });
});

describe("numbers on the wire", () => {
  test("64-bit varints keep their sign and nearest double", () => {
    const cases: [bigint, number][] = [
      [0n, 0],
      [-1n, -1],
      [2n ** 53n + 1n, 2 ** 53],
      [-(2n ** 63n), -(2 ** 63)],
      [300n, 300],
    ];
    for (const [value, expected] of cases) {
      const bytes: number[] = [];
      for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
        bytes.push(Number(rest & 127n) + (rest > 127n ? 128 : 0));
        if (rest <= 127n) break;
      }
      expect(new WireReader(Buffer.from(bytes), 1).varint64(true)).toBe(expected);
    }
  });

  test("nanoseconds become milliseconds without drift", () => {
    const nanos = 1_795_532_400_123_456_789n;
    expect(nanosToMs(Number(nanos >> 32n), Number(nanos & 0xffffffffn))).toBe(
      1_795_532_400_123 + 0.456789,
    );
  });
});

/** Mulberry32. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

test("twenty thousand damaged requests decode or are refused, and nothing else", {
  timeout: 60_000,
}, () => {
  const random = seeded(20_261_124);
  const bodies = [
    ["traces", "protobuf", tracesProtobuf(5)],
    ["traces", "json", tracesJson(5)],
    ["metrics", "protobuf", metricsProtobuf(3)],
    ["metrics", "json", metricsJson(3)],
    ["logs", "protobuf", logsProtobuf(5)],
    ["logs", "json", logsJson(5)],
  ] as const;
  const outcomes = new Map<string, number>();
  let slowestMs = 0;
  for (let run = 0; run < 20_000; run++) {
    const [kind, encoding, whole] = bodies[run % bodies.length] ?? bodies[0];
    const damaged = Buffer.from(whole);
    for (let hit = 0; hit <= run % 5; hit++) damaged[random(damaged.length)] = random(256);
    const body = run % 3 === 0 ? damaged.subarray(0, random(damaged.length)) : damaged;
    const startedMs = performance.now();
    const outcome = codeOf(body, encoding, kind);
    slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect([...outcomes.keys()].sort()).toEqual(["none", "otlp_malformed"]);
  expect(outcomes.get("none")).toBeGreaterThan(1000);
  expect(slowestMs).toBeLessThan(500);
});
