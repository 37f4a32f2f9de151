import { expect, test } from "vitest";
import type { Attributes } from "../../src/model/entity.ts";
import { entityId } from "../../src/model/entity.ts";
import { ENTITIES_OF_TYPE_MAX } from "../../src/model/entity-limits.ts";
import { SERIES_PER_ENTITY_MAX } from "../../src/model/metric-store.ts";
import { type Signal, SPAN_KIND, type Span } from "../../src/model/signal.ts";
import { OPERATIONS_PER_SERVICE_MAX } from "../../src/model/site-resolver.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import { traceIdOf } from "../support/spans.ts";
import { at, slo, sloSignal, sumOf } from "./reading.ts";

const MANY = 100_000;
const PER_SECOND = 5_000;
const WINDOW = { fromMs: at(-60), toMs: at(3600) };

function span(index: number, over: Partial<Span> = {}): Span {
  const startMs = at(index / PER_SECOND);
  return {
    traceId: traceIdOf(index),
    spanId: index.toString(16).padStart(16, "0"),
    parentSpanId: "",
    name: "work",
    kind: SPAN_KIND.server,
    startMs,
    endMs: startMs + 5,
    status: 0,
    statusMessage: "",
    attributes: {},
    ...over,
  };
}

/** 10^5 spans that each name something new, in 20 seconds, with the clock told the time in between. */
function flooded(
  hostile: (index: number) => { readonly resource?: Attributes; readonly span?: Partial<Span> },
  world: World = createWorld(),
): World {
  for (let from = 0; from < MANY; from += PER_SECOND) {
    const receivedMs = at(from / PER_SECOND + 1);
    for (let index = from; index < from + PER_SECOND; index += 1) {
      const { resource = { "service.name": "flood" }, span: over } = hostile(index);
      world.apply({
        type: "spans",
        source: "test",
        receivedMs,
        resource,
        spans: [span(index, over)],
      });
    }
    world.advance(receivedMs);
  }
  // A service like any other, in the middle of it.
  world.apply({
    type: "spans",
    source: "test",
    receivedMs: at(22),
    resource: { "service.name": "flood", "service.instance.id": "i-0" },
    spans: [span(MANY + 1, { startMs: at(21), endMs: at(21.01), name: "honest" })],
  });
  world.advance(at(60));
  return world;
}

/** What is there in all, whatever came. */
function held(world: World): number {
  const stats = world.stats();
  return (
    stats.entities +
    stats.relations +
    stats.stationCells +
    stats.edgeCells +
    stats.series +
    stats.templates
  );
}

test("10^5 services: those that fit are held, the rest is refused and counted", () => {
  const world = flooded((index) => ({ resource: { "service.name": `s-${index}` } }));
  const stats = world.stats();
  expect(world.at(at(60)).entities({ type: "service" })).toHaveLength(ENTITIES_OF_TYPE_MAX.service);
  expect(stats.spansRefused).toBe(MANY + 1 - ENTITIES_OF_TYPE_MAX.service);
  expect(stats.entitiesRefused).toBeGreaterThan(0);
  expect(held(world)).toBeLessThan(100_000);
  expect(world.at(at(60)).coverage(WINDOW).notes.join("; ")).toContain("more services");
});

test("10^5 instances: those beyond the limit still count with their service", () => {
  const world = flooded((index) => ({
    resource: { "service.name": "flood", "service.instance.id": `i-${index}` },
  }));
  const view = world.at(at(60));
  expect(sumOf(view.stations(WINDOW), (one) => one.count)).toBe(MANY + 1);
  expect(view.entities({ type: "service.instance" }).length).toBe(
    ENTITIES_OF_TYPE_MAX["service.instance"],
  );
  expect(world.stats().sendersRefused).toBeGreaterThan(0);
  expect(held(world)).toBeLessThan(150_000);
});

test("10^5 operations: one service keeps its limit, and the overflow is one operation", () => {
  const world = flooded((index) => ({ span: { name: `GET /user/${index}` } }));
  const view = world.at(at(60));
  const stations = view.stations(WINDOW);
  expect(new Set(stations.map((one) => one.operation)).size).toBe(OPERATIONS_PER_SERVICE_MAX + 1);
  const rest = entityId("operation", "flood /{unknown}");
  const overflow = stations.filter((one) => one.operation === rest);
  const beyond = MANY + 1 - OPERATIONS_PER_SERVICE_MAX;
  expect(sumOf(overflow, (one) => one.count)).toBe(beyond);
  expect(world.stats().operationsOverflowed).toBe(beyond);
});

test("an operation that an objective measures is told apart however many there are", () => {
  const world = createWorld();
  world.apply(sloSignal(at(0), slo({ service: "flood", operation: "honest" })));
  flooded((index) => ({ span: { name: `GET /user/${index}` } }), world);
  expect(world.at(at(60)).sli("checkout", { fromMs: at(0), toMs: at(60) }).good).toBe(1);
});

test("10^5 callees, statements and addresses: links are held to their limits, calls go on being counted", () => {
  const calls = (index: number): Attributes[] => [
    { "http.request.method": "GET", "server.address": `host-${index}.example` },
    {
      "db.system.name": "mysql",
      "db.query.text": `SELECT a${index} FROM t`,
      "server.address": "db",
    },
  ];
  for (const which of [0, 1]) {
    const world = flooded((index) => ({
      span: { kind: SPAN_KIND.client, attributes: calls(index)[which] ?? {} },
    }));
    const stats = world.stats();
    expect(stats.callsOverflowed).toBeGreaterThan(0);
    expect(stats.edgeCells).toBeLessThan(2_000);
    expect(stats.entities).toBeLessThan(2_000);
    expect(sumOf(world.at(at(60)).edges(WINDOW), (one) => one.count)).toBe(MANY);
  }
});

test("10^5 callees from as many instances: rows are held to their limit, and what is left out is said", () => {
  const world = flooded((index) => ({
    resource: { "service.name": `s-${index % 5_000}`, "service.instance.id": `i-${index}` },
    span: {
      kind: SPAN_KIND.client,
      attributes: { "http.request.method": "GET", "server.address": `host-${index}.example` },
    },
  }));
  const stats = world.stats();
  expect(stats.edgeCells).toBeLessThanOrEqual(50_000);
  expect(stats.peersOverflowed).toBeGreaterThan(0);
  expect(stats.entities).toBeLessThan(100_000);
  expect(stats.relations).toBeLessThanOrEqual(200_000);
});

test("10^5 attribute values, metric names and log texts are held to their limits", () => {
  const world = createWorld();
  const resource = { "service.name": "flood", "service.instance.id": "i-0" };
  for (let index = 0; index < MANY; index += 100) {
    const receivedMs = at(index / PER_SECOND + 1);
    const from = { source: "test", receivedMs, resource };
    const points = Array.from({ length: 100 }, (_, offset) => ({
      name: `metric-${(index + offset) % 7}`,
      unit: "1",
      kind: "gauge" as const,
      temporality: "unspecified" as const,
      monotonic: false,
      startMs: 0,
      timeMs: receivedMs,
      attributes: { user: index + offset },
      value: 1,
      count: 0,
    }));
    const records = Array.from({ length: 100 }, (_, offset) => ({
      timeMs: receivedMs,
      severity: 9,
      body: [...(index + offset).toString(2)].map((bit) => (bit === "1" ? "yes" : "no")).join(" "),
      traceId: "",
      spanId: "",
      attributes: {},
    }));
    world.apply({ type: "metrics", ...from, points } as Signal);
    world.apply({ type: "logs", ...from, records } as Signal);
    world.advance(receivedMs);
  }
  world.advance(at(60));
  const stats = world.stats();
  expect(stats.series).toBe(SERIES_PER_ENTITY_MAX);
  expect(stats.pointsRefused).toBeGreaterThan(MANY / 2);
  expect(stats.templates).toBeLessThanOrEqual(201);
  const logs = world.at(at(60)).logTemplates(WINDOW);
  expect(sumOf(logs, (one) => one.count)).toBe(MANY);
});

test("one trace of 10^5 spans: its assembly is bounded, its spans count", () => {
  const world = flooded((index) => ({
    span: { traceId: "a".repeat(32), parentSpanId: (index - 1).toString(16).padStart(16, "0") },
  }));
  expect(sumOf(world.at(at(60)).stations(WINDOW), (one) => one.count)).toBe(MANY + 1);
  expect(world.stats().spansUnassembled).toBeGreaterThan(MANY / 2);
  expect(world.stats().tracesOpen).toBeLessThan(10);
});
