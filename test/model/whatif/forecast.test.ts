import fc from "fast-check";
import { expect, test } from "vitest";
import { Forecaster, type PlaceForecast } from "../../../src/model/whatif/forecast.ts";
import type { Problem } from "../../../src/model/whatif/problem.ts";
import { type Change, noChange } from "../../../src/model/whatif/solve/change.ts";
import { OPERATION, smallProblem } from "./small-problem.ts";

function forecast(problem: Problem, change: (unchanged: Change) => Partial<Change>): PlaceForecast {
  const unchanged = noChange(problem);
  const found = new Forecaster(problem)
    .forecast({ ...unchanged, ...change(unchanged) })
    .places.get(OPERATION);
  if (found === undefined) throw new Error("no forecast");
  return found;
}

/** Mean after the change over the mean as it is. */
const slower = (problem: Problem, change: (unchanged: Change) => Partial<Change>): number => {
  const { after, asSeen } = forecast(problem, change);
  return after.mean / asSeen.mean;
};

const load = (factor: number) => (): Partial<Change> => ({ load: Float64Array.of(factor) });
const replicas = (count: number) => (): Partial<Change> => ({
  replicas: new Map([[0, Array.from({ length: count }, () => -1)]]),
});

const POOLED = smallProblem({ rate: 14, storeMs: 50, pool: 1 });
const WORKERS = smallProblem({
  rate: 30,
  storeMs: 1,
  web: { workers: 2, selfMs: 60, replicas: [-1, -1] },
});

test("expects nothing of a change that changes nothing", () => {
  expect(slower(POOLED, () => ({}))).toBeCloseTo(1, 3);
  expect(slower(WORKERS, () => ({}))).toBeCloseTo(1, 3);
});

test("more replicas end the wait for a connection of a pool that is too small", () => {
  expect(slower(POOLED, replicas(3))).toBeLessThan(0.75);
});

test("a larger pool does as well, and a load that the pool cannot carry saturates", () => {
  expect(slower(POOLED, () => ({ pool: Float64Array.of(4) }))).toBeLessThan(0.75);
  const full = forecast(POOLED, load(1.7));
  expect(full.saturates).toBe(true);
  expect(full.full).toBeGreaterThan(1);
});

test("a load that is higher never makes requests faster, nor one that is lower slower", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(POOLED, WORKERS),
      fc.double({ min: 0.3, max: 1.25, noNaN: true }),
      fc.double({ min: 1, max: 1.3, noNaN: true }),
      (problem, factor, more) => {
        const [low, high] = [slower(problem, load(factor)), slower(problem, load(factor * more))];
        expect(high).toBeGreaterThanOrEqual(low - 0.002);
      },
    ),
    { numRuns: 25 },
  );
});

test("twice the load on workers that are half busy makes requests wait", () => {
  expect(slower(WORKERS, load(2))).toBeGreaterThan(1.5);
});

test("expects load to slow down a little what has no known capacity", () => {
  const unknown = smallProblem({ rate: 20, storeMs: 1, web: { selfMs: 60 } });
  const ratio = slower(unknown, load(2));
  expect(ratio).toBeGreaterThan(1.05);
  expect(ratio).toBeLessThan(1.3);
});

test("gives calls up that outlast their patience, and fails their requests with them", () => {
  const { after, asSeen } = forecast(smallProblem({ rate: 5, storeMs: 50 }), () => ({
    timeoutMs: Float64Array.of(60),
  }));
  expect(asSeen.errorRatio).toBe(0);
  expect(after.errorRatio).toBeGreaterThan(0.15);
  expect(after.errorRatio).toBeLessThan(0.45);
  expect(after.p99).toBeLessThan(70);
});

test("tries again what may be tried again", () => {
  const change = (attempts: number) => () => ({
    timeoutMs: Float64Array.of(60),
    attempts: Float64Array.of(attempts),
  });
  const problem = smallProblem({ rate: 5, storeMs: 50 });
  const [once, thrice] = [forecast(problem, change(1)), forecast(problem, change(3))];
  expect(thrice.after.errorRatio).toBeLessThan(0.4 * once.after.errorRatio);
  expect(thrice.after.mean).toBeGreaterThan(once.after.mean);
});
