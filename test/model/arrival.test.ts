import fc from "fast-check";
import { expect, test } from "vitest";
import type { Signal } from "../../src/model/signal.ts";
import { createWorld, type World } from "../../src/model/world.ts";
import { signals } from "./arbitrary-signals.ts";
import { at, readAll, T0, worldOf } from "./reading.ts";

const ALL = { fromMs: T0 - 60_000, toMs: T0 + 600_000 };
const END_MS = at(60);

function applied(list: readonly Signal[], beginMs = at(0)) {
  const world = createWorld();
  world.advance(beginMs);
  for (const signal of list) world.apply(signal);
  world.advance(END_MS);
  return world;
}

/** A list and the same in another order. */
const shuffled = signals(8, 0).chain(([slos, ...rest]) =>
  fc.shuffledSubarray(rest, { minLength: rest.length }).map((other) => ({
    inOrder: [slos, ...rest],
    other: [slos, ...other],
  })),
);

/** All facts and all records of a world, byte for byte. */
function everythingOf(world: World): string {
  const records = [...world.records(true)].flatMap((record) => record ?? []);
  const bytes = Buffer.concat(records).toString("base64");
  return JSON.stringify([[...world.facts()], bytes]);
}

test("the order in which signals arrive makes no difference while their buckets are open", () => {
  fc.assert(
    fc.property(shuffled, ({ inOrder, other }) => {
      const left = readAll(applied(inOrder).at(END_MS), ALL);
      expect(readAll(applied(other).at(END_MS), ALL)).toEqual(left);
    }),
    { numRuns: 60 },
  );
});

test("signals that are delivered twice change nothing", () => {
  fc.assert(
    fc.property(signals(8, 0), ([slos, ...rest]) => {
      const spans = rest.filter((signal) => signal.type === "spans");
      const once = readAll(applied([slos, ...rest]).at(END_MS), ALL);
      const twice = applied([slos, ...rest, ...spans]);
      expect(readAll(twice.at(END_MS), ALL)).toEqual(once);
      expect(twice.stats().spansDuplicate).toBe(twice.stats().spans);
    }),
    { numRuns: 30 },
  );
});

/** Log templates are told in the words known today, and the last signal within a bucket to the bucket. */
function known({ logs: _, coverage, ...rest }: Record<string, unknown>): unknown {
  return { ...rest, coverage: { ...(coverage as object), lastSignalMs: 0 } };
}

test("the past as it was known then equals a replay of the signals up to then", () => {
  fc.assert(
    fc.property(
      signals(40, 9_000),
      fc.integer({ min: 1_000, max: 55_000 }),
      ([slos, ...rest], ms) => {
        const whole = worldOf([slos, ...rest], END_MS);
        const thenMs = at(0) + ms - (ms % 1000);
        const heard = [slos, ...rest].filter((signal) => signal.receivedMs <= thenMs);
        const replayed = worldOf(heard, thenMs).at(thenMs);
        expect(known(readAll(whole.at(thenMs, thenMs), ALL))).toEqual(
          known(readAll(replayed, ALL)),
        );
      },
    ),
    { numRuns: 80 },
  );
});

test("a closed bucket never changes, whatever comes later", () => {
  fc.assert(
    fc.property(signals(40, 9_000), fc.integer({ min: 5, max: 50 }), ([slos, ...rest], second) => {
      const inOrder = [slos, ...rest].toSorted((a, b) => a.receivedMs - b.receivedMs);
      const world = worldOf(
        inOrder.filter((signal) => signal.receivedMs <= at(second)),
        at(second),
      );
      const view = world.at(at(second));
      const before = readAll(view, ALL);
      worldOf(
        inOrder.filter((signal) => signal.receivedMs > at(second)),
        at(70),
        world,
      );
      expect(readAll(view, ALL)).toEqual(before);
      const closed = { fromMs: ALL.fromMs, toMs: view.closedMs };
      const pick = ({ stations, edges, entries, sli }: Record<string, unknown>) => ({
        stations,
        edges,
        entries,
        sli,
      });
      const again = world.at(view.closedMs);
      expect(pick(readAll(again, closed))).toEqual(pick(readAll(view, closed)));
    }),
    { numRuns: 60 },
  );
});

test("the same signals and times give the same facts and records byte for byte, and equal views", () => {
  fc.assert(
    fc.property(signals(30, 4_000), ([slos, ...rest]) => {
      const [one, two] = [worldOf([slos, ...rest], END_MS), worldOf([slos, ...rest], END_MS)];
      expect(everythingOf(two)).toBe(everythingOf(one));
      expect(JSON.stringify(two.stats())).toBe(JSON.stringify(one.stats()));
      expect(readAll(two.at(END_MS), ALL)).toEqual(readAll(one.at(END_MS), ALL));
    }),
    { numRuns: 30 },
  );
});

test("closing in small steps gives what closing at once gives", () => {
  fc.assert(
    fc.property(
      signals(30, 4_000),
      fc.integer({ min: 1, max: 60 }),
      ([slos, ...rest], spansMax) => {
        const atOnce = applied([slos, ...rest]);
        const inSteps = createWorld();
        inSteps.advance(at(0));
        for (const signal of [slos, ...rest]) inSteps.apply(signal);
        let steps = 1;
        while (!inSteps.advance(END_MS, spansMax)) steps += 1;
        expect(steps).toBeGreaterThan(1);
        expect(everythingOf(inSteps)).toBe(everythingOf(atOnce));
        expect(readAll(inSteps.at(END_MS), ALL)).toEqual(readAll(atOnce.at(END_MS), ALL));
      },
    ),
    { numRuns: 30 },
  );
});
