import type { Entity, EntityId } from "../../src/model/entity.ts";
import type { Window } from "../../src/model/quantity.ts";
import type { Signal } from "../../src/model/signal.ts";
import type { Sketch } from "../../src/model/sketch.ts";
import type { SloDefinition } from "../../src/model/slo/slo.ts";
import type { Buckets, WorldView } from "../../src/model/view.ts";
import { createWorld, type World } from "../../src/model/world.ts";

/** 2026-11-24 02:00:00 UTC, the start of a bucket. */
export const T0 = Date.UTC(2026, 10, 24, 2, 0, 0);
export const at = (seconds: number): number => T0 + seconds * 1000;

/** A world that received signals at their times and was told the time every second until `untilMs`. */
export function worldOf(
  signals: readonly Signal[],
  untilMs: number,
  world: World = createWorld(),
): World {
  const inOrder = signals.toSorted((a, b) => a.receivedMs - b.receivedMs);
  let next = 0;
  const firstMs = Math.min(untilMs, inOrder[0]?.receivedMs ?? untilMs);
  for (let nowMs = firstMs; nowMs <= untilMs; nowMs += 1000) {
    for (let signal = inOrder[next]; signal !== undefined && signal.receivedMs <= nowMs; ) {
      world.apply(signal);
      next += 1;
      signal = inOrder[next];
    }
    world.advance(nowMs);
  }
  world.advance(untilMs);
  return world;
}

export function slo(over: Partial<SloDefinition> = {}): SloDefinition {
  return {
    id: "checkout",
    description: "people can pay",
    service: "gateway",
    operation: "POST /checkout",
    objective: 0.99,
    latencyThresholdMs: 300,
    rules: [{ longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" }],
    absentAfterMs: 30_000,
    settle: { effectMs: 20_000, observeMs: 40_000 },
    ...over,
  };
}

export const sloSignal = (receivedMs: number, ...slos: readonly SloDefinition[]): Signal => ({
  type: "slos",
  source: "file",
  receivedMs,
  slos: slos.length === 0 ? [slo()] : slos,
});

export const total = (column: Float64Array): number => column.reduce((sum, one) => sum + one, 0);

/** Sums that differ only by how they were rounded are the same; times are exact. */
function plainNumber(value: number): unknown {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) > 1e9 ? value : Number(value.toPrecision(6));
}

function plain(value: unknown): unknown {
  if (typeof value === "number") return plainNumber(value);
  if (value instanceof Float64Array) return Array.from(value, plain);
  if (value instanceof Map) return sorted([...value].map(plain));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (isSketch(value)) return sketch(value);
  return Object.fromEntries(
    [...Object.entries(value), ...told(value)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, plain(one)]),
  );
}

/** What an object of a class tells when it is asked. */
function told(value: object): [string, unknown][] {
  const prototype: object = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(prototype)).flatMap(([name, of]) =>
    of.get === undefined ? [] : [[name, of.get.call(value)] as [string, unknown]],
  );
}

const isSketch = (value: object): value is Sketch => "quantile" in value && "rank" in value;

function sketch(of: Sketch): unknown {
  return [of.count, of.sum, of.quantile(0.5), of.quantile(0.99)].map(plain);
}

const sorted = (rows: readonly unknown[]): unknown[] =>
  rows.map((row) => JSON.stringify(row)).sort();

const withoutTimes = ({ lastSeenMs: _, ...entity }: Entity): unknown => entity;

/** Everything that a view can tell of a window, in an order that does not depend on how it was learned. */
export function readAll(view: WorldView, window: Window): Record<string, unknown> {
  const rows = (list: readonly unknown[]): unknown[] => sorted(list.map(plain));
  const entities = view.entities();
  const metricsOf = (entity: EntityId): unknown[] =>
    view
      .metrics(entity)
      .flatMap(({ metric }) => view.series({ entity, metric, window }))
      .map(plain);
  return {
    closedMs: view.closedMs,
    retainedFromMs: view.retainedFromMs,
    entities: rows(entities.map(withoutTimes)),
    relations: rows(view.relations({})),
    stations: rows(view.stations(window)),
    edges: rows(view.edges(window)),
    entries: rows(view.entries(window)),
    traces: (["uniform", "slow", "error"] as const).map((reservoir) =>
      rows(view.traces({ window, reservoir, limit: 50 })),
    ),
    changes: rows(view.changes(window)),
    series: sorted(entities.map((one) => [one.id, metricsOf(one.id)])),
    logs: rows(view.logTemplates(window).map(({ samples: _, ...template }) => template)),
    slos: view.slos().map((one) => plain(view.sloStatus(one.id))),
    sli: view.slos().map((one) => plain(view.sli(one.id, window))),
    coverage: plain({ ...view.coverage(window), notes: [] }),
  };
}

/** The sum of a column over all windows that `matches`. */
export function sumOf<Row extends Buckets>(
  rows: readonly Row[],
  column: (row: Row) => Float64Array,
  matches: (row: Row) => boolean = () => true,
): number {
  return rows.filter(matches).reduce((sum, row) => sum + total(column(row)), 0);
}
