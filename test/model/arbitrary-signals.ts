import fc from "fast-check";
import type { LogRecord, MetricPoint, Signal } from "../../src/model/signal.ts";
import { resourceOf, traceIdOf, traceSignals, type Visit } from "../support/spans.ts";
import { at, sloSignal } from "./reading.ts";

/** One request of a small shop, in numbers that fast-check can shrink. */
interface Request {
  readonly atMs: number;
  readonly delayMs: number;
  readonly instance: number;
  readonly version: number;
  readonly cartMs: number;
  readonly fails: number;
}

const requests = (seconds: number, delayMsMax: number) =>
  fc.array(
    fc.record({
      atMs: fc.integer({ min: 0, max: seconds * 1000 }),
      delayMs: fc.integer({ min: 0, max: delayMsMax }),
      instance: fc.integer({ min: 0, max: 1 }),
      version: fc.integer({ min: 0, max: 2 }),
      cartMs: fc.integer({ min: 1, max: 400 }),
      fails: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 40 },
  );

function visitOf({ instance, version, cartMs, fails }: Request): Visit {
  const place = (service: string) => ({
    service,
    instance: `${service}-${instance}`,
    host: `node-${instance}`,
    zone: `zone-${instance}`,
  });
  const cart: Visit = {
    ...place("cart"),
    version: `1.${version}`,
    operation: "GET /cart",
    selfMs: cartMs,
    calls: [{ to: { database: "shop", what: "SELECT 1", ms: 3, error: fails === 1 } }],
    ...(fails === 2 ? { error: "boom" } : {}),
  };
  return {
    ...place("gateway"),
    operation: "POST /checkout",
    selfMs: 5,
    internal: true,
    calls: [
      ...(fails === 3 ? [{ to: cart, refused: true }] : []),
      { to: cart, ...(fails === 4 ? { timeoutMs: 50 } : {}) },
      { to: { queue: "mails", ms: 1 } },
      { to: { external: "psp.example", what: "POST", ms: 20 } },
    ],
  };
}

const pointAt = (timeMs: number, value: number): MetricPoint => ({
  name: "jobs",
  unit: "1",
  kind: "sum",
  temporality: "cumulative",
  monotonic: true,
  startMs: at(-100),
  timeMs,
  attributes: {},
  value,
  count: 0,
});

function othersOf(request: Request, index: number): Signal[] {
  const timeMs = at(0) + request.atMs;
  const receivedMs = timeMs + request.delayMs + 10;
  const resource = resourceOf({ service: "cart", instance: `cart-${request.instance}` });
  const record: LogRecord = {
    timeMs,
    severity: request.fails === 2 ? 17 : 9,
    body: `served basket ${index} in ${request.cartMs} ms`,
    traceId: "",
    spanId: "",
    attributes: {},
  };
  const from = { source: "test", receivedMs };
  const change = {
    id: `change-${index}`,
    timeMs,
    kind: "config" as const,
    entity: "cart",
    summary: "",
    attributes: { setting: "workers", value: index },
  };
  return [
    { ...from, type: "logs", resource, records: [record] },
    { ...from, type: "metrics", resource, points: [pointAt(timeMs, request.atMs)] },
    ...(index % 7 === 3 ? [{ ...from, type: "change" as const, change }] : []),
  ];
}

/** Everything that a shop sends in so many seconds: each signal comes up to `delayMsMax` after what it tells of. */
export const signals = (
  seconds: number,
  delayMsMax: number,
): fc.Arbitrary<readonly [first: Signal, ...rest: readonly Signal[]]> =>
  requests(seconds, delayMsMax).map((list) => {
    const rest = list.flatMap((request, index) => {
      const startMs = at(0) + request.atMs;
      const spans = traceSignals(visitOf(request), { traceId: traceIdOf(index), startMs });
      const received = spans.map((signal) => ({
        ...signal,
        receivedMs: Math.ceil(endOf(signal)) + request.delayMs,
      }));
      return [...received, ...othersOf(request, index)];
    });
    return [sloSignal(at(0)), ...rest] as const;
  });

const endOf = (signal: Signal): number =>
  signal.type === "spans" ? Math.max(...signal.spans.map((span) => span.endMs)) : 0;
