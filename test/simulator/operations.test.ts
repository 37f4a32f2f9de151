import { expect, test } from "vitest";
import type { Intervention } from "../../src/simulator/intervention.ts";
import { KIND, type SimulatedSpan } from "../../src/simulator/records.ts";
import { createSimulation } from "../../src/simulator/simulation.ts";
import type { SystemSpec } from "../../src/simulator/system-spec.ts";
import { shopSystem } from "../scenario/worlds/shop.ts";
import { latencies, mean, type Recording, record } from "./recording.ts";

const AT_S = 60;

function shopWith(...interventions: readonly (readonly [number, Intervention])[]): Recording {
  return record(shopSystem(20), { seconds: 150, interventions });
}

const isServed = (service: string) => (span: SimulatedSpan) =>
  span.kind === KIND.server && span.resource.service === service;

const between = (run: Recording, fromS: number, toS: number): SimulatedSpan[] =>
  run.spans.filter(({ startMs }) => startMs >= fromS * 1000 && startMs < toS * 1000);

const lengthOf = (spans: readonly SimulatedSpan[]): number =>
  mean(spans.map(({ startMs, endMs }) => endMs - startMs));

test("a deploy rolls one instance after the other, without losing a request", () => {
  const run = shopWith([
    AT_S,
    { type: "deploy", service: "catalog", version: "1.1.0", behaviour: { cpuFactor: 3 } },
  ]);
  const versions = (fromS: number, toS: number): Set<string> =>
    new Set(
      between(run, fromS, toS)
        .filter(isServed("catalog"))
        .map((one) => one.resource.version),
    );
  expect(versions(0, AT_S)).toEqual(new Set(["1.0.0"]));
  expect(versions(AT_S + 2.2, AT_S + 3.8)).toEqual(new Set(["1.0.0", "1.1.0"]));
  expect(versions(AT_S + 5, 150)).toEqual(new Set(["1.1.0"]));
  expect(run.simulation.counts().failed).toBe(0);
  expect(run.changes).toMatchObject([
    {
      kind: "deploy",
      entity: "catalog",
      summary: "deploy catalog 1.1.0",
      attributes: { version: "1.1.0", previous_version: "1.0.0", author: "platform" },
    },
  ]);
});

test("a slower version is slower, and a rollback takes that back", () => {
  const run = shopWith(
    [AT_S, { type: "deploy", service: "catalog", version: "2", behaviour: { cpuFactor: 4 } }],
    [100, { type: "rollback", service: "catalog", version: "1.0.0" }],
  );
  const catalog = (fromS: number, toS: number): number =>
    lengthOf(between(run, fromS, toS).filter(isServed("catalog")));
  const before = catalog(0, AT_S);
  expect(catalog(AT_S + 6, 100)).toBeGreaterThan(3 * before);
  expect(catalog(106, 150)).toBeLessThan(1.3 * before);
});

test("a version's own failures begin at that service", () => {
  const run = shopWith([
    AT_S,
    { type: "deploy", service: "cart", version: "3", behaviour: { errorShare: 0.4 } },
  ]);
  const cart = between(run, AT_S + 6, 150).filter(isServed("cart"));
  const failed = cart.filter(({ status }) => status === 2).length / cart.length;
  expect(failed).toBeGreaterThan(0.3);
  expect(failed).toBeLessThan(0.5);
});

test("a flag's variant makes its queries slow and nobody else's", () => {
  const run = shopWith([AT_S, { type: "flag", flag: "catalog-review-highlights", variant: "on" }]);
  const query = (name: string, fromS: number, toS: number): number =>
    lengthOf(between(run, fromS, toS).filter((span) => span.name === name));
  expect(query("SELECT product", 70, 150)).toBeGreaterThan(20 * query("SELECT product", 0, AT_S));
  expect(query("SELECT items", 70, 150)).toBeLessThan(1.5 * query("SELECT items", 0, AT_S));
});

test("a smaller pool makes its owner wait outside its query spans", () => {
  const run = shopWith([
    AT_S,
    { type: "setting", service: "orders", setting: "pg_pool_max", value: "1" },
  ]);
  const orders = (fromS: number, toS: number): number =>
    lengthOf(between(run, fromS, toS).filter(isServed("orders")));
  const query = between(run, 70, 150).filter(({ name }) => name === "INSERT order");
  expect(orders(80, 150)).toBeGreaterThan(1.5 * orders(0, AT_S));
  expect(lengthOf(query)).toBeLessThan(15);
  expect(run.changes[0]?.attributes).toMatchObject({ value: "1", previous_value: "8" });
});

test("a limit of concurrent calls frees callers of a slow external", () => {
  const run = shopWith(
    [20, { type: "pace", of: "psp", factor: 60 }],
    [AT_S, { type: "limit", caller: "payment", callee: "psp", maxConcurrent: 1 }],
  );
  const checkout = (fromMs: number, toMs: number): number =>
    mean(
      latencies(
        run.requests.filter(
          (one) =>
            one.operation === "POST /checkout" && one.startMs >= fromMs && one.startMs < toMs,
        ),
      ),
    );
  expect(checkout(30_000, 55_000)).toBeGreaterThan(1_000);
  expect(checkout(75_000, 150_000)).toBeLessThan(600);
});

test("scaling out adds instances that take part of the load", () => {
  const run = shopWith([AT_S, { type: "scale", service: "catalog", replicas: 5 }]);
  const instances = new Set(
    between(run, 80, 150)
      .filter(isServed("catalog"))
      .map((one) => one.resource.instance),
  );
  expect(instances.size).toBe(5);
  expect(
    run.simulation.state().services.find((one) => one.service === "catalog")?.instances,
  ).toHaveLength(5);
});

test("a restart heals a slow instance", () => {
  const run = shopWith(
    [20, { type: "slow-instance", instance: "catalog-1", factor: 20 }],
    [AT_S, { type: "restart", service: "catalog", instance: "catalog-1" }],
  );
  const catalog = (fromS: number, toS: number): number =>
    lengthOf(between(run, fromS, toS).filter(isServed("catalog")));
  expect(catalog(25, AT_S)).toBeGreaterThan(3 * catalog(0, 20));
  expect(catalog(80, 150)).toBeLessThan(1.5 * catalog(0, 20));
});

test("what does not exist is refused by name, and nothing has happened", () => {
  const changes: unknown[] = [];
  const simulation = createSimulation(shopSystem(1), {
    seed: 1,
    sink: { change: (change) => changes.push(change) },
  });
  expect(() =>
    simulation.operate({ type: "rollback", service: "catalog", version: "0.9" }),
  ).toThrowError("catalog has no version 0.9");
  expect(() => simulation.operate({ type: "scale", service: "catlog", replicas: 2 })).toThrowError(
    "there is no service catlog",
  );
  expect(() => simulation.intervene({ type: "pace", of: "nothing", factor: 2 })).toThrowError(
    "there is no database nothing",
  );
  expect(changes).toEqual([]);
});

test("an edge's delay and a host's slowness show where they are", () => {
  const spec: SystemSpec = shopSystem(20);
  const delayed = record(spec, {
    seconds: 60,
    interventions: [[0, { type: "delay", caller: "gateway", callee: "cart", ms: 150 }]],
  });
  const gap = (run: Recording, callee: string): number => {
    const served = new Map(
      run.spans.filter(isServed(callee)).map((one) => [one.parentSpanId, one]),
    );
    const calls = run.spans.filter(
      (one) => one.resource.service === "gateway" && served.has(one.spanId),
    );
    return lengthOf(calls) - lengthOf(calls.flatMap((one) => served.get(one.spanId) ?? []));
  };
  expect(gap(delayed, "cart")).toBeGreaterThan(290);
  expect(gap(delayed, "catalog")).toBeLessThan(20);
});
