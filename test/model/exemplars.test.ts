import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import type { Trace, TraceQuery } from "../../src/model/view.ts";
import { traceIdOf, traceSignals, type Visit } from "../support/spans.ts";
import { at, worldOf } from "./reading.ts";

const OPERATION = entityId("operation", "gateway GET /");

/** Forty requests in one bucket: request 7 is the slowest, 3 and 11 fail in cart. */
const durations = Array.from({ length: 40 }, (_, index) => (index === 7 ? 900 : 10 + index));

function visitOf(index: number): Visit {
  const fails = index === 3 || index === 11;
  const cart: Visit = {
    service: "cart",
    instance: `cart-${index % 2}`,
    operation: "GET /cart",
    selfMs: durations[index] ?? 10,
    error: fails,
  };
  return { service: "gateway", operation: "GET /", selfMs: 2, calls: [{ to: cart }] };
}

const signals = durations.flatMap((_, index) =>
  traceSignals(visitOf(index), { traceId: traceIdOf(index), startMs: at(5) + index * 50 }),
);
const view = worldOf(signals, at(40)).at(at(40));

const traces = (over: Partial<TraceQuery>): readonly Trace[] =>
  view.traces({
    window: { fromMs: at(0), toMs: at(40) },
    reservoir: "uniform",
    limit: 50,
    operation: OPERATION,
    ...over,
  });

test("of each bucket two traces are kept by chance, the slowest, and one that failed", () => {
  expect(traces({})).toHaveLength(2);
  expect(traces({ reservoir: "slow" }).map((one) => one.traceId)).toEqual([traceIdOf(7)]);
  const [failed, ...others] = traces({ reservoir: "error" });
  expect(others).toEqual([]);
  expect([traceIdOf(3), traceIdOf(11)]).toContain(failed?.traceId);
  expect(failed).toMatchObject({ error: true, operation: OPERATION });
});

test("which traces chance keeps has nothing to do with how long they took or when they came", () => {
  const kept = new Set<number>();
  for (let bucket = 0; bucket < 200; bucket += 1) {
    const ids = durations.map((_, index) => traceIdOf(bucket * 40 + index));
    const bucketSignals = durations.flatMap((_, index) =>
      traceSignals(visitOf(index), { traceId: ids[index] ?? "", startMs: at(5) + index * 50 }),
    );
    const seen = worldOf(bucketSignals, at(20)).at(at(20));
    const query = { window: { fromMs: at(0), toMs: at(20) }, limit: 9, operation: OPERATION };
    for (const { traceId } of seen.traces({ ...query, reservoir: "uniform" })) {
      kept.add(ids.indexOf(traceId));
    }
  }
  expect(kept.size).toBe(40);
});

test("traces are found by what they touch: a service, an instance, a link", () => {
  const all = traces({ reservoir: "slow" }).length;
  expect(traces({ reservoir: "slow", through: entityId("service", "cart") })).toHaveLength(all);
  expect(traces({ reservoir: "slow", through: "gateway->cart" as never })).toHaveLength(all);
  expect(
    traces({ reservoir: "slow", through: entityId("service.instance", "cart-1") }),
  ).toHaveLength(1);
  expect(traces({ reservoir: "slow", through: entityId("service.instance", "cart-0") })).toEqual(
    [],
  );
  expect(traces({ reservoir: "slow", limit: 0 })).toEqual([]);
});

test("a trace is shown with who served, who was called, and where the time went", () => {
  const trace = view.trace(traceIdOf(7));
  expect(trace?.durationMs).toBe(903);
  expect(
    trace?.spans.map(({ kind, service, name, parent }) => [kind, service, name, parent]),
  ).toEqual([
    ["server", "service:gateway", "GET /", -1],
    ["client", "service:gateway", "GET /cart", 0],
    ["server", "service:cart", "GET /cart", 1],
  ]);
  expect(trace?.spans[1]).toMatchObject({ callee: "service:cart", criticalMs: 1, selfMs: 1 });
  expect(trace?.spans[2]).toMatchObject({ instance: "service.instance:cart-1", criticalMs: 900 });
  expect(view.trace("f".repeat(32))).toBeUndefined();
});
