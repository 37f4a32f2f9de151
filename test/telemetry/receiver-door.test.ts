import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter } from "../../src/meter.ts";
import { createReceiver } from "../../src/telemetry/receiver.ts";
import { tracesProtobuf } from "./otlp/payloads.ts";
import { clock, PROTOBUF, post, raw, start } from "./running-receiver.ts";

describe("the door", () => {
  test("asks for the token everywhere but at /healthz", async () => {
    const { url } = await start({ token: "s3cret-token" });
    const bearer = (token: string) => ({ ...PROTOBUF, authorization: `Bearer ${token}` });
    expect((await post(`${url}/v1/traces`, tracesProtobuf(1))).status).toBe(401);
    expect((await post(`${url}/v1/traces`, tracesProtobuf(1), bearer("s3cret-tokem"))).status).toBe(
      401,
    );
    expect((await post(`${url}/v1/traces`, tracesProtobuf(1), bearer("s3cret-token"))).status).toBe(
      200,
    );
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const health = await fetch(`${url}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
  });

  test("shows the meter, and has nothing at other paths or by other methods", async () => {
    const { url, port } = await start();
    await post(`${url}/v1/traces`, tracesProtobuf(1));
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get("content-type")).toContain("version=0.0.4");
    expect(await metrics.text()).toContain('orrery_requests_total{status="200"} 1');
    expect((await fetch(`${url}/v1/traces`)).status).toBe(405);
    expect((await post(`${url}/v1/nothing`, "")).status).toBe(404);
    const lines = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    expect(await raw(port, `POST /v1/../v1/traces ${lines}`)).toMatch(/^HTTP\/1.1 404/);
    expect(await raw(port, `POST __proto__ ${lines}`)).toMatch(/^HTTP\/1.1 40[04]/);
  });

  test("answers only to this machine's own names while it has no token", async () => {
    const { url, port } = await start();
    const status = await new Promise<number | undefined>((resolve) => {
      httpRequest(
        { port, host: "127.0.0.1", path: "/metrics", headers: { host: "evil.example" } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).end();
    });
    expect(status).toBe(403);
    expect((await fetch(`${url}/metrics`)).status).toBe(200);
  });
});

describe("hostile connections", () => {
  test.each([
    ["headers that never end", "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nX-A: "],
    [
      "a body that never ends",
      "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    ],
    [
      "a refused body that never ends",
      "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    ],
  ])("hangs up on %s", async (_, text) => {
    const { port, url } = await start({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400 } });
    const startedMs = performance.now();
    await raw(port, text);
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test.each([
    [
      "64 KiB of headers",
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${"a".repeat(65_536)}\r\n\r\n`,
      /431/,
    ],
    ["HTTP/0.9", "GET /metrics\r\n\r\n", /40[03]/],
    ["no HTTP", "\u0000\u0001\u0002\r\n\r\n", /400/],
    [
      "two content lengths",
      "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
      /400/,
    ],
    [
      "a broken chunk",
      "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      /400/,
    ],
  ])("survives %s", async (_, text, expected) => {
    const { port, url } = await start();
    expect(await raw(port, text)).toMatch(expected);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe("connections", () => {
  test("answers pipelined requests in order and a client that goes away not at all", async () => {
    const { port, url, meter } = await start({ limits: { requestTimeoutMs: 300 } });
    const one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const last = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    expect((await raw(port, one, one, last)).match(/HTTP\/1.1 \d+/g)).toEqual([
      "HTTP/1.1 200",
      "HTTP/1.1 200",
      "HTTP/1.1 404",
    ]);
    const socket = connect(port, "127.0.0.1");
    socket.write(
      "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    await systemClock.sleep(50);
    socket.destroy();
    await expect
      .poll(() => meter.get("orrery_requests_refused_total", { reason: "aborted" }))
      .toBe(1);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test("drops connections beyond the limit", async () => {
    const { port, meter } = await start({ limits: { connectionsMax: 5 } });
    const sockets = Array.from({ length: 12 }, () =>
      connect(port, "127.0.0.1").on("error", () => undefined),
    );
    await expect.poll(() => meter.get("orrery_connections_dropped_total")).toBe(7);
    for (const socket of sockets) socket.destroy();
  });

  test("names the port that is in use", async () => {
    const { port } = await start();
    const second = createReceiver({
      port,
      clock,
      log: silentLog,
      meter: createMeter(),
      random: () => 0,
      onChanges: async () => [],
      health: () => ({}),
    });
    await expect(second.start()).rejects.toMatchObject({ code: "port_in_use" });
    await second.stop();
  });
});
