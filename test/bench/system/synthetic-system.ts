import type { Attributes } from "../../../src/model/entity.ts";
import { SPAN_KIND, type Span, STATUS } from "../../../src/model/signal.ts";
import { seeded } from "./seeded.ts";

/** How big a synthetic system is. */
export interface SystemSize {
  readonly services: number;
  /** In all. */
  readonly instances: number;
  /** Operations of one service called from another's, in all. */
  readonly edgeOperations: number;
  readonly hosts: number;
}

export const sizeOf = (services: number): SystemSize => ({
  services,
  instances: services * (services >= 2_000 ? 10 : 6),
  edgeOperations: services * 8,
  hosts: Math.max(3, Math.ceil(services / 2.5)),
});

interface Call {
  readonly service: number;
  readonly operation: number;
}

interface Operation {
  readonly route: string;
  readonly calls: readonly Call[];
  readonly selfMs: number;
}

interface Service {
  readonly name: string;
  readonly operations: readonly Operation[];
  readonly resources: readonly Attributes[];
}

const OPERATIONS_PER_SERVICE = 4;
/** Every tenth service is entered from outside. */
const ENTRY_SHARE = 0.1;
const METHODS = ["GET", "POST", "GET", "PUT"] as const;
const TENANTS = 20;

/** A request that is being made up. */
interface OpenTrace {
  readonly traceId: string;
  /** Spans that it may still have. */
  left: number;
  readonly into: Map<Attributes, Span[]>;
}

interface Parent {
  readonly spanId: string;
  readonly startMs: number;
  readonly depth: number;
}

/** Spans of one resource. */
export interface ResourceSpans {
  readonly resource: Attributes;
  readonly spans: Span[];
}

/**
 * A system of services in layers: each operation calls operations of later services. Its traces, resources and metrics
 * are the same for the same seed.
 */
export class SyntheticSystem {
  readonly size: SystemSize;
  readonly services: readonly Service[];
  readonly #random: () => number;
  readonly #entries: number;
  #next = 0;

  constructor(size: SystemSize, seed = 1) {
    this.size = size;
    this.#random = seeded(seed);
    this.#entries = Math.max(1, Math.round(size.services * ENTRY_SHARE));
    this.services = Array.from({ length: size.services }, (_, index) => this.#service(index));
  }

  #service(index: number): Service {
    const { size } = this;
    const name = `service-${String(index).padStart(4, "0")}`;
    const replicas = Math.max(1, Math.round(size.instances / size.services));
    const callsPerOperation = size.edgeOperations / size.services / OPERATIONS_PER_SERVICE;
    return {
      name,
      operations: Array.from({ length: OPERATIONS_PER_SERVICE }, (_, operation) => ({
        route: `/api/v1/${name}/resource-${operation}/{id}`,
        selfMs: 1 + this.#random() * 9,
        calls: this.#calls(index, callsPerOperation),
      })),
      resources: Array.from({ length: replicas }, (_, replica) => this.#resource(name, replica)),
    };
  }

  #calls(caller: number, count: number): Call[] {
    const later = this.size.services - Math.max(caller + 1, this.#entries);
    if (later <= 0) return [];
    const whole = Math.floor(count) + (this.#random() < count % 1 ? 1 : 0);
    return Array.from({ length: whole }, () => ({
      service: this.size.services - 1 - Math.floor(this.#random() ** 2 * later),
      operation: Math.floor(this.#random() * OPERATIONS_PER_SERVICE),
    }));
  }

  #resource(service: string, replica: number): Attributes {
    const host = Math.floor(this.#random() * this.size.hosts);
    return {
      "service.name": service,
      "service.version": "1.42.0",
      "service.instance.id": `${service}-7d9f8c-${String(replica).padStart(5, "0")}`,
      "host.name": `node-${String(host).padStart(3, "0")}`,
      "cloud.availability_zone": `zone-${host % 3}`,
      "telemetry.sdk.language": "nodejs",
    };
  }

  /** Spans of one request that entered at `startMs`, into lists by resource. Limit: `spansMax`, and eight levels. */
  trace(startMs: number, into: Map<Attributes, Span[]>, spansMax = 60): number {
    const service = Math.floor(this.#random() * this.#entries);
    const operation = Math.floor(this.#random() * OPERATIONS_PER_SERVICE);
    this.#next += 1;
    const traceId = this.#id(4);
    const trace = { traceId, left: spansMax, into };
    this.#visit(trace, { service, operation }, { spanId: "", startMs, depth: 0 });
    return spansMax - trace.left;
  }

  #id(words: number): string {
    let id = "";
    for (let word = 0; word < words; word += 1)
      id += Math.floor(this.#random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return id;
  }

  #visit(trace: OpenTrace, { service, operation }: Call, parent: Parent): number {
    const { startMs, depth } = parent;
    const { operations, resources, name } = this.services[service] as Service;
    const { route, selfMs, calls } = operations[operation] as Operation;
    const resource = resources[Math.floor(this.#random() * resources.length)] as Attributes;
    const spanId = this.#id(2);
    trace.left -= 1;
    let atMs = startMs + selfMs * this.#random();
    for (const call of calls) {
      if (trace.left < 2 || depth >= 4) break;
      const callId = this.#id(2);
      trace.left -= 1;
      const calledMs = atMs;
      const callee = (this.services[call.service] as Service).name;
      const from = { spanId: callId, startMs: atMs + 0.2, depth: depth + 1 };
      atMs = this.#visit(trace, call, from) + 0.2;
      this.#emit(trace, resource, {
        spanId: callId,
        parentSpanId: spanId,
        name: METHODS[call.operation] ?? "GET",
        kind: SPAN_KIND.client,
        startMs: calledMs,
        endMs: atMs,
        attributes: this.#attributes(call.operation, callee, undefined),
      });
    }
    const endMs = atMs + selfMs * (0.2 - Math.log(1 - this.#random()));
    this.#emit(trace, resource, {
      spanId,
      parentSpanId: parent.spanId,
      name: `${METHODS[operation] ?? "GET"} ${route}`,
      kind: SPAN_KIND.server,
      startMs,
      endMs,
      attributes: this.#attributes(operation, name, route),
    });
    return endMs;
  }

  #emit(
    trace: OpenTrace,
    resource: Attributes,
    span: Omit<Span, "traceId" | "status" | "statusMessage">,
  ): void {
    const isFailed = this.#random() < 0.005;
    const spans = trace.into.get(resource);
    const made: Span = {
      traceId: trace.traceId,
      ...span,
      status: isFailed ? STATUS.error : STATUS.unset,
      statusMessage: "",
    };
    if (spans === undefined) trace.into.set(resource, [made]);
    else spans.push(made);
  }

  /** Twelve of them, as instrumentation of HTTP has them. */
  #attributes(operation: number, host: string, route: string | undefined): Attributes {
    const id = Math.floor(this.#random() * 100_000);
    return {
      "http.request.method": METHODS[operation] ?? "GET",
      "http.response.status_code": 200,
      "server.address": host,
      "server.port": 8080,
      ...(route === undefined ? { "url.template": "" } : { "http.route": route }),
      "url.scheme": "http",
      "url.path": `/api/v1/${host}/resource-${operation}/${id}`,
      "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      "network.peer.address": `10.2.${id % 200}.${id % 250}`,
      "network.protocol.version": "1.1",
      "app.tenant": `tenant-${id % TENANTS}`,
      "thread.id": id % 16,
    };
  }

  /** All requests that enter in `[fromMs, toMs)`, evenly: about `spansPerSecond`. */
  spans(fromMs: number, toMs: number, spansPerSecond: number): ResourceSpans[] {
    const into = new Map<Attributes, Span[]>();
    let wanted = ((toMs - fromMs) / 1000) * spansPerSecond;
    const total = wanted;
    while (wanted > 0) {
      const atMs = toMs - (wanted / total) * (toMs - fromMs);
      wanted -= this.trace(atMs, into);
    }
    return Array.from(into, ([resource, spans]) => ({ resource, spans }));
  }
}
