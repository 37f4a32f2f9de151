import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import { errorText, OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Signal } from "../model/signal.ts";
import { createAdmission } from "./admission.ts";
import { type Answer, errorAnswer, jsonAnswer } from "./answer.ts";
import { createSignalQueue, type SignalQueue } from "./queue.ts";
import { HEADER_BYTES_MAX, RECEIVER_LIMITS, type ReceiverLimits } from "./receiver-limits.ts";
import { createRoutes, encodingOf, type RouteOptions, type Routes } from "./routes.ts";

export interface ReceiverOptions {
  /** 127.0.0.1 unless told otherwise; whoever binds wider must set a token. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Bearer token; without one everybody on this machine may send. */
  readonly token?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly random: () => number;
  readonly onChanges: RouteOptions["onChanges"];
  /** What `/healthz` answers, open to all: states and ages, nothing secret. */
  readonly health: () => unknown;
  readonly limits?: Partial<ReceiverLimits>;
}

export interface Receiver {
  /** Errors: `OperationError("port_in_use")`, `OperationError("listen_failed")`. */
  start(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Takes no more requests, lets the running ones end for a second, then closes their connections. */
  stop(): Promise<void>;
  /** The oldest waiting signals, together at most `itemsMax` spans, points, records (at least one signal if any waits). */
  take(itemsMax: number): Signal[];
  /** Spans, points, records and changes that wait. */
  readonly depth: number;
}

const DEFAULT_HOST = "127.0.0.1";
const STOP_GRACE_MS = 1000;

export function createReceiver(options: ReceiverOptions): Receiver {
  const limits: ReceiverLimits = { ...RECEIVER_LIMITS, ...options.limits };
  const host = options.host ?? DEFAULT_HOST;
  const queue = createSignalQueue(limits.queueItemsMax);
  const server = createServer(serverOptions(limits));
  const answer = createAnswerer(options, { host, limits, queue });
  server.maxConnections = limits.connectionsMax;
  server.on("request", (request, response) => {
    void respond(request, response, { answer, limits, log: options.log, meter: options.meter });
  });
  server.on("clientError", (error, socket) => refuseConnection(error, socket, options.meter));
  server.on("drop", () => options.meter.add("orrery_connections_dropped_total"));
  return {
    start: async () => {
      await listen(server, options.port, host);
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : options.port;
      return { host, port, url: `http://${host.includes(":") ? `[${host}]` : host}:${port}` };
    },
    stop: () => close(server, options.clock),
    take: (itemsMax) => queue.take(itemsMax),
    get depth() {
      return queue.depth;
    },
  };
}

function serverOptions(limits: ReceiverLimits): ServerOptions {
  const shortestMs = Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs);
  return {
    // Node refuses a shorter time for the whole than for the headers.
    headersTimeout: shortestMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.max(50, Math.min(1000, shortestMs / 4)),
    maxHeaderSize: HEADER_BYTES_MAX,
  };
}

type Answerer = (request: IncomingMessage) => Promise<Answer>;

function createAnswerer(
  options: ReceiverOptions,
  wired: { readonly host: string; readonly limits: ReceiverLimits; readonly queue: SignalQueue },
): Answerer {
  const { clock, meter } = options;
  const admission = createAdmission({
    host: wired.host,
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const routes = createRoutes({
    limits: wired.limits,
    queue: wired.queue,
    meter,
    nowMs: () => clock.nowMs(),
    random: options.random,
    onChanges: options.onChanges,
  });
  return async (request) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const encoding = encodingOf(request) ?? "json";
    if (path === "/healthz" && request.method === "GET") return jsonAnswer(options.health());
    const refused = admission.refuse(request, encoding);
    if (refused !== undefined) {
      meter.add("orrery_requests_refused_total", 1, { reason: `status_${refused.status}` });
      return refused;
    }
    meter.set("orrery_queue_depth", wired.queue.depth);
    if (path === "/metrics" && request.method === "GET") {
      const contentType = "text/plain; version=0.0.4; charset=utf-8";
      return { status: 200, contentType, body: meter.expose() };
    }
    const post = POSTS.get(path);
    if (post === undefined) return errorAnswer(404, "There is nothing at this path.", encoding);
    if (request.method !== "POST") {
      return errorAnswer(405, "Only POST is allowed here.", encoding, { allow: "POST" });
    }
    return post(routes, request);
  };
}

type Post = (routes: Routes, request: IncomingMessage) => Promise<Answer>;

const POSTS: ReadonlyMap<string, Post> = new Map<string, Post>([
  ["/v1/traces", (routes, request) => routes.exportSignals(request, "traces")],
  ["/v1/metrics", (routes, request) => routes.exportSignals(request, "metrics")],
  ["/v1/logs", (routes, request) => routes.exportSignals(request, "logs")],
  ["/v1/changes", (routes, request) => routes.recordChanges(request)],
]);

interface Responding {
  readonly answer: Answerer;
  readonly limits: ReceiverLimits;
  readonly log: Log;
  readonly meter: Meter;
}

/** The door: whatever went wrong with a request ends here, as an answer and a count. Never throws. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, limits, log, meter }: Responding,
): Promise<void> {
  request.on("error", () => meter.add("orrery_requests_aborted_total"));
  response.on("error", () => meter.add("orrery_requests_aborted_total"));
  let result: Answer;
  try {
    result = await answer(request);
  } catch (error) {
    log.error("request_failed", { path: request.url?.slice(0, 64), error: errorText(error) });
    result = errorAnswer(500, "The receiver failed; see its log.", "json");
  }
  meter.add("orrery_requests_total", 1, { status: String(result.status) });
  if (response.destroyed) return;
  send(request, response, result, limits.lingerBytesMax);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  lingerBytesMax: number,
): void {
  response.writeHead(answer.status, {
    ...answer.headers,
    "content-type": answer.contentType,
    "content-length": Buffer.byteLength(answer.body),
    ...(request.complete ? {} : { connection: "close" }),
  });
  if (request.complete) {
    response.end(answer.body);
    return;
  }
  // Refused before it was read. A sender that is still writing would meet a reset instead of the answer, so some of
  // the rest is read and forgotten; the request's time-out bounds how long that takes.
  response.write(answer.body);
  let lingered = 0;
  const finish = (): void => {
    response.end();
  };
  request.on("data", (chunk: Buffer) => {
    lingered += chunk.length;
    if (lingered > lingerBytesMax) finish();
  });
  request.once("end", finish);
  request.once("close", finish);
  request.resume();
}

/** What the HTTP parser could not read, or what took too long. */
function refuseConnection(error: Error, socket: Duplex, meter: Meter): void {
  const code = "code" in error ? error.code : undefined;
  const status =
    code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? "408 Request Timeout"
      : code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : "400 Bad Request";
  meter.add("orrery_connections_refused_total", 1, { status: status.slice(0, 3) });
  if (!socket.writable) socket.destroy();
  else socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const isTaken = "code" in error && error.code === "EADDRINUSE";
      const message = isTaken
        ? `Port ${port} on ${host} is in use; stop the other program or choose another port.`
        : `Cannot listen on ${host}:${port} (${error.message}); check host and port.`;
      const failure = new OperationError(isTaken ? "port_in_use" : "listen_failed", message);
      failure.cause = error;
      reject(failure);
    });
    server.listen(port, host, resolve);
  });
}

async function close(server: Server, clock: Clock): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeIdleConnections();
  const grace = new AbortController();
  const forced = clock.sleep(STOP_GRACE_MS, grace.signal).then(
    () => server.closeAllConnections(),
    // The grace was not needed: everything had ended before.
    () => undefined,
  );
  await closed;
  grace.abort();
  await forced;
}
