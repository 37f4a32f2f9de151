import type { Attributes } from "../../src/model/entity.ts";
import { SPAN_KIND, type Span, type SpansSignal, STATUS } from "../../src/model/signal.ts";

/** One visit of a request to a service, as a few words; see `traceSignals`. */
export interface Visit {
  readonly service: string;
  /** `GET /route`, or any name for what is not HTTP. */
  readonly operation: string;
  readonly instance?: string;
  readonly version?: string;
  readonly host?: string;
  readonly zone?: string;
  /** Own work, spread evenly before, between and after its calls. */
  readonly selfMs: number;
  readonly calls?: readonly Call[];
  /** All calls begin together, else each after the one before. */
  readonly parallel?: boolean;
  /** It fails by itself. Else it fails when its last attempt at a call failed. */
  readonly error?: boolean | string;
  /** Its clock is this far ahead. */
  readonly skewMs?: number;
  /** A span of its own around the work inside, as frameworks make. */
  readonly internal?: boolean;
}

/** A call from a visit: to another visit, or to something outside the telemetry. */
export interface Call {
  readonly to: Visit | Outside;
  /** Network and queue: half before, half after. Default 1 ms. */
  readonly gapMs?: number;
  /** The caller gives up after this long. */
  readonly timeoutMs?: number;
  /** Nobody answered (refused, reset): no server span, and an error on the caller's side. */
  readonly refused?: boolean;
}

/** What has no telemetry of its own. */
interface Outside {
  readonly database?: string;
  readonly external?: string;
  readonly queue?: string;
  /** Statement, method or destination. */
  readonly what?: string;
  readonly ms: number;
  readonly error?: boolean | string;
}

export interface TraceOptions {
  readonly traceId: string;
  readonly startMs: number;
  /** When all of it was received. Default: a second after its end. */
  readonly receivedMs?: number;
}

/** A trace id for a number, as 32 hex digits that differ in every part. */
export function traceIdOf(number: number): string {
  const low = (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
  return `${low}${number.toString(16).padStart(24, "0")}`;
}

const isVisit = (to: Visit | Outside): to is Visit => "service" in to;

interface Draft {
  readonly resource: Attributes;
  readonly span: Span;
}

interface Built {
  readonly endMs: number;
  readonly error: boolean;
}

/** Resource attributes of a visit; the same object for the same sender, as a receiver would not give them. */
export function resourceOf(
  visit: Pick<Visit, "service" | "instance" | "version" | "host" | "zone">,
): Attributes {
  const { service, instance, version, host, zone } = visit;
  return {
    "service.name": service,
    "service.instance.id": instance ?? `${service}-0`,
    ...(version === undefined ? {} : { "service.version": version }),
    ...(host === undefined ? {} : { "host.name": host }),
    ...(zone === undefined ? {} : { "cloud.availability_zone": zone }),
  };
}

class TraceBuilder {
  readonly drafts: Draft[] = [];
  readonly #traceId: string;
  #next = 0;

  constructor(traceId: string) {
    this.#traceId = traceId;
  }

  #spanId(): string {
    this.#next += 1;
    return `${this.#traceId.slice(0, 8)}${this.#next.toString(16).padStart(8, "0")}`;
  }

  #emit(visit: Visit, span: Omit<Span, "traceId" | "statusMessage">): void {
    const skewMs = visit.skewMs ?? 0;
    this.drafts.push({
      resource: resourceOf(visit),
      span: {
        traceId: this.#traceId,
        statusMessage: "",
        ...span,
        startMs: span.startMs + skewMs,
        endMs: span.endMs + skewMs,
      },
    });
  }

  visit(visit: Visit, parentSpanId: string, startMs: number): Built {
    const spanId = this.#spanId();
    const inner = visit.internal === true ? this.#spanId() : spanId;
    const { endMs, lastFailed } = this.#callAll(visit, inner, startMs);
    const error = visit.error !== undefined && visit.error !== false;
    if (inner !== spanId) {
      const attributes = {};
      const name = "request handler";
      const kind = SPAN_KIND.internal;
      this.#emit(visit, {
        spanId: inner,
        parentSpanId: spanId,
        name,
        kind,
        startMs,
        endMs,
        status: 0,
        attributes,
      });
    }
    this.#emit(visit, {
      spanId,
      parentSpanId,
      name: visit.operation,
      kind: SPAN_KIND.server,
      startMs,
      endMs,
      status: error || lastFailed ? STATUS.error : STATUS.unset,
      attributes: {
        ...servedAttributes(visit.operation),
        ...(typeof visit.error === "string" ? { "error.type": visit.error } : {}),
      },
    });
    return { endMs, error: error || lastFailed };
  }

  /** In parallel: all calls begin together. Else one after another, with a piece of own work in between. */
  #callAll(
    visit: Visit,
    parentSpanId: string,
    startMs: number,
  ): { readonly endMs: number; readonly lastFailed: boolean } {
    const calls = visit.calls ?? [];
    if (visit.parallel === true) {
      const pieceMs = visit.selfMs / 2;
      const at = { parentSpanId, startMs: startMs + pieceMs };
      const built = calls.map((call) => this.#call(visit, call, at));
      const reachedMs = Math.max(at.startMs, ...built.map((one) => one.endMs));
      return { endMs: reachedMs + pieceMs, lastFailed: built.some((one) => one.error) };
    }
    const pieceMs = visit.selfMs / (calls.length + 1);
    let atMs = startMs + pieceMs;
    let lastFailed = false;
    for (const call of calls) {
      const built = this.#call(visit, call, { parentSpanId, startMs: atMs });
      lastFailed = built.error;
      atMs = built.endMs + pieceMs;
    }
    return { endMs: atMs, lastFailed };
  }

  #answer(call: Call, spanId: string, startMs: number): Built {
    const { to, gapMs = 1 } = call;
    if (!isVisit(to)) {
      const failed = to.error !== undefined && to.error !== false;
      return { endMs: startMs + gapMs + to.ms, error: call.refused === true || failed };
    }
    if (call.refused === true) return { endMs: startMs + gapMs, error: true };
    const built = this.visit(to, spanId, startMs + gapMs / 2);
    return { endMs: built.endMs + gapMs / 2, error: built.error };
  }

  #call(
    visit: Visit,
    call: Call,
    at: { readonly parentSpanId: string; readonly startMs: number },
  ): Built {
    const spanId = this.#spanId();
    const { to } = call;
    const answered = this.#answer(call, spanId, at.startMs);
    const limitMs = call.timeoutMs ?? Number.POSITIVE_INFINITY;
    const isCut = answered.endMs - at.startMs > limitMs;
    const endMs = isCut ? at.startMs + limitMs : answered.endMs;
    const { error } = answered;
    const isAsync = !isVisit(to) && to.queue !== undefined;
    this.#emit(visit, {
      spanId,
      parentSpanId: at.parentSpanId,
      name: callName(to),
      kind: isAsync ? SPAN_KIND.producer : SPAN_KIND.client,
      startMs: at.startMs,
      endMs,
      status: error || isCut ? STATUS.error : STATUS.unset,
      attributes: { ...calledAttributes(to), ...failureAttributes(call, isCut) },
    });
    return { endMs, error: error || isCut };
  }
}

function failureAttributes(call: Call, isCut: boolean): Attributes {
  if (isCut) return { "error.type": "timeout" };
  return call.refused === true ? { "error.type": "ECONNREFUSED" } : {};
}

function servedAttributes(operation: string): Attributes {
  const [method, route] = operation.split(" ");
  if (route === undefined || !route.startsWith("/")) return {};
  return { "http.request.method": method ?? "", "http.route": route };
}

function callName(to: Visit | Outside): string {
  if (isVisit(to)) return to.operation.split(" ")[0] ?? "call";
  return to.what ?? "call";
}

function calledAttributes(to: Visit | Outside): Attributes {
  if (isVisit(to)) {
    return {
      "http.request.method": callName(to),
      "server.address": to.service,
      "server.port": 8080,
    };
  }
  if (to.database !== undefined) {
    return {
      "db.system.name": "postgresql",
      "db.namespace": to.database,
      "server.address": "db.internal",
      "server.port": 5432,
      ...(to.what === undefined ? {} : { "db.query.text": to.what }),
    };
  }
  if (to.queue !== undefined) {
    return { "messaging.system": "rabbitmq", "messaging.destination.name": to.queue };
  }
  return { "http.request.method": to.what ?? "GET", "server.address": to.external ?? "outside" };
}

/** The spans of one request, in the order in which they end. */
export function traceSpans(root: Visit, options: TraceOptions): readonly Draft[] {
  const builder = new TraceBuilder(options.traceId);
  builder.visit(root, "", options.startMs);
  return builder.drafts.toSorted((a, b) => a.span.endMs - b.span.endMs);
}

/** The spans of one request as signals, one for each sender. */
export function traceSignals(root: Visit, options: TraceOptions): SpansSignal[] {
  return batch([traceSpans(root, options)], options.receivedMs);
}

/** Spans of many requests as signals, one for each sender. */
export function batch(traces: readonly (readonly Draft[])[], receivedMs?: number): SpansSignal[] {
  const drafts = traces.flat();
  const groups = Map.groupBy(drafts, (draft) => JSON.stringify(draft.resource));
  const lastMs = drafts.reduce((last, { span }) => Math.max(last, span.endMs), 0);
  return [...groups.values()].map((group) => ({
    type: "spans",
    source: "test",
    receivedMs: receivedMs ?? lastMs + 1000,
    resource: group[0]?.resource ?? {},
    spans: group.map((draft) => draft.span),
  }));
}
