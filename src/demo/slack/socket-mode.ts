import { randomBytes, randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../clock.ts";
import { errorText, OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { Json } from "./contract.ts";
import { asObject, asString } from "./json.ts";
import { APP_ID } from "./workspace.ts";

/** Slack allows an app ten connections. */
const MAX_SOCKETS = 10;
/** A ticket of `apps.connections.open` that nobody used is void after this, ms. */
const TICKET_LIFE_MS = 30_000;
const MAX_TICKETS = 100;
/** Bolt closes a socket that saw no ping for 30 s. */
const PING_EVERY_MS = 10_000;
/** Envelopes that wait for an acknowledgement or a redelivery. */
const MAX_WAITING = 1000;
const MAX_ENVELOPE_BYTES = 1_000_000;

export type EnvelopeType = "events_api" | "interactive" | "slash_commands";

export interface Ack {
  /** What the app sent with its acknowledgement. */
  readonly payload: Json;
}

export interface SocketModeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly ackTimeoutMs: number;
  readonly retryDelaysMs: readonly number[];
  onPresence(connected: boolean): void;
}

interface Waiting {
  readonly settle: (ack: Ack | undefined) => void;
}

/** Slack's side of Socket Mode: tickets, hello, pings, envelopes, redelivery, planned and unplanned disconnects. */
export class SocketMode {
  readonly #options: SocketModeOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_ENVELOPE_BYTES });
  readonly #tickets = new Map<string, number>();
  readonly #sockets: WebSocket[] = [];
  readonly #waiting = new Map<string, Waiting>();
  readonly #arrivals = new Set<() => void>();
  readonly #stopPings: () => void;
  readonly #ended = new AbortController();
  #turn = 0;
  #duplicates = 0;

  constructor(options: SocketModeOptions) {
    this.#options = options;
    this.#stopPings = options.clock.every(
      PING_EVERY_MS,
      () => {
        for (const socket of this.#sockets) socket.ping();
      },
      (error) => options.log.warn("local_slack_ping_failed", { error: errorText(error) }),
    );
  }

  get connected(): boolean {
    return this.#sockets.length > 0;
  }

  /** A single-use ticket for the address of the socket. */
  openTicket(): string {
    const now = this.#options.clock.nowMs();
    for (const [ticket, untilMs] of this.#tickets)
      if (untilMs < now || this.#tickets.size >= MAX_TICKETS) this.#tickets.delete(ticket);
    const ticket = randomBytes(16).toString("hex");
    this.#tickets.set(ticket, now + TICKET_LIFE_MS);
    return ticket;
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? "/", "http://localhost");
    const ticket = url.searchParams.get("ticket") ?? "";
    const untilMs = this.#tickets.get(ticket) ?? 0;
    this.#tickets.delete(ticket);
    const admitted = url.pathname === "/link/" && untilMs >= this.#options.clock.nowMs();
    if (!admitted || this.#sockets.length >= MAX_SOCKETS) {
      stream.end(`HTTP/1.1 ${admitted ? "429 Too Many Requests" : "401 Unauthorized"}\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(request, stream, head, (socket) => this.#welcome(socket));
  }

  #welcome(socket: WebSocket): void {
    const { log } = this.#options;
    this.#sockets.push(socket);
    socket.on("message", (data) => this.#receive(data));
    socket.on("error", (error) =>
      log.warn("local_slack_socket_error", { error: errorText(error) }),
    );
    socket.on("close", () => {
      this.#sockets.splice(this.#sockets.indexOf(socket), 1);
      if (!this.connected) this.#options.onPresence(false);
    });
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: this.#sockets.length,
        debug_info: { host: "local", build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: APP_ID },
      }),
    );
    if (this.#sockets.length === 1) this.#options.onPresence(true);
    for (const arrived of [...this.#arrivals]) arrived();
  }

  #receive(data: RawData): void {
    let answer: Json;
    try {
      answer = asObject(JSON.parse(data.toString()));
    } catch (error) {
      this.#options.log.warn("local_slack_bad_ack", { error: errorText(error) });
      return;
    }
    const waiting = this.#waiting.get(asString(answer.envelope_id) ?? "");
    waiting?.settle({ payload: asObject(answer.payload) });
  }

  /** Delivers an event until it is acknowledged or Slack would give up: first, at once, after 1 min, after 5 min. */
  async deliverEvent(payload: Json): Promise<boolean> {
    if (this.#duplicates > 0) {
      this.#duplicates -= 1;
      await this.#attempt("events_api", payload, { retry_attempt: 0, retry_reason: "" });
    }
    const waits = [0, ...this.#options.retryDelaysMs];
    let reason = "";
    for (const [attempt, waitMs] of waits.entries()) {
      // biome-ignore lint/performance/noAwaitInLoops: a redelivery comes after the delivery that failed
      if (attempt > 0) await this.#pause(waitMs);
      if (this.#ended.signal.aborted) return false;
      const retry = { retry_attempt: attempt, retry_reason: reason };
      if (await this.#attempt("events_api", payload, retry)) return true;
      reason = this.connected ? "timeout" : "connection_failed";
    }
    this.#options.log.warn("local_slack_event_lost", { eventId: asString(payload.event_id) });
    return false;
  }

  /** Delivers a click or a command once; undefined when nobody acknowledged in time. */
  deliverOnce(type: "interactive" | "slash_commands", payload: Json): Promise<Ack | undefined> {
    return this.#attempt(type, payload, {});
  }

  async #attempt(type: EnvelopeType, payload: Json, extra: Json): Promise<Ack | undefined> {
    this.#turn += 1;
    const socket = this.#sockets[this.#turn % Math.max(1, this.#sockets.length)];
    if (socket === undefined || this.#waiting.size >= MAX_WAITING) return undefined;
    const id = randomUUID();
    const answered = new AbortController();
    const { promise, resolve } = Promise.withResolvers<Ack | undefined>();
    const settle = (ack: Ack | undefined): void => {
      this.#waiting.delete(id);
      answered.abort();
      socket.off("close", gone);
      resolve(ack);
    };
    const gone = (): void => settle(undefined);
    this.#waiting.set(id, { settle });
    socket.once("close", gone);
    const envelope = {
      type,
      envelope_id: id,
      payload,
      accepts_response_payload: type !== "events_api",
    };
    socket.send(JSON.stringify({ ...envelope, ...extra }));
    this.#options.clock
      .sleep(this.#options.ackTimeoutMs, answered.signal)
      .then(gone, () => undefined);
    return promise;
  }

  /** Waits for a redelivery; a new connection ends the wait early. Limit: Slack itself waits the full time. */
  async #pause(ms: number): Promise<void> {
    const early = new AbortController();
    const arrived = (): void => early.abort();
    this.#arrivals.add(arrived);
    const signal = AbortSignal.any([early.signal, this.#ended.signal]);
    await this.#options.clock.sleep(ms, signal).catch(() => undefined);
    this.#arrivals.delete(arrived);
  }

  async waitForApp(timeoutMs: number): Promise<void> {
    if (this.connected) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = new AbortController();
    const arrived = (): void => {
      this.#arrivals.delete(arrived);
      done.abort();
      resolve();
    };
    this.#arrivals.add(arrived);
    this.#options.clock.sleep(timeoutMs, done.signal).then(
      () => {
        this.#arrivals.delete(arrived);
        reject(
          new OperationError("timeout", `no app connected within ${timeoutMs} ms; is it started?`),
        );
      },
      () => undefined,
    );
    await promise;
  }

  duplicateNext(count: number): void {
    this.#duplicates = count;
  }

  drop(): void {
    for (const socket of [...this.#sockets]) socket.terminate();
  }

  refresh(): void {
    for (const socket of [...this.#sockets]) {
      socket.send(
        JSON.stringify({
          type: "disconnect",
          reason: "refresh_requested",
          debug_info: { host: "local" },
        }),
      );
      socket.close(1000);
    }
  }

  close(): void {
    this.#ended.abort();
    this.#stopPings();
    this.drop();
    for (const waiting of [...this.#waiting.values()]) waiting.settle(undefined);
    this.#server.close();
  }
}
