import { expect, test } from "vitest";
import { NO_ROWS } from "../../src/model/cell-columns.ts";
import { CellTable } from "../../src/model/cell-table.ts";
import type { EntityId } from "../../src/model/entity.ts";
import { entityId } from "../../src/model/entity.ts";
import { ENTITIES_OF_TYPE_MAX } from "../../src/model/entity-limits.ts";
import { EntityStore } from "../../src/model/entity-store.ts";
import { EMPTY_FRAME } from "../../src/model/frame.ts";
import { FrameRing, RETAINED_BUCKETS } from "../../src/model/frame-ring.ts";
import { PLACES_MAX, PlaceTable } from "../../src/model/place-table.ts";
import { RecentIds } from "../../src/model/recent-ids.ts";
import { RELATION_VERSIONS_MAX, RelationStore } from "../../src/model/relation-store.ts";
import { createWorld } from "../../src/model/world.ts";
import { batch, traceIdOf, traceSpans } from "../support/spans.ts";
import { at, sumOf } from "./reading.ts";

const DAY_MS = 24 * 3_600_000;

test("months of deploys need no more senders, cells and sites than a few hours do", () => {
  const world = createWorld();
  const held: number[] = [];
  const hours = 40.5;
  // Every hour another instance of gateway and of cart; traffic every 20 seconds.
  for (let tick = 0; tick < hours * 180; tick += 1) {
    const hour = Math.floor(tick / 180);
    const instance = (service: string): string => `${service}-${hour}`;
    const trace = traceSpans(
      {
        service: "gateway",
        instance: instance("gateway"),
        operation: "GET /",
        selfMs: 5,
        calls: [
          {
            to: { service: "cart", instance: instance("cart"), operation: "GET /cart", selfMs: 5 },
          },
        ],
      },
      { traceId: traceIdOf(tick), startMs: at(tick * 20) },
    );
    for (const signal of batch([trace], at(tick * 20 + 1))) world.apply(signal);
    world.advance(at(tick * 20 + 10));
    if (tick % 180 === 179) held.push(world.stats().stationCells + world.stats().edgeCells);
  }
  expect(Math.max(...held.slice(10))).toBe(Math.max(...held.slice(4, 10)));
  const toMs = at(hours * 3600);
  const view = world.at(toMs);
  const seen = view.stations({ fromMs: view.retainedFromMs, toMs });
  const instances = seen.map((one) => one.instance as string).sort();
  expect(new Set(instances)).toEqual(
    new Set(
      [39, 40].flatMap((hour) => [
        `service.instance:cart-${hour}`,
        `service.instance:gateway-${hour}`,
      ]),
    ),
  );
  expect(sumOf(view.edges({ fromMs: toMs - 600_000, toMs }), (edge) => edge.count)).toBe(30);
});

test("a cell is not given to another while somebody holds it", () => {
  const cells = new CellTable<string>(2);
  const hold = (cell: string): number => cells.hold(cell, () => cell);
  expect([hold("a"), hold("b"), hold("c"), hold("a")]).toEqual([0, 1, -1, 0]);
  cells.release(0);
  expect([cells.size, hold("c")]).toEqual([2, -1]);
  cells.release(0);
  expect([cells.size, hold("c"), cells.get(0)]).toEqual([1, 0, "c"]);
});

test("a cell of an earlier life keeps its number for who comes back, until it is given up", () => {
  const cells = new CellTable<string>(3);
  for (const cell of ["a", "b", "c"]) cells.restore(cell, () => cell);
  expect(cells.hold("b", () => "never made")).toBe(1);
  expect(cells.hold("d", () => "d")).toBe(-1);
  cells.releaseRestored();
  expect([cells.size, cells.get(1)]).toEqual([1, "b"]);
  expect(cells.hold("d", () => "d")).toBe(2);
});

test("instances that were not seen for a day make room when there are too many; services never do", () => {
  const store = new EntityStore();
  const claim = (type: "service.instance" | "service", index: number, nowMs: number) =>
    store.claim({ type, key: `${index}`, names: [`i-${index}`] }, { seenMs: nowMs, nowMs });
  const limit = ENTITIES_OF_TYPE_MAX["service.instance"];
  for (let index = 0; index < limit; index += 1) claim("service.instance", index, index);
  expect(claim("service.instance", limit, DAY_MS / 2)).toBeUndefined();
  const made = claim("service.instance", limit + 1, 2 * DAY_MS);
  expect(made).toBe(limit);
  expect(store.indexOf(entityId("service.instance", "i-0"))).toBeUndefined();
  expect(store.indexOf(entityId("service.instance", `i-${limit - 1}`))).toBe(limit - 1);
  expect([store.forgotten, store.refused]).toEqual([limit / 10, 1]);
  const services = ENTITIES_OF_TYPE_MAX.service;
  for (let index = 0; index < services; index += 1) claim("service", index, 0);
  expect(claim("service", services, 30 * DAY_MS)).toBeUndefined();
});

test("what is forgotten and comes back is a new entity of the same name", () => {
  const store = new EntityStore();
  const claim = (index: number, nowMs: number) =>
    store.claim(
      { type: "deployment", key: `${index}`, names: [`v${index}`] },
      { seenMs: nowMs, nowMs },
    );
  for (let index = 0; index < ENTITIES_OF_TYPE_MAX.deployment; index += 1) claim(index, 0);
  claim(-1, 2 * DAY_MS);
  const again = claim(0, 2 * DAY_MS) ?? -1;
  expect(again).toBeGreaterThanOrEqual(ENTITIES_OF_TYPE_MAX.deployment);
  expect(store.record(again)).toMatchObject({ name: "v0", firstSeenMs: 2 * DAY_MS });
  expect([...store.rows()].length).toBe(store.size);
});

test("relations that ended long ago make room; one that ends is recorded even when there is none", () => {
  const store = new RelationStore();
  const id = (index: number): EntityId => entityId("service.instance", `i-${index}`);
  const to = entityId("service", "cart");
  const hold = (index: number, nowMs: number) =>
    store.hold(
      { type: "instance_of", from: id(index), to },
      { seenMs: nowMs, nowMs, source: "resource" },
    );
  for (let index = 0; index < RELATION_VERSIONS_MAX; index += 1) hold(index, 0);
  expect(hold(-1, 60_000)).toBeUndefined();
  const [first] = store.heldFrom("instance_of", id(0));
  if (first !== undefined) store.end(first, 30_000, 60_000);
  const belief = { sequence: store.sequence, knownAtMs: Number.POSITIVE_INFINITY };
  expect(store.select({ from: id(0) }, 70_000, belief)).toEqual([]);
  expect(store.select({ from: id(0) }, 20_000, belief)).toHaveLength(1);
  expect(hold(-2, 2 * DAY_MS)).toBeDefined();
  expect([store.forgotten, store.refused]).toEqual([2, 1]);
  expect(
    store.select({ from: id(1) }, 2 * DAY_MS, { ...belief, sequence: store.sequence }),
  ).toHaveLength(1);
});

test("two relations never share a key, whatever their ends are called", () => {
  const store = new RelationStore();
  const at0 = { seenMs: 0, nowMs: 0, source: "traces" };
  const odd = entityId("service", "a|service:b");
  store.hold({ type: "calls", from: odd, to: entityId("service", "c") }, at0);
  store.hold(
    { type: "calls", from: entityId("service", "a"), to: entityId("service", "b|service:c") },
    at0,
  );
  expect(store.size).toBe(2);
});

test("frames that are given up before their time go oldest first, and the retention says so", () => {
  const ring = new FrameRing();
  const rows = { ...NO_ROWS, cells: new Int32Array(1_000) };
  for (let bucket = 0; bucket < 6; bucket += 1) {
    ring.push(bucket, { ...EMPTY_FRAME, stations: rows, lastHeardMs: 1 });
  }
  const { bytes } = ring;
  expect([ring.giveUp(4), ring.giveUp(4), ring.giveUp(4)]).toEqual([true, true, false]);
  expect(ring.capture()).toMatchObject({ firstBucket: 2, firstWholeBucket: 2 });
  expect([ring.framesGivenUp, ring.bytes / bytes]).toEqual([2, 4 / 6]);
});

test("an hour of frames is kept, and none of the time before the first signal", () => {
  const ring = new FrameRing();
  for (let bucket = 0; bucket < 10; bucket += 1) ring.push(bucket, EMPTY_FRAME);
  expect([ring.size, ring.endBucket]).toEqual([0, undefined]);
  for (let bucket = 10; bucket < 10 + RETAINED_BUCKETS + 5; bucket += 1) {
    ring.push(bucket, { ...EMPTY_FRAME, lastHeardMs: bucket === 10 ? 1 : 0 });
  }
  expect(ring.capture().firstBucket).toBe(15);
  expect(ring.size).toBe(RETAINED_BUCKETS);
});

test("links beyond the places that are told apart count as their caller's own", () => {
  const places = new PlaceTable();
  for (let callee = 0; places.size < PLACES_MAX; callee += 1) places.place(7, callee);
  const place = places.place(8, 1);
  expect([places.caller(place), places.callee(place)]).toEqual([8, -1]);
  expect(places.overflowed).toBe(1);
});

test("recent ids are known for one period at least, and forgotten after two", () => {
  const recent = new RecentIds({ periodMs: 1_000, max: 3 });
  recent.add("a", 0);
  recent.add("b", 999);
  recent.add("c", 1_000);
  expect(["a", "b", "c"].map((id) => recent.has(id))).toEqual([true, true, true]);
  recent.add("d", 2_000);
  expect(["a", "b", "c", "d"].map((id) => recent.has(id))).toEqual([false, false, true, true]);
  for (const id of ["e", "f", "g", "h"]) recent.add(id, 2_001);
  expect(recent.has("c")).toBe(false);
});

test("a bucket that was left out is empty, and the next stand at their own times", () => {
  const ring = new FrameRing();
  for (const bucket of [10, 11, 14]) ring.push(bucket, { ...EMPTY_FRAME, lastHeardMs: bucket });
  const { firstBucket, frames } = ring.capture();
  expect(firstBucket).toBe(10);
  expect(frames.map((frame) => frame.lastHeardMs)).toEqual([10, 11, 0, 0, 14]);
});
