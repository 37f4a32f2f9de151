// What a world leaves behind is put together again: views, beliefs, histories, and what is missing is said.
import fc from "fast-check";
import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import type { Signal } from "../../src/model/signal.ts";
import { BUCKET_MS, type WorldView } from "../../src/model/view.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import { EarlierLife, restarted } from "../support/earlier-life.ts";
import { signals } from "./arbitrary-signals.ts";
import { signalsOf } from "./raw-trace.ts";
import { at, readAll, slo, sloSignal, sumOf, T0, worldOf } from "./reading.ts";

const ALL = { fromMs: T0 - 60_000, toMs: T0 + 600_000 };

/** The same world in another process: its objectives come from its file again. */
function reopened(world: World, nowMs: number): World {
  world.apply(sloSignal(nowMs));
  world.advance(nowMs);
  return world;
}

/** As it was when it closed its last bucket. */
const lastView = (world: World): WorldView => world.at(world.stats().closedMs);

test("after a kill every view of closed buckets is what it was, of any instant by any knowledge", () => {
  fc.assert(
    fc.property(
      signals(30, 3_000),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      (list, validS, knownS) => {
        const world = worldOf(list, at(60));
        const again = reopened(restarted(world), at(60));
        expect(readAll(lastView(again), ALL)).toEqual(readAll(lastView(world), ALL));
        const [then, thenAgain] = [world, again].map((one) => one.at(at(validS), at(knownS)));
        for (const part of ["entities", "relations", "changes", "stations", "edges", "traces"]) {
          const [a, b] = [thenAgain, then].map((view) => view && readAll(view, ALL)[part]);
          expect(a, part).toEqual(b);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("when somebody was last seen is known to the bucket", () => {
  const own = { id: "s", service: "cart", kind: "server", from: 0, to: 9 } as const;
  const world = worldOf(signalsOf([own]), at(60));
  const lastSeen = (one: World): Map<string, number> =>
    new Map(
      one
        .at(at(60))
        .entities()
        .map(({ id, lastSeenMs }) => [id, lastSeenMs]),
    );
  const [before, after] = [lastSeen(world), lastSeen(restarted(world))];
  expect([...after.keys()]).toEqual([...before.keys()]);
  for (const [id, seenMs] of after) {
    expect(Math.abs(seenMs - (before.get(id) ?? 0)), id).toBeLessThanOrEqual(BUCKET_MS);
  }
});

/** Hands signals to a world as they come, second by second, and saves it as the product does. */
function lived(
  world: World,
  list: readonly Signal[],
  plan: {
    readonly life: EarlierLife;
    readonly fromS: number;
    readonly toS: number;
    readonly snapshotS?: number;
  },
): World {
  plan.life.save(world, true);
  for (let second = plan.fromS; second < plan.toS; second += 1) {
    for (const signal of list) {
      if (signal.receivedMs > at(second - 1) && signal.receivedMs <= at(second))
        world.apply(signal);
    }
    world.advance(at(second));
    if (second === plan.snapshotS) plan.life.saveSnapshot(world, at(second));
    if (second % 5 === 0) plan.life.save(world);
  }
  plan.life.save(world);
  return world;
}

test("snapshot and records together, over several lives, are as good as one life's records", () => {
  const second = fc.integer({ min: 1, max: 59 });
  fc.assert(
    fc.property(signals(40, 3_000), second, second, second, (list, a, b, snapshotS) => {
      const life = new EarlierLife();
      const [one, two] = [Math.min(a, b), Math.max(a, b)];
      let world = lived(createWorld(), list, { life, fromS: 0, toS: one, snapshotS });
      world = lived(life.restore(), list, { life, fromS: one, toS: two, snapshotS });
      world = lived(life.restore(), list, { life, fromS: two, toS: 60, snapshotS });
      fc.pre(world.stats().frames > 0);
      expect(readAll(lastView(life.restore()), ALL)).toEqual(readAll(lastView(world), ALL));
      expect(life.restore().told).toBe(world.told);
    }),
    { numRuns: 40 },
  );
});

test("a kill costs the buckets that were not closed and those until it is back, and nothing before or after", () => {
  fc.assert(
    fc.property(signals(50, 1_000), fc.integer({ min: 10, max: 30 }), (list, killedS) => {
      const whole = worldOf(list, at(80));
      const life = new EarlierLife();
      lived(createWorld(), list, { life, fromS: 0, toS: killedS });
      const { closedMs, frames } = life.restore().stats();
      fc.pre(frames > 0);
      const back = lived(life.restore(), list, { life, fromS: killedS + 3, toS: 81 });
      expect(closedMs).toBeGreaterThanOrEqual(at(killedS) - 2 * BUCKET_MS - 2_500);
      const gaps = back.at(at(80)).unwatched(ALL);
      const gapEndMs = gaps.at(-1)?.toMs ?? 0;
      expect(gaps.length).toBe(1);
      expect(gapEndMs - closedMs).toBeLessThanOrEqual(4 * BUCKET_MS);
      for (const window of [
        { fromMs: ALL.fromMs, toMs: closedMs },
        { fromMs: gapEndMs, toMs: at(70) },
      ]) {
        const counts = [whole, back].map((one) => {
          const view = one.at(at(80));
          return [view.stations(window), view.edges(window)].map((rows) =>
            sumOf<(typeof rows)[number]>(rows, (row) => row.count),
          );
        });
        expect(counts[1]).toEqual(counts[0]);
      }
    }),
    { numRuns: 40 },
  );
});

const served = { id: "r", service: "gateway", kind: "server", from: 0, to: 10 } as const;

/** A request to the gateway at each of some seconds. */
const requestsAt = (seconds: readonly number[]): Signal[] =>
  seconds.flatMap((second, index) =>
    signalsOf(
      [{ ...served, traceId: index.toString(16).padStart(32, "a"), receivedS: second + 1 }],
      at(second),
    ),
  );

test("time in which it was not there is no silence of anybody, and answers say what they do not know", () => {
  const every = Array.from({ length: 120 }, (_, index) => index * 2);
  const list = requestsAt(every);
  const life = new EarlierLife();
  lived(createWorld(), list, { life, fromS: 0, toS: 100 });
  const back = lived(life.restore(), list, { life, fromS: 150, toS: 170 });
  const view = back.at(at(170));
  const coverage = view.coverage({ fromMs: at(0), toMs: at(170) });
  expect(coverage.silentServices).toEqual([]);
  expect(coverage.notes).toContain(
    "of 02:01:35 to 02:02:35 UTC little or nothing is known: Orrery was not running, or lost its record",
  );
  expect(view.retainedFromMs).toBe(at(5));
});

test("nothing more is closed until a bucket was watched whole: what is seen till then is what was seen before", () => {
  const list = requestsAt(Array.from({ length: 100 }, (_, index) => index));
  const life = new EarlierLife();
  lived(createWorld(), list, { life, fromS: 0, toS: 50 });
  const back = life.restore();
  const closed = new Map<number, number>();
  for (let second = 63; second < 80; second += 1) {
    back.advance(at(second));
    closed.set(second, back.stats().closedMs);
  }
  expect(closed.get(63)).toBe(at(45));
  expect(closed.get(71)).toBe(at(45));
  expect(closed.get(73)).toBe(at(70));
});

test("a record that is missing or damaged is said; what can still be read is kept", () => {
  const list = requestsAt(Array.from({ length: 60 }, (_, index) => index));
  const life = new EarlierLife();
  lived(createWorld(), list, { life, fromS: 0, toS: 60 });
  const { records } = life;
  const world = createWorld();
  const restoration = world.restoration();
  // The sixth is not there.
  for (const record of records.slice(0, 5)) restoration.record(record);
  expect(() => restoration.record(records[7] ?? new Uint8Array(0))).toThrow();
  world.resume(restoration);
  const kept = world.stats().closedMs;
  expect(kept).toBeGreaterThan(at(10));
  const { notes } = world.at(at(60)).coverage(ALL);
  expect(notes.join()).toMatch(/record was damaged/);
  const whole = life.restore();
  const window = { fromMs: ALL.fromMs, toMs: kept };
  expect(sumOf(world.at(at(60)).stations(window), (one) => one.count)).toBe(
    sumOf(whole.at(at(60)).stations(window), (one) => one.count),
  );
});

test("columns whose facts are lost still tell of whom they are", () => {
  const life = new EarlierLife();
  const world = worldOf(requestsAt([1, 2, 3, 4, 5, 6]), at(60));
  for (const _ of world.records(false));
  // Facts that were told before are in no record of this stretch, and the snapshot is gone.
  const more = requestsAt([61, 62, 63]);
  lived(world, more, { life, fromS: 61, toS: 90 });
  const again = life.restore();
  const [station] = again.at(at(90)).stations(ALL);
  expect(station).toMatchObject({
    service: "service:gateway",
    operation: "operation:gateway GET /gateway",
  });
  expect(again.at(at(90)).entity(entityId("service", "gateway"))?.name).toBe("gateway");
});

test("a history waits for its objective as long as it takes, over a second restart too", () => {
  const [line] = signalsOf([
    { ...served, attributes: { "http.request.method": "POST", "http.route": "/checkout" } },
  ]);
  const life = new EarlierLife();
  const first = worldOf(line === undefined ? [] : [sloSignal(at(0)), line], at(60));
  life.save(first);
  const second = life.restore();
  life.saveSnapshot(second, at(61));
  const third = life.restore();
  third.apply(sloSignal(at(90)));
  third.advance(at(100));
  const window = { fromMs: at(0), toMs: at(90) };
  expect(third.at(at(100)).sli("checkout", window)).toMatchObject({ good: 1, bad: 0 });
  const stricter = life.restore();
  stricter.apply(sloSignal(at(90), slo({ latencyThresholdMs: 5 })));
  stricter.advance(at(100));
  // It would have counted otherwise: that history is of another objective.
  expect(stricter.at(at(100)).sli("checkout", window)).toMatchObject({ good: 0, bad: 0 });
});

test("a callee that turned out to be a service leaves no ghost after a restart", () => {
  const call = {
    id: "c",
    service: "gateway",
    kind: "client",
    calls: "cart",
    from: 0,
    to: 10,
  } as const;
  const own = { id: "s", service: "cart", kind: "server", from: 0, to: 10 } as const;
  const world = worldOf(
    [
      ...signalsOf([{ ...call, receivedS: 2 }], at(1)),
      ...signalsOf([{ ...own, traceId: "a".repeat(32), receivedS: 22 }], at(21)),
    ],
    at(60),
  );
  const again = restarted(world);
  const later = signalsOf([{ ...call, id: "d", traceId: "b".repeat(32), receivedS: 72 }], at(71));
  worldOf(later, at(100), again);
  const view = again.at(at(100));
  expect(view.entity(entityId("external", "cart"))?.id).toBe("service:cart");
  expect(view.edges({ fromMs: at(60), toMs: at(100) }).map((edge) => edge.callee)).toEqual([
    "service:cart",
  ]);
});

test("who answers behind an address is known after a restart, before anybody answers", () => {
  const call = {
    service: "gateway",
    kind: "client",
    calls: "lb.internal",
    from: 0,
    to: 9,
  } as const;
  const answer = { id: "s", under: "c", service: "cart", kind: "server", from: 1, to: 8 } as const;
  const again = restarted(worldOf(signalsOf([{ ...call, id: "c" }, answer]), at(60)));
  const refused = signalsOf([{ ...call, id: "d", error: true, traceId: "b".repeat(32) }], at(71));
  worldOf(
    refused.map((one) => ({ ...one, receivedMs: at(72) })),
    at(100),
    again,
  );
  const edges = again.at(at(100)).edges({ fromMs: at(65), toMs: at(100) });
  expect(edges.map((edge) => edge.callee)).toEqual(["service:cart"]);
});

test("relations that nothing shows after a restart end when they were last seen", () => {
  const own = { id: "s", service: "cart", kind: "server", from: 0, to: 10 } as const;
  const again = restarted(worldOf(signalsOf([own]), at(60)));
  again.advance(at(3_600));
  again.advance(at(3_700));
  const filter = { type: "instance_of", to: entityId("service", "cart") } as const;
  expect(again.at(at(3_700)).relations(filter)).toEqual([]);
  expect(again.at(at(6)).relations(filter)).toHaveLength(1);
});
