import fc from "fast-check";
import { expect, test } from "vitest";
import { riseOf, type Tally } from "../../../src/model/dynamics/change-point.ts";

const tally = (all: number, bad: number): Tally => ({ good: all - bad, bad });
const many = (steps: number, all: number, bad: number): Tally[] =>
  Array.from({ length: steps }, () => tally(all, bad));

test("finds the step where requests began to fail", () => {
  expect(riseOf([...many(24, 50, 0), ...many(4, 50, 20)], 3)).toBe(24);
});

test("noise long ago does not move the onset", () => {
  const noisy = [tally(50, 3), tally(50, 2), ...many(18, 50, 0), tally(50, 1), ...many(3, 50, 0)];
  expect(riseOf([...noisy, ...many(3, 50, 15)], 3)).toBe(noisy.length);
});

test("a spell that is over is no onset, and neither is a steady share of bad requests", () => {
  expect(riseOf([...many(20, 50, 0), ...many(4, 50, 30), ...many(6, 50, 0)], 3)).toBe(-1);
  expect(riseOf(many(30, 50, 10), 3)).toBe(-1);
});

test("what was over for a minute was another trouble: the onset is that of the last", () => {
  const heavy = [...many(24, 50, 0), ...many(24, 50, 40)];
  expect(riseOf([...heavy, ...many(24, 50, 0), ...many(4, 50, 8)], 3)).toBe(72);
  // A first bad step after it is no evidence that the old trouble is on again.
  const light = [...many(24, 3, 0), ...many(24, 3, 2), ...many(24, 3, 0)];
  expect(riseOf([...light, tally(3, 2)], 3)).toBe(-1);
  expect(riseOf([...light, ...many(3, 3, 2)], 3)).toBe(72);
  // Half a minute of calm within one trouble parts nothing.
  expect(riseOf([...heavy, ...many(6, 50, 0), ...many(6, 50, 40)], 3)).toBe(24);
  // A minute with so few requests that chance would keep them good is no health.
  const rare = [...many(24, 50, 0), ...many(12, 50, 10), ...many(12, 1, 0)];
  expect(riseOf([...rare, ...many(4, 50, 10)], 3)).toBe(24);
});

test("one bad request among few is chance", () => {
  expect(riseOf([...many(20, 4, 0), tally(4, 1)], 3)).toBe(-1);
});

test("gaps without requests do not hide what goes on", () => {
  expect(
    riseOf([...many(20, 20, 0), ...many(2, 0, 0), ...many(3, 20, 12)], 3),
  ).toBeGreaterThanOrEqual(20);
});

test("healthy sequences of any load raise nothing more than once in a hundred", () => {
  const runs = { alarms: 0, all: 0 };
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 60, maxLength: 60 }),
      fc.integer({ min: 5, max: 60 }),
      (draws, all) => {
        // Each step has one bad request with a chance of 5 %.
        const tallies = draws.map((draw) => tally(all, draw < 50 ? 1 : 0));
        runs.all += 1;
        if (riseOf(tallies, 3) >= 0) runs.alarms += 1;
      },
    ),
    { numRuns: 400, seed: 7 },
  );
  expect(runs.alarms / runs.all).toBeLessThanOrEqual(0.01);
});
