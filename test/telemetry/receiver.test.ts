import { monitorEventLoopDelay } from "node:perf_hooks";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { logsProtobuf, metricsJson, NOW_MS, tracesJson, tracesProtobuf } from "./otlp/payloads.ts";
import { clock, JSON_TYPE, PROTOBUF, post, start } from "./running-receiver.ts";

describe("export requests", () => {
  test("become signals that the watch loop takes in batches", async () => {
    const { receiver, url } = await start();
    const answers = await Promise.all([
      post(`${url}/v1/traces`, tracesProtobuf(10)),
      post(`${url}/v1/logs`, gzipSync(logsProtobuf(4)), {
        ...PROTOBUF,
        "content-encoding": "gzip",
      }),
      post(`${url}/v1/metrics`, metricsJson(2), {
        "content-type": "Application/JSON; charset=utf-8",
      }),
    ]);
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [200, ""],
      [200, ""],
      [200, "{}"],
    ]);
    expect(answers[0]?.headers.get("content-type")).toBe("application/x-protobuf");
    expect(receiver.depth).toBe(22);
    const first = receiver.take(1);
    expect(first).toHaveLength(1);
    const rest = receiver.take(1000);
    expect([...first, ...rest].map(({ type }) => type).sort()).toEqual([
      "logs",
      "metrics",
      "spans",
    ]);
    expect(receiver.depth).toBe(0);
    expect(receiver.take(1000)).toEqual([]);
  });

  test("say which items were rejected, in the encoding of the request", async () => {
    const { url, meter } = await start({ clock: { ...clock, nowMs: () => NOW_MS - 3_600_000 } });
    const inJson = await post(`${url}/v1/traces`, tracesJson(3), JSON_TYPE);
    expect(JSON.parse(inJson.text)).toEqual({
      partialSuccess: { rejectedSpans: "3", errorMessage: "3 time_future" },
    });
    const inWire = await post(`${url}/v1/traces`, tracesProtobuf(3));
    expect(inWire.bytes).toEqual(
      Buffer.concat([Buffer.from([10, 17, 8, 3, 18, 13]), Buffer.from("3 time_future")]),
    );
    expect(
      meter.get("orrery_items_rejected_total", { signal: "traces", reason: "time_future" }),
    ).toBe(6);
  });
});

describe("bad requests", () => {
  const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024));
  test.each<[string, number, string | Buffer, Record<string, string>]>([
    ["no content type", 415, tracesProtobuf(1), { "content-type": "" }],
    ["text", 415, "{}", { "content-type": "text/plain" }],
    [
      "brotli",
      415,
      brotliCompressSync(tracesProtobuf(1)),
      { ...PROTOBUF, "content-encoding": "br" },
    ],
    [
      "two encodings",
      415,
      gzipSync(gzipSync(tracesProtobuf(1))),
      { ...PROTOBUF, "content-encoding": "gzip, gzip" },
    ],
    [
      "gzip in gzip",
      400,
      gzipSync(gzipSync(tracesProtobuf(1))),
      { ...PROTOBUF, "content-encoding": "gzip" },
    ],
    ["a gzip bomb", 413, bomb, { ...PROTOBUF, "content-encoding": "gzip" }],
    [
      "half a gzip",
      400,
      gzipSync(tracesProtobuf(9)).subarray(0, 99),
      { ...PROTOBUF, "content-encoding": "gzip" },
    ],
    ["no gzip", 400, tracesProtobuf(1), { ...PROTOBUF, "content-encoding": "gzip" }],
    ["a body over the limit", 413, Buffer.alloc(17 * 1024 * 1024), PROTOBUF],
    ["broken protobuf", 400, Buffer.from([10, 255]), PROTOBUF],
    ["broken JSON", 400, "{", JSON_TYPE],
    ["sixteen MiB of brackets", 400, "[".repeat(16 * 1024 * 1024), JSON_TYPE],
    [
      "sixteen MiB of empty messages",
      413,
      Buffer.alloc(16 * 1024 * 1024, Buffer.from([10, 0])),
      PROTOBUF,
    ],
  ])("with %s are refused with %d", async (_, status, body, headers) => {
    const { url, receiver } = await start();
    const answer = await post(`${url}/v1/traces`, body, headers);
    expect(answer.status).toBe(status);
    if (headers["content-type"] === PROTOBUF["content-type"]) {
      expect(answer.headers.get("content-type")).toBe("application/x-protobuf");
      expect(answer.bytes[0]).toBe(8);
    } else expect(JSON.parse(answer.text)).toHaveProperty("code");
    expect(receiver.depth).toBe(0);
    expect((await post(`${url}/v1/traces`, tracesProtobuf(1))).status).toBe(200);
  });
});

describe("export requests under pressure", () => {
  test("are put off while the queue is full, and taken again once it is drained", async () => {
    const { receiver, url } = await start({ limits: { queueItemsMax: 20 } });
    expect((await post(`${url}/v1/traces`, tracesProtobuf(15))).status).toBe(200);
    const full = await post(`${url}/v1/traces`, tracesProtobuf(15));
    expect(full.status).toBe(429);
    expect(full.headers.get("retry-after")).toBe("16");
    receiver.take(1000);
    expect((await post(`${url}/v1/traces`, tracesProtobuf(15))).status).toBe(200);
  });

  test("are put off while memory for bodies is full, and the memory comes back", async () => {
    const { url } = await start({ limits: { inFlightBytesMax: 20_000 } });
    const busy = await post(`${url}/v1/traces`, tracesProtobuf(100));
    expect(busy.status).toBe(503);
    expect(busy.headers.get("retry-after")).toBe("16");
    for (let turn = 0; turn < 5; turn++) {
      const zipped = gzipSync(tracesProtobuf(20));
      const answer = await post(`${url}/v1/traces`, zipped, {
        ...PROTOBUF,
        "content-encoding": "gzip",
      });
      expect(answer.status).toBe(200);
    }
  });
  test.each([
    ["protobuf", tracesProtobuf(30_000), PROTOBUF],
    ["JSON", tracesJson(12_500), JSON_TYPE],
  ])("a body of fifteen MiB in %s does not hold the event loop", async (_, body, headers) => {
    expect(body.length).toBeGreaterThan(15 * 1024 * 1024);
    const { url, receiver } = await start();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    // The client shares the loop, and the first megabytes are decoded by code that is not compiled yet; decoding in
    // one go takes two to four times this bound.
    expect((await post(`${url}/v1/traces`, body, headers)).status).toBe(200);
    delay.disable();
    expect(receiver.depth).toBeGreaterThan(12_000);
    expect(delay.percentile(90) / 1e6).toBeLessThan(25);
  });
});
