import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import type { Signal } from "../../src/model/signal.ts";
import { traceIdOf, traceSignals, type Visit } from "../support/spans.ts";
import { at, slo, sloSignal, sumOf, worldOf } from "./reading.ts";

const WINDOW = { fromMs: at(-60), toMs: at(3600) };

const shop: Visit = {
  service: "gateway",
  operation: "POST /checkout",
  selfMs: 10,
  calls: [{ to: { service: "cart", operation: "GET /cart", selfMs: 20 } }],
};

/** One request a quarter of a second; `change` may take spans away or alter them. */
function traffic(
  toS: number,
  change: (signal: Signal & { type: "spans" }, atS: number) => Signal | undefined,
): Signal[] {
  return Array.from({ length: toS * 4 }, (_, index) => {
    const startMs = at(index / 4);
    const signals = traceSignals(shop, { traceId: traceIdOf(index), startMs });
    return signals.flatMap((signal) => change(signal, index / 4) ?? []);
  }).flat();
}

const isFrom = (signal: Signal & { type: "spans" }, service: string): boolean =>
  signal.resource["service.name"] === service;

const entriesOf = (signals: readonly Signal[], untilS: number): unknown =>
  worldOf(signals, at(untilS))
    .at(at(untilS))
    .entries({ fromMs: at(untilS - 30), toMs: at(untilS) })
    .map((entry) => entry.operation);

test("requests enter by the operation that nobody inside calls", () => {
  expect(
    entriesOf(
      traffic(60, (signal) => signal),
      60,
    ),
  ).toEqual(["operation:gateway POST /checkout"]);
});

test("an entry whose requests hang does not make an entry of what it called", () => {
  // From second 120 on the gateway's own spans never end: only what it called is heard of.
  const signals = traffic(180, (signal, atS) =>
    atS >= 120 && isFrom(signal, "gateway") ? undefined : signal,
  );
  const watched = [sloSignal(at(0), slo()), ...signals];
  const view = worldOf(watched, at(180)).at(at(180));
  expect(view.entries({ fromMs: at(150), toMs: at(180) })).toEqual([]);
  expect(view.sloStatus("checkout")?.state).toBe("absent");
  expect(view.coverage({ fromMs: at(120), toMs: at(180) }).silentServices).toEqual([
    "service:gateway",
  ]);
});

test("an entry that answers after half a minute is put together with what it called long before", () => {
  const slow: Visit = { ...shop, selfMs: 50_000 };
  const id = traceIdOf(9_999);
  const signals = traceSignals(slow, { traceId: id, startMs: at(0) }).flatMap((signal) =>
    signal.spans.map((span) => ({ ...signal, spans: [span], receivedMs: span.endMs + 500 })),
  );
  const view = worldOf([...signals, ...traffic(60, (signal) => signal)], at(60)).at(at(60));
  expect(view.trace(id)?.spans.map((span) => span.service)).toEqual([
    "service:gateway",
    "service:gateway",
    "service:cart",
  ]);
  expect(view.entries(WINDOW).map((entry) => entry.operation)).toEqual([
    "operation:gateway POST /checkout",
  ]);
});

test("an operation that callers outside the telemetry use is found out as an entry", () => {
  const outside = traffic(120, (signal) =>
    isFrom(signal, "gateway")
      ? {
          ...signal,
          spans: signal.spans.map((span) =>
            span.parentSpanId === "" ? { ...span, parentSpanId: "00000000000000ff" } : span,
          ),
        }
      : signal,
  );
  expect(entriesOf(outside, 120)).toEqual(["operation:gateway POST /checkout"]);
  const view = worldOf(outside, at(120)).at(at(120));
  const late = { fromMs: at(90), toMs: at(115) };
  expect(view.coverage(late).tracedRatio).toBe(1);
});

test("work that goes on after its request was answered is not a request of its own", () => {
  // The caller gives up after 50 ms; the callee goes on for 12 s, and its span comes when all else is long closed.
  const impatient: Visit = {
    ...shop,
    calls: [{ to: { service: "cart", operation: "GET /cart", selfMs: 12_000 }, timeoutMs: 50 }],
  };
  const signals = Array.from({ length: 240 }, (_, index) => {
    const startMs = at(index / 4);
    return traceSignals(impatient, { traceId: traceIdOf(index), startMs }).map((signal) => ({
      ...signal,
      receivedMs: Math.max(...signal.spans.map((span) => span.endMs)) + 500,
    }));
  }).flat();
  const view = worldOf(signals, at(80)).at(at(80));
  expect(view.entries(WINDOW).map((entry) => entry.operation)).toEqual([
    "operation:gateway POST /checkout",
  ]);
  const cart = view.stations(WINDOW).filter((one) => one.service === "service:cart");
  expect(sumOf(cart, (one) => one.count)).toBeGreaterThan(200);
});

test("work from a queue is measured, but is no request of the entry that sent it", () => {
  const signals = Array.from({ length: 40 }, (_, index): Signal[] => {
    const startMs = at(index / 2);
    const [first] = traceSignals(
      { ...shop, calls: [{ to: { queue: "mails", ms: 2 } }] },
      { traceId: traceIdOf(index), startMs },
    );
    const sent = first?.spans[0];
    if (first === undefined || sent === undefined) return [];
    const work = {
      ...sent,
      spanId: `${index}`.padStart(16, "9"),
      parentSpanId: sent.spanId,
      kind: 5,
      name: "process mails",
      startMs: startMs + 100,
      endMs: startMs + 400,
    };
    return [first, { ...first, resource: { "service.name": "mailer" }, spans: [work] }];
  }).flat();
  const view = worldOf(signals, at(40)).at(at(40));
  expect(view.entries(WINDOW).map((entry) => entry.operation)).toEqual([
    "operation:gateway POST /checkout",
  ]);
  const [trace] = view.traces({
    window: WINDOW,
    reservoir: "uniform",
    limit: 1,
    operation: entityId("operation", "gateway POST /checkout"),
  });
  expect(trace?.durationMs).toBeLessThan(100);
  const mailer = view.stations(WINDOW).filter((one) => one.service === "service:mailer");
  expect(sumOf(mailer, (one) => one.count)).toBe(40);
});
