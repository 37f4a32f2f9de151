import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import type { Signal } from "../../src/model/signal.ts";
import { createWorld } from "../../src/model/world.ts";
import { traceIdOf, traceSignals, type Visit } from "../support/spans.ts";
import { at, sumOf, worldOf } from "./reading.ts";

const WINDOW = { fromMs: at(-3600), toMs: at(3600) };

/** Requests to one service, `perS` a second, each received `delayS` after its end. */
function requests(
  visit: Visit,
  plan: { fromS: number; toS: number; perS?: number; delayS: number },
): Signal[] {
  const { fromS, toS, perS = 4, delayS } = plan;
  return Array.from({ length: (toS - fromS) * perS }, (_, index) => {
    const startMs = at(fromS + index / perS);
    const traceId = traceIdOf(fromS * 1000 + index + (visit.service === "slow" ? 500_000 : 0));
    const receivedMs = startMs + visit.selfMs + delayS * 1000;
    return traceSignals(visit, { traceId, startMs, receivedMs });
  }).flat();
}

const visit = (service: string, over: Partial<Visit> = {}): Visit => ({
  service,
  operation: "GET /work",
  selfMs: 20,
  ...over,
});

const countOf = (world: ReturnType<typeof worldOf>, service: string): number =>
  sumOf(
    world.at(at(1000)).stations(WINDOW),
    (one) => one.count,
    (one) => one.service === entityId("service", service),
  );

test("spans of a closed bucket are counted as late, are in no column, and are told where they are missing", () => {
  const early = requests(visit("cart"), { fromS: 0, toS: 20, delayS: 1 });
  const late = requests(visit("cart"), { fromS: 0, toS: 1, perS: 3, delayS: 40 }).map(
    (signal, index) => ({ ...signal, receivedMs: at(41 + index) }),
  );
  const renamed = late.map((signal) =>
    signal.type === "spans"
      ? { ...signal, spans: signal.spans.map((span) => ({ ...span, traceId: "f".repeat(32) })) }
      : signal,
  );
  const world = worldOf([...early, ...renamed.slice(0, 1)], at(60));
  expect(countOf(world, "cart")).toBe(80);
  expect(world.stats()).toMatchObject({ spans: 80, spansLate: 1 });
  const view = world.at(at(60));
  const then = view.coverage({ fromMs: at(35), toMs: at(50) });
  expect(then.spansDropped).toBe(1);
  expect(then.notes).toContain("1 spans of cart came after their bucket had closed");
  expect(view.coverage({ fromMs: at(5), toMs: at(30) }).notes).toEqual([]);
});

test("buckets wait longer while a starved sender's spans come seconds late, and no longer than needed", () => {
  const quick = requests(visit("quick"), { fromS: 0, toS: 400, perS: 1, delayS: 1 });
  const slow = requests(visit("slow"), { fromS: 60, toS: 160, delayS: 6 });
  const world = createWorld();
  const graces = new Map<number, number>();
  const signals = [...quick, ...slow].toSorted((a, b) => a.receivedMs - b.receivedMs);
  for (let second = 0, next = 0; second <= 400; second += 1) {
    for (let signal = signals[next]; signal !== undefined && signal.receivedMs <= at(second); ) {
      world.apply(signal);
      next += 1;
      signal = signals[next];
    }
    world.advance(at(second));
    graces.set(second, world.stats().graceMs);
  }
  expect(graces.get(50)).toBe(2_500);
  expect(graces.get(100)).toBe(7_500);
  expect(graces.get(400)).toBe(2_500);
  // What came before the model had noticed is lost, and nothing after.
  expect(world.stats().spansLate).toBeGreaterThan(0);
  expect(world.stats().spansLate).toBeLessThan(40);
  const [from, to] = [at(80), at(160)];
  const seen = world.at(at(400)).stations({ fromMs: from, toMs: to });
  const slowOnes = (one: { readonly service: string }): boolean => one.service === "service:slow";
  expect(sumOf(seen, (one) => one.count, slowOnes)).toBe(80 * 4);
});

test("one sender that is hopelessly late holds nobody up", () => {
  const quick = requests(visit("quick"), { fromS: 0, toS: 120, perS: 1, delayS: 1 });
  const lost = requests(visit("slow"), { fromS: 0, toS: 120, delayS: 45 });
  const world = worldOf([...quick, ...lost], at(170));
  expect(world.stats().graceMs).toBe(2_500);
  expect(world.stats().closedMs).toBe(at(165));
});

test("a clock that is minutes ahead is dropped and counted; one that is seconds ahead is taken at its word", () => {
  const [ahead] = traceSignals(visit("cart"), {
    traceId: traceIdOf(1),
    startMs: at(100),
    receivedMs: at(1),
  });
  const [near] = traceSignals(visit("cart"), {
    traceId: traceIdOf(2),
    startMs: at(30),
    receivedMs: at(1),
  });
  const world = worldOf([ahead, near] as Signal[], at(60));
  expect(world.stats()).toMatchObject({ spans: 1, spansAhead: 1 });
  const [station] = world.at(at(60)).stations({ fromMs: at(30), toMs: at(35) });
  expect(Array.from(station?.count ?? [])).toEqual([1]);
});

test("what is kept begins with the first bucket that was watched from its beginning", () => {
  const world = createWorld();
  for (let second = -60; second < 3; second += 1) world.advance(at(second));
  worldOf(requests(visit("cart"), { fromS: 3, toS: 40, delayS: 1 }), at(60), world);
  const view = world.at(at(60));
  expect(view.retainedFromMs).toBe(at(5));
  const [station] = view.stations({ fromMs: view.retainedFromMs, toMs: at(40) });
  expect(Array.from(station?.count ?? [])).toEqual([20, 20, 20, 20, 20, 20, 20]);
});

test("a backlog from before the start is history; what is older than is kept is late", () => {
  const backlog = requests(visit("cart"), { fromS: -300, toS: -290, delayS: 0 });
  const ancient = requests(visit("cart"), { fromS: -9_000, toS: -8_999, delayS: 0 });
  const received = [...backlog, ...ancient].map((signal) => ({ ...signal, receivedMs: at(0) }));
  const world = worldOf(received, at(30));
  expect(world.stats()).toMatchObject({ spans: 40, spansLate: 4, frames: 65 });
  expect(countOf(world, "cart")).toBe(40);
});

test("after a long pause the last hour is kept, and no more", () => {
  const world = worldOf(requests(visit("cart"), { fromS: 0, toS: 20, delayS: 1 }), at(21));
  world.advance(at(7_200));
  const view = world.at(at(7_200));
  expect(view.stations({ fromMs: at(0), toMs: at(7_200) })).toEqual([]);
  expect(world.stats().frames).toBeLessThanOrEqual(720);
  worldOf(requests(visit("cart"), { fromS: 7_200, toS: 7_220, delayS: 1 }), at(7_230), world);
  const again = world.at(at(7_230));
  expect(sumOf(again.stations(WINDOW), (one) => one.count)).toBe(0);
  expect(sumOf(again.stations({ fromMs: at(7_200), toMs: at(7_230) }), (one) => one.count)).toBe(
    80,
  );
});
