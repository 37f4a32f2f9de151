import { expect, test } from "vitest";
import type { Intervention } from "../../src/simulator/intervention.ts";
import { KIND } from "../../src/simulator/records.ts";
import type { LinkSpec, ServiceSpec, SystemSpec } from "../../src/simulator/system-spec.ts";
import { latencies, mean, quantile, type Recording, record, station } from "./recording.ts";

/** A caller in front of a callee with two workers, and how the caller calls it. */
function pair(
  link: LinkSpec,
  options: { readonly perSecond: number; readonly callee?: Partial<ServiceSpec> },
): SystemSpec {
  return {
    name: "pair",
    hosts: [
      { name: "h", zone: "a", cores: 64 },
      { name: "g", zone: "b", cores: 64 },
    ],
    services: [
      {
        name: "caller",
        version: "1",
        hosts: ["h"],
        operations: [{ name: "GET /", cpu: 1, steps: [[{ to: "callee", what: "GET /part" }]] }],
        links: { callee: link },
      },
      {
        name: "callee",
        version: "1",
        hosts: ["g"],
        workers: { count: 2 },
        operations: [{ name: "GET /part", wait: 20 }],
        ...options.callee,
      },
    ],
    load: [{ service: "caller", operation: "GET /", perSecond: options.perSecond }],
  };
}

const SLOW = { type: "slow-instance", instance: "callee-1", factor: 10 } as const;

function served({ spans }: Recording, service: string): number {
  return spans.filter(({ kind, resource }) => kind === KIND.server && resource.service === service)
    .length;
}

const failedShare = ({ simulation }: Recording): number => {
  const { failed, left, sent } = simulation.counts();
  return (failed + left) / sent;
};

test("a time-out does not cancel the callee's work", () => {
  const spec = pair({ timeoutMs: 100 }, { perSecond: 5, callee: { workers: { count: 50 } } });
  const run = record(spec, { seconds: 200, interventions: [[0, SLOW]] });
  const calls = run.spans.filter(({ kind }) => kind === KIND.client);
  const parts = run.spans.filter(({ resource }) => resource.service === "callee");
  const cut = calls.filter(({ attributes }) => attributes["error.type"] === "timeout");
  expect(cut.length).toBeGreaterThan(0.8 * calls.length);
  expect(cut.every(({ startMs, endMs }) => Math.abs(endMs - startMs - 100) < 0.001)).toBe(true);
  // What was given up was still worked on to its end, as long as it takes.
  expect(parts.length).toBeGreaterThan(0.98 * calls.length);
  expect(mean(parts.map(({ startMs, endMs }) => endMs - startMs))).toBeGreaterThan(180);
});

test("retries multiply the load on a callee that is slow, and keep it down", () => {
  const spec = (retries: number): SystemSpec =>
    pair({ timeoutMs: 100, retries, backoffMs: 10 }, { perSecond: 40 });
  const surge: readonly (readonly [number, Intervention])[] = [
    [30, { type: "load", factor: 3 }],
    [45, { type: "load", factor: 1 }],
  ];
  const patient = record(spec(0), { seconds: 200, interventions: surge });
  const eager = record(spec(3), { seconds: 200, interventions: surge });
  const late = (run: Recording): number => {
    const last = run.requests.filter(({ startMs }) => startMs > 150_000);
    return last.filter(({ ok }) => !ok).length / last.length;
  };
  expect(failedShare(record(spec(3), { seconds: 200 }))).toBeLessThan(0.05);
  expect(late(patient)).toBeLessThan(0.1);
  expect(late(eager)).toBeGreaterThan(0.8);
  expect(served(eager, "callee")).toBeGreaterThan(1.15 * served(patient, "callee"));
});

test("retries hide failures of a callee from its caller's customers", () => {
  const failing = (retries: number): Recording =>
    record(
      pair(
        { retries, backoffMs: 5 },
        {
          perSecond: 20,
          callee: { operations: [{ name: "GET /part", wait: 5, errorShare: 0.3 }] },
        },
      ),
      { seconds: 300 },
    );
  expect(failedShare(failing(0))).toBeCloseTo(0.3, 1);
  expect(failedShare(failing(3))).toBeLessThan(0.02);
});

test("garbage collection shows in the tail and hardly in the median", () => {
  const operations = [{ name: "GET /", cpu: 2 }];
  const spec = (gc?: ServiceSpec["gc"]): SystemSpec =>
    station({ operations, ...(gc === undefined ? {} : { gc }) }, { perSecond: 30, cores: 4 });
  const calm = latencies(record(spec(), { seconds: 600 }).requests);
  const paused = latencies(
    record(spec({ everyRequests: 150, pause: { ms: 150, cv: 0.2 } }), { seconds: 600 }).requests,
  );
  expect(quantile(paused, 0.5)).toBeLessThan(1.3 * quantile(calm, 0.5));
  expect(quantile(paused, 0.99)).toBeGreaterThan(10 * quantile(calm, 0.99));
});

test("the wait for a worker lies before the span where it is hidden, and within it where it is not", () => {
  const spec = (wait: "hidden" | "visible"): SystemSpec =>
    pair({}, { perSecond: 85, callee: { workers: { count: 2, wait } } });
  const inside = (wait: "hidden" | "visible"): number => {
    const { spans } = record(spec(wait), { seconds: 200 });
    const parts = spans.filter(({ resource }) => resource.service === "callee");
    return mean(parts.map(({ startMs, endMs }) => endMs - startMs));
  };
  expect(inside("hidden")).toBeCloseTo(20, -0.3);
  expect(inside("visible")).toBeGreaterThan(40);
});

test("an instance that stands still now and then is slow for its own requests alone", () => {
  const spec = pair({}, { perSecond: 20, callee: { hosts: ["h", "g"], workers: { count: 50 } } });
  const ration = {
    type: "ration",
    instance: "callee-1",
    pausedMs: 2_000,
    runningMs: 300,
  } as const;
  const { spans } = record(spec, { seconds: 120, interventions: [[0, ration]] });
  const calls = new Map(
    spans.filter(({ kind }) => kind === KIND.client).map((span) => [span.spanId, span]),
  );
  const took = (instance: string): number =>
    mean(
      spans
        .filter(({ resource }) => resource.instance === instance)
        .flatMap(({ parentSpanId }) => calls.get(parentSpanId) ?? [])
        .map(({ startMs, endMs }) => endMs - startMs),
    );
  expect(took("callee-2")).toBeLessThan(30);
  expect(took("callee-1")).toBeGreaterThan(500);
});

test("power of two choices spares a slow instance that round robin feeds on", () => {
  const slow = (balancing: "round-robin" | "power-of-two"): Recording =>
    record(
      pair({}, { perSecond: 60, callee: { hosts: ["h", "g"], balancing, workers: { count: 4 } } }),
      { seconds: 200, interventions: [[20, SLOW]] },
    );
  const p95 = (run: Recording): number => quantile(latencies(run.requests), 0.95);
  expect(p95(slow("power-of-two"))).toBeLessThan(0.5 * p95(slow("round-robin")));
});

test("who stops in the middle breaks its callers' connections, and refuses later ones", () => {
  const operations = [{ name: "GET /part", wait: 200 }];
  const spec = pair({}, { perSecond: 50, callee: { operations, workers: { count: 50 } } });
  const { spans, simulation } = record(spec, {
    seconds: 60,
    interventions: [
      [30, { type: "stop", service: "callee" }],
      [45, { type: "restart", service: "callee" }],
    ],
  });
  const failures = spans.flatMap(({ kind, attributes }) =>
    kind === KIND.client ? (attributes["error.type"] ?? []) : [],
  );
  expect(new Set(failures)).toEqual(new Set(["ECONNRESET", "ECONNREFUSED"]));
  const down = simulation.counts().failed / 50;
  // Fifteen seconds until somebody restarts it, two until it serves.
  expect(down).toBeGreaterThan(15);
  expect(down).toBeLessThan(19);
});

test("a lock held by somebody else makes writers wait and leaves readers alone", () => {
  const spec: SystemSpec = {
    ...station(
      {
        operations: [
          { name: "GET /", steps: [[{ to: "db", what: "SELECT" }]] },
          { name: "POST /", steps: [[{ to: "db", what: "UPDATE" }]] },
        ],
      },
      { perSecond: 20 },
    ),
    databases: [
      {
        name: "db",
        host: "h",
        workers: 200,
        statements: {
          SELECT: { time: 3 },
          UPDATE: { time: 3, lock: { table: "stock", rows: 2 } },
        },
      },
    ],
    load: ["GET /", "POST /"].map((operation) => ({ service: "s", operation, perSecond: 20 })),
  };
  const lock = { type: "lock", database: "db", table: "stock", heldMs: 900, freeMs: 300 } as const;
  const { requests } = record(spec, { seconds: 120, interventions: [[0, lock]] });
  const took = (operation: string): number =>
    mean(latencies(requests.filter((one) => one.operation === operation)));
  expect(took("GET /")).toBeLessThan(5);
  expect(took("POST /")).toBeGreaterThan(250);
});

test("calls that are lost never arrive, and cost their caller its patience", () => {
  const spec = pair({ timeoutMs: 100 }, { perSecond: 10, callee: { workers: { count: 50 } } });
  const loss = { type: "loss", caller: "caller", callee: "callee", share: 0.2 } as const;
  const run = record(spec, { seconds: 200, interventions: [[0, loss]] });
  const calls = run.spans.filter(({ kind }) => kind === KIND.client).length;
  expect(served(run, "callee") / calls).toBeCloseTo(0.8, 1);
  expect(failedShare(run)).toBeCloseTo(0.2, 1);
});
