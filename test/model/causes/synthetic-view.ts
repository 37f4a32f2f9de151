import {
  type EdgeId,
  type Entity,
  type EntityId,
  edgeId,
  entityId,
  entityName,
  entityType,
} from "../../../src/model/entity.ts";
import type { Window } from "../../../src/model/quantity.ts";
import type { Relation } from "../../../src/model/relation.ts";
import type { Sketch } from "../../../src/model/sketch.ts";
import type { SliWindow, SloDefinition } from "../../../src/model/slo/slo.ts";
import {
  BUCKET_MS,
  type Change,
  type Coverage,
  type EdgeWindow,
  type EntryWindow,
  type Resolution,
  type StationWindow,
  type Trace,
  type TraceQuery,
  type TraceSpan,
  type WorldView,
} from "../../../src/model/view.ts";
import {
  DATABASE,
  PSP,
  REPLICAS,
  type Shop,
  ShopTraces,
  START_MS,
  service,
} from "./shop-traces.ts";

function sketchOf(values: readonly number[]): Sketch {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    count: sorted.length,
    sum: sorted.reduce((a, b) => a + b, 0),
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    quantile: (q) =>
      sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN,
    rank: (value) => sorted.filter((one) => one <= value).length / sorted.length,
  };
}

interface Seen {
  readonly span: TraceSpan;
  readonly trace: Trace;
  readonly gapMs: number;
  readonly retry: boolean;
}

function column(
  window: Window,
  seen: readonly Seen[],
  measure: (one: Seen) => number,
): Float64Array {
  const values = new Float64Array(Math.round((window.toMs - window.fromMs) / BUCKET_MS));
  for (const one of seen) {
    const index = Math.floor((one.trace.startMs - window.fromMs) / BUCKET_MS);
    values[index] = (values[index] ?? 0) + measure(one);
  }
  return values;
}

const flag = (value: boolean): number => (value ? 1 : 0);
const placeOf = (span: TraceSpan): EntityId | EdgeId =>
  span.callee === undefined ? span.service : edgeId(span.service, span.callee);
const originates = (span: TraceSpan): boolean =>
  span.errorType === "origin" || span.errorType === "timeout";

function seenIn(trace: Trace): Seen[] {
  let failed = "";
  return trace.spans.map((span, index) => {
    const child = trace.spans.find((other) => other.parent === index && other.kind === "server");
    const target = `${span.parent}${span.callee}`;
    const retry = span.kind === "client" && failed === target;
    if (span.kind === "client") failed = span.error ? target : "";
    return { span, trace, gapMs: span.durationMs - (child?.durationMs ?? 0), retry };
  });
}

function tally(
  seen: readonly Seen[],
  into: Map<EntityId | EdgeId, number>,
  failures: boolean,
): void {
  for (const { trace } of seen) {
    if (failures) {
      const deepest = trace.error ? trace.spans.findLast(originates) : undefined;
      if (deepest !== undefined) into.set(placeOf(deepest), (into.get(placeOf(deepest)) ?? 0) + 1);
      continue;
    }
    for (const span of trace.spans) {
      into.set(placeOf(span), (into.get(placeOf(span)) ?? 0) + span.criticalMs);
    }
  }
}

/** A view over drawn traces, folded naively. */
class FoldedShop implements WorldView {
  readonly asOfMs: number;
  readonly closedMs: number;
  readonly retainedFromMs = START_MS;
  readonly history = [{ stepMs: 5_000, fromMs: START_MS }] as const;
  readonly #shop: Shop;
  readonly #slos: readonly SloDefinition[];
  readonly #traces: Trace[] = [];
  readonly #entities: readonly Entity[];

  constructor(shop: Shop, slos: readonly SloDefinition[]) {
    this.#shop = shop;
    this.#slos = slos;
    this.closedMs = START_MS + shop.seconds * 1000;
    this.asOfMs = this.closedMs;
    const maker = new ShopTraces(shop);
    let atS = 0;
    for (let n = 0; atS < shop.seconds; n += 1) {
      if (shop.stopS === undefined || atS < shop.stopS) this.#traces.push(maker.trace(n, atS));
      atS += 1 / (shop.rate * (shop.surge?.(atS) ?? 1));
    }
    const instances = Object.entries(REPLICAS).flatMap(([name, count]) =>
      Array.from({ length: count }, (_, i) => entityId("service.instance", `${name}-${i}`)),
    );
    const ids = [...Object.keys(REPLICAS).map(service), ...instances, DATABASE, PSP];
    this.#entities = ids.map((id): Entity => {
      const type = entityType(id);
      const gone = shop.stopS !== undefined && entityName(id).startsWith("gateway");
      const attributes: Entity["attributes"] =
        type === "service" ? { workers: shop.workers ?? 8 } : {};
      return {
        id,
        type,
        name: entityName(id),
        attributes,
        firstSeenMs: START_MS,
        lastSeenMs: gone ? START_MS + (shop.stopS ?? 0) * 1000 : this.closedMs,
      };
    });
  }

  #inside(window: Window): readonly Trace[] {
    return this.#traces.filter((one) => one.startMs >= window.fromMs && one.startMs < window.toMs);
  }

  #grouped(window: Window, keyOf: (span: TraceSpan) => string | undefined): Map<string, Seen[]> {
    const groups = new Map<string, Seen[]>();
    for (const one of this.#inside(window).flatMap(seenIn)) {
      const key = keyOf(one.span);
      if (key === undefined) continue;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [one]);
      else group.push(one);
    }
    return groups;
  }

  #columns(window: Window, seen: readonly Seen[]) {
    return {
      fromMs: window.fromMs,
      length: Math.round((window.toMs - window.fromMs) / BUCKET_MS),
      count: column(window, seen, () => 1),
      errors: column(window, seen, ({ span }) => flag(span.error)),
      originErrors: column(window, seen, ({ span }) => flag(originates(span))),
      durationMsSum: column(window, seen, ({ span }) => span.durationMs),
      duration: sketchOf(seen.map(({ span }) => span.durationMs)),
    };
  }

  stations(window: Window): StationWindow[] {
    const groups = this.#grouped(window, (span) =>
      span.kind === "server" ? `${span.operation}|${span.instance}|${span.version}` : undefined,
    );
    return [...groups.values()].flatMap((seen) => {
      const first = seen[0]?.span;
      if (first?.operation === undefined) return [];
      const { operation, instance, version } = first;
      return [
        {
          ...this.#columns(window, seen),
          service: first.service,
          operation,
          ...(instance === undefined ? {} : { instance }),
          ...(version === undefined ? {} : { version }),
          selfMsSum: column(window, seen, ({ span }) => span.selfMs),
          selfCount: column(window, seen, () => 1),
          self: sketchOf(seen.map(({ span }) => span.selfMs)),
        },
      ];
    });
  }

  edges(window: Window): EdgeWindow[] {
    const groups = this.#grouped(window, (span) =>
      span.kind === "client" ? `${span.service}|${span.callee}|${span.instance}` : undefined,
    );
    return [...groups.values()].flatMap((seen) => {
      const first = seen[0]?.span;
      if (first?.callee === undefined) return [];
      return [
        {
          ...this.#columns(window, seen),
          id: edgeId(first.service, first.callee),
          caller: first.service,
          callee: first.callee,
          calleeOperation: first.name,
          ...(first.instance === undefined ? {} : { callerInstance: first.instance }),
          kind: "sync" as const,
          retries: column(window, seen, ({ retry }) => flag(retry)),
          gapMsSum: column(window, seen, ({ gapMs }) => gapMs),
          gapCount: column(window, seen, () => 1),
          gap: sketchOf(seen.map(({ gapMs }) => gapMs)),
        },
      ];
    });
  }

  entries(window: Window): EntryWindow[] {
    const groups = this.#grouped(window, (span) => (span.parent < 0 ? span.operation : undefined));
    return [...groups].map(([operation, seen]) => {
      const criticalMs = new Map<EntityId | EdgeId, number>();
      const failedAt = new Map<EntityId | EdgeId, number>();
      tally(seen, criticalMs, false);
      tally(seen, failedAt, true);
      const columns = this.#columns(window, seen);
      return {
        ...columns,
        service: service("gateway"),
        operation: entityId("operation", operation.slice("operation:".length)),
        criticalMs,
        failedAt,
        tracedCount: seen.length,
      };
    });
  }

  entity(id: EntityId): Entity | undefined {
    return this.#entities.find((one) => one.id === id);
  }

  entities(filter?: { readonly type?: Entity["type"] }): readonly Entity[] {
    return this.#entities.filter((one) => filter?.type === undefined || one.type === filter.type);
  }

  resolve(text: string): Resolution {
    const entity = this.#entities.find((one) => one.name === text || one.id === text);
    return entity === undefined ? { ok: false, didYouMean: [] } : { ok: true, entity };
  }

  relations(filter: Parameters<WorldView["relations"]>[0]): readonly Relation[] {
    if (filter.type !== "instance_of") return [];
    return this.entities({ type: "service.instance" })
      .map(
        (one): Relation => ({
          type: "instance_of",
          from: one.id,
          to: service(one.name.replace(/-\d+$/, "")),
          validFromMs: START_MS,
          validToMs: Number.POSITIVE_INFINITY,
          recordedFromMs: START_MS,
          recordedToMs: Number.POSITIVE_INFINITY,
          source: "traces",
        }),
      )
      .filter((one) => filter.from === undefined || one.from === filter.from)
      .filter((one) => filter.to === undefined || one.to === filter.to);
  }

  metrics(): readonly [] {
    return [];
  }

  series(): readonly [] {
    return [];
  }

  logTemplates(): readonly [] {
    return [];
  }

  changes(window: Window, entity?: EntityId): readonly Change[] {
    return (this.#shop.changes ?? [])
      .filter((one) => one.timeMs >= window.fromMs && one.timeMs < window.toMs)
      .filter((one) => entity === undefined || one.entity === entity);
  }

  traces(query: TraceQuery): readonly Trace[] {
    return this.#inside(query.window)
      .filter((one) => query.operation === undefined || one.operation === query.operation)
      .filter((one) => query.reservoir !== "error" || one.error)
      .slice(-query.limit)
      .reverse();
  }

  trace(traceId: string): Trace | undefined {
    return this.#traces.find((one) => one.traceId === traceId);
  }

  slos(): readonly SloDefinition[] {
    return this.#slos;
  }

  sli(sloId: string, window: Window): SliWindow {
    const slo = this.#slos.find((one) => one.id === sloId);
    const operation = `operation:${slo?.service} ${slo?.operation}`;
    const mine = this.#inside(window).filter((trace) => trace.operation === operation);
    const limit = slo?.latencyThresholdMs ?? Number.POSITIVE_INFINITY;
    const errors = mine.filter((trace) => trace.error).length;
    const slow = mine.filter((trace) => !trace.error && trace.durationMs > limit).length;
    const good = mine.length - errors - slow;
    const ratio = mine.length > 0 ? good / mine.length : 1;
    return { good, bad: errors + slow, errors, slow, ratio, covered: 1 };
  }

  sloStatus(): undefined {
    return undefined;
  }

  unwatched(): readonly Window[] {
    return [];
  }

  coverage(): Coverage {
    return {
      spans: 1,
      spansDropped: 0,
      tracedRatio: 1,
      unseenCallees: [],
      silentServices: [],
      lastSignalMs: this.closedMs,
      notes: [],
    };
  }
}

export function shopView(shop: Shop, slos: readonly SloDefinition[] = []): WorldView {
  return new FoldedShop(shop, slos);
}
