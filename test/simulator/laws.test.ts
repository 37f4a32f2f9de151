import fc from "fast-check";
import { expect, test } from "vitest";
import { randomSystem } from "../../src/simulator/random-system.ts";
import { KIND, type SimulatedSpan } from "../../src/simulator/records.ts";
import { shopSystem } from "../scenario/worlds/shop.ts";
import { mean, record } from "./recording.ts";

const seeds = fc.integer({ min: 1, max: 1_000_000 });

test("one seed gives the same records to the last digit, another seed others", () => {
  const run = (seed: number): string => {
    const { spans, requests, samples } = record(shopSystem(20), {
      seconds: 30,
      seed,
      sampleEveryMs: 5_000,
      interventions: [[10, { type: "deploy", service: "cart", version: "9", behaviour: {} }]],
    });
    return JSON.stringify({ spans, requests, samples });
  };
  expect(run(3)).toBe(run(3));
  expect(run(4)).not.toBe(run(3));
});

test("an intervention leaves the arrivals before and after it as they were", () => {
  const arrivals = (factor: number): readonly number[] =>
    record(shopSystem(20), {
      seconds: 60,
      interventions: [[20, { type: "pace", of: "psp", factor }]],
    })
      .requests.map(({ startMs }) => startMs)
      .filter((startMs) => startMs < 45_000)
      .sort((a, b) => a - b);
  expect(arrivals(20)).toEqual(arrivals(1));
});

test("no request is lost: sent are answered, failed, left or open", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const spec = randomSystem({ seed, services: 12 });
      const { simulation, requests } = record(spec, { seconds: 20, seed, keepsSpans: false });
      const { sent, answered, failed, left, open } = simulation.counts();
      expect(sent).toBe(answered + failed + left + open);
      expect(requests).toHaveLength(answered + failed + left);
      expect(sent).toBeGreaterThan(50);
    }),
    { numRuns: 12 },
  );
});

test("every span of a trace hangs together: one root, known parents, children of their senders' calls", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { spans } = record(randomSystem({ seed, services: 14 }), { seconds: 10, seed });
      const settled = spans.filter(({ startMs }) => startMs < 5_000);
      const byId = new Map(spans.map((span) => [span.spanId, span]));
      const orphans = settled.filter(
        ({ parentSpanId }) => parentSpanId !== "" && !byId.has(parentSpanId),
      );
      expect(orphans).toEqual([]);
      expect(settled.filter(isMisplaced(byId))).toEqual([]);
      expect(byId.size).toBe(spans.length);
      const roots = settled.filter(({ parentSpanId }) => parentSpanId === "");
      expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(roots.length);
    }),
    { numRuns: 8 },
  );
});

/** Clients hang below work of their own process; servers and consumers below calls of others. */
const isMisplaced =
  (byId: ReadonlyMap<string, SimulatedSpan>) =>
  ({ kind, parentSpanId, resource, traceId }: SimulatedSpan): boolean => {
    const parent = byId.get(parentSpanId);
    if (parent === undefined) return false;
    const isCall = kind === KIND.client || kind === KIND.producer;
    const parentCalls = parent.kind === KIND.client || parent.kind === KIND.producer;
    return (
      isCall === parentCalls ||
      parent.traceId !== traceId ||
      (isCall && parent.resource.instance !== resource.instance)
    );
  };

test("what is in the system is what comes in times how long it stays (Little)", () => {
  const { requests } = record(shopSystem(40), { seconds: 600, keepsSpans: false });
  const rate = requests.length / 600;
  const stayS = mean(requests.map(({ startMs, endMs }) => (endMs - startMs) / 1000));
  const instants = Array.from({ length: 2_000 }, (_, at) => 10_000 + at * 290);
  const present = mean(
    instants.map(
      (ms) => requests.filter(({ startMs, endMs }) => startMs <= ms && ms < endMs).length,
    ),
  );
  expect(Math.abs(present / (rate * stayS) - 1)).toBeLessThan(0.06);
});

test("a share of traces is recorded, each whole, and the truth stays whole", () => {
  const { spans, requests } = record({ ...shopSystem(40), traceSampling: 0.25 }, { seconds: 200 });
  const all = record(shopSystem(40), { seconds: 200 });
  const perTrace = (list: readonly SimulatedSpan[]): number =>
    list.length / new Set(list.map(({ traceId }) => traceId)).size;
  expect(spans.length / all.spans.length).toBeCloseTo(0.25, 1);
  expect(perTrace(spans)).toBeCloseTo(perTrace(all.spans), 0);
  expect(requests).toHaveLength(all.requests.length);
});

test("clocks that are off shift spans and change no duration", () => {
  const skewed = shopSystem(10);
  const exact = {
    ...skewed,
    hosts: skewed.hosts.map(({ clockSkewMs: _, ...host }) => host),
  };
  const a = record(skewed, { seconds: 20 }).spans;
  const b = record(exact, { seconds: 20 }).spans;
  expect(a.length).toBe(b.length);
  for (const [at, span] of a.entries()) {
    const skewMs = skewed.hosts.find(({ name }) => name === span.resource.host)?.clockSkewMs ?? 0;
    expect(span.startMs).toBeCloseTo((b[at]?.startMs ?? 0) + skewMs, 6);
    expect(span.endMs - span.startMs).toBeCloseTo((b[at]?.endMs ?? 0) - (b[at]?.startMs ?? 0), 6);
  }
});

test("a swing moves the rate around its mean", () => {
  const spec = shopSystem(40);
  const swinging = {
    ...spec,
    load: spec.load.map((one) => ({ ...one, swing: { amplitude: 0.5, periodMs: 100_000 } })),
  };
  const { requests } = record(swinging, { seconds: 1_000, keepsSpans: false });
  const inPhase = (fromMs: number, toMs: number): number =>
    requests.filter(({ startMs }) => startMs % 100_000 >= fromMs && startMs % 100_000 < toMs)
      .length;
  expect(requests.length / 1_000).toBeCloseTo(40, -0.6);
  expect(inPhase(15_000, 35_000) / inPhase(65_000, 85_000)).toBeGreaterThan(2);
});
