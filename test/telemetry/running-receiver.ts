// A receiver on a free port, and ways to talk to it.
import { connect } from "node:net";
import { afterEach } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter } from "../../src/meter.ts";
import {
  createReceiver,
  type Receiver,
  type ReceiverOptions,
} from "../../src/telemetry/receiver.ts";
import { NOW_MS } from "./otlp/payloads.ts";

export const clock: Clock = { ...systemClock, nowMs: () => NOW_MS };
const running: Receiver[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((receiver) => receiver.stop()));
});

export async function start(options: Partial<ReceiverOptions> = {}) {
  const meter = createMeter();
  const receiver = createReceiver({
    port: 0,
    clock,
    log: silentLog,
    meter,
    random: () => 0.5,
    onChanges: async (records) => records,
    health: () => ({ status: "ok" }),
    ...options,
  });
  running.push(receiver);
  const { url, port } = await receiver.start();
  return { receiver, meter, url, port };
}

export const PROTOBUF = { "content-type": "application/x-protobuf" };
export const JSON_TYPE = { "content-type": "application/json" };

export async function post(
  url: string,
  body: Buffer | string,
  headers: Record<string, string> = PROTOBUF,
) {
  const response = await fetch(url, { method: "POST", body, headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
}

/** Sends bytes as they are and gives back all that was answered until the server closed. */
export function raw(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      for (const part of parts) socket.write(part);
    });
    let answer = "";
    socket.on("data", (data: Buffer) => {
      answer += data.toString();
    });
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
  });
}
