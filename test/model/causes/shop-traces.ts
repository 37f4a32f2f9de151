import { seededRandom } from "../../../src/model/dynamics/robust.ts";
import { type EntityId, entityId } from "../../../src/model/entity.ts";
import type { Change, Trace, TraceSpan } from "../../../src/model/view.ts";

/** What one visit to a service does; times are drawn around these means. */
export interface Behaviour {
  readonly selfMs: number;
  readonly failRatio?: number;
  /** Mean milliseconds of its query, where it has a database. */
  readonly queryMs?: number;
}

export interface Shop {
  readonly seconds: number;
  readonly rate: number;
  readonly behave: (service: string, instance: string, atS: number) => Behaviour;
  readonly pspMs?: (atS: number) => number;
  readonly version?: (service: string, instance: string, atS: number) => string;
  /** Requests cease from here on. */
  readonly stopS?: number;
  readonly changes?: readonly Change[];
  readonly seed?: number;
  /** Requests arrive this many times as often. */
  readonly surge?: (atS: number) => number;
  /** Parallel places of one replica of each service. */
  readonly workers?: number;
}

export const REPLICAS: Readonly<Record<string, number>> = {
  gateway: 2,
  catalog: 2,
  checkout: 2,
  cart: 2,
  orders: 1,
  payment: 1,
};
const CALLS: Readonly<Record<string, readonly string[]>> = {
  "gateway GET /product": ["catalog"],
  "gateway POST /checkout": ["checkout"],
  checkout: ["cart", "orders", "payment"],
};
const STORES = new Set(["catalog", "cart", "orders"]);
export const START_MS = 1_700_000_000_000;
const TIMEOUT_MS = 300;
const RETRIES = 3;
export const DATABASE = entityId("database", "shop");
export const PSP = entityId("external", "psp");
export const service = (name: string): EntityId => entityId("service", name);

type MutableSpan = { -readonly [K in keyof TraceSpan]: TraceSpan[K] };

/** Draws whole traces of a small shop. Knows nothing of how they are judged. */
export class ShopTraces {
  readonly #shop: Shop;
  readonly #random: () => number;
  constructor(shop: Shop) {
    this.#shop = shop;
    this.#random = seededRandom(shop.seed ?? 7);
  }

  #draw(meanMs: number): number {
    return meanMs * (0.5 + 0.5 * -Math.log(1 - 0.98 * this.#random()));
  }

  trace(number: number, atS: number): Trace {
    const spans: MutableSpan[] = [];
    const operation = this.#random() < 0.5 ? "GET /product" : "POST /checkout";
    const root = this.#visit(spans, { name: "gateway", operation, parent: -1, offset: 0, atS });
    return {
      traceId: number.toString(16).padStart(32, "0"),
      operation: entityId("operation", `gateway ${operation}`),
      startMs: START_MS + atS * 1000,
      durationMs: root.durationMs,
      error: root.error,
      spans,
    };
  }

  #visit(
    spans: MutableSpan[],
    at: { name: string; operation: string; parent: number; offset: number; atS: number },
  ): { durationMs: number; error: boolean } {
    const { name, atS } = at;
    const instance = `${name}-${Math.floor(this.#random() * (REPLICAS[name] ?? 1))}`;
    const behaviour = this.#shop.behave(name, instance, atS);
    const selfMs = this.#draw(behaviour.selfMs);
    const index = spans.length;
    const span: MutableSpan = {
      spanId: `${index}`,
      parent: at.parent,
      kind: "server",
      service: service(name),
      name: at.operation,
      operation: entityId("operation", `${name} ${at.operation}`),
      instance: entityId("service.instance", instance),
      version: this.#shop.version?.(name, instance, atS) ?? "1.0.0",
      offsetMs: at.offset,
      durationMs: 0,
      selfMs,
      criticalMs: selfMs,
      error: false,
      errorType: "",
    };
    spans.push(span);
    let cursor = at.offset + selfMs / 2;
    let error = this.#random() < (behaviour.failRatio ?? 0);
    const origin = error;
    for (const callee of CALLS[`${name} ${at.operation}`] ?? CALLS[name] ?? []) {
      const call = this.#call(spans, { caller: span, index, callee, cursor, atS });
      cursor += call.durationMs;
      error ||= call.error;
    }
    if (STORES.has(name)) {
      const queryMs = this.#draw(behaviour.queryMs ?? 3);
      spans.push(this.#client(span, { callee: DATABASE, index, cursor, durationMs: queryMs }));
      cursor += queryMs;
    }
    if (name === "payment") {
      const paid = this.#pay(spans, { caller: span, index, cursor, atS });
      cursor += paid.durationMs;
      error ||= paid.error;
    }
    span.durationMs = cursor + selfMs / 2 - at.offset;
    span.error = error;
    span.errorType = origin ? "origin" : error ? "child" : "";
    return { durationMs: span.durationMs, error };
  }

  #client(
    caller: MutableSpan,
    call: { callee: EntityId; index: number; cursor: number; durationMs: number; error?: boolean },
  ): MutableSpan {
    return {
      spanId: `c${call.index}-${call.cursor}`,
      parent: call.index,
      kind: "client",
      service: caller.service,
      name: "call",
      callee: call.callee,
      ...(caller.instance === undefined ? {} : { instance: caller.instance }),
      ...(caller.version === undefined ? {} : { version: caller.version }),
      offsetMs: call.cursor,
      durationMs: call.durationMs,
      selfMs: call.durationMs,
      criticalMs: call.durationMs,
      error: call.error ?? false,
      errorType: call.error === true ? "timeout" : "",
    };
  }

  #call(
    spans: MutableSpan[],
    at: { caller: MutableSpan; index: number; callee: string; cursor: number; atS: number },
  ): { durationMs: number; error: boolean } {
    const client = this.#client(at.caller, { ...at, callee: service(at.callee), durationMs: 0 });
    spans.push(client);
    const gapMs = this.#draw(0.6);
    const inner = this.#visit(spans, {
      name: at.callee,
      operation: "/work",
      parent: spans.length - 1,
      offset: at.cursor + gapMs / 2,
      atS: at.atS,
    });
    client.durationMs = inner.durationMs + gapMs;
    client.selfMs = gapMs;
    client.criticalMs = gapMs;
    client.error = inner.error;
    return { durationMs: client.durationMs, error: inner.error };
  }

  #pay(
    spans: MutableSpan[],
    at: { caller: MutableSpan; index: number; cursor: number; atS: number },
  ): { durationMs: number; error: boolean } {
    let cursor = at.cursor;
    for (let attempt = 0; attempt <= RETRIES; attempt += 1) {
      const wanted = this.#draw(this.#shop.pspMs?.(at.atS) ?? 40);
      const error = wanted > TIMEOUT_MS;
      const durationMs = Math.min(TIMEOUT_MS, wanted);
      spans.push(this.#client(at.caller, { ...at, callee: PSP, cursor, durationMs, error }));
      cursor += durationMs;
      if (!error) return { durationMs: cursor - at.cursor, error: false };
    }
    return { durationMs: cursor - at.cursor, error: true };
  }
}
