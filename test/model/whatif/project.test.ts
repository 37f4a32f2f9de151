import fc from "fast-check";
import { expect, test } from "vitest";
import type { PlaceFigures } from "../../../src/model/whatif/solve/place-figures.ts";
import { type Figures, project } from "../../../src/model/whatif/solve/project.ts";

const SEEN: Figures = {
  mean: 310,
  p50: 300,
  p95: 350,
  p99: 400,
  error_ratio: 0,
  bad_ratio: 0,
};

const figures = (nodes: number, over: Partial<PlaceFigures> = {}): PlaceFigures => ({
  mean: 310,
  p50: 300,
  p95: 350,
  p99: 400,
  errorRatio: 0,
  badRatio: 0,
  nodes,
  rate: 4,
  ...over,
});

test("one slow exemplar among few says nothing of the tail: all times move as the middle one", () => {
  const asSeen = figures(12, { mean: 480, p95: 1_100, p99: 1_200 });
  const { mean, p50, p95, p99 } = project(SEEN, { asSeen, after: figures(12) });
  expect({ mean, p50, p95, p99 }).toEqual({ mean: 310, p50: 300, p95: 350, p99: 400 });
});

test("of many exemplars each statistic moves by itself", () => {
  const { p50, p95 } = project(SEEN, { asSeen: figures(200), after: figures(200, { p95: 700 }) });
  expect([p50, p95]).toEqual([300, 700]);
});

test("a higher quantile is never below a lower one", () => {
  const ms = fc.double({ min: 1, max: 5_000, noNaN: true });
  const any = fc.record({ p50: ms, p95: ms, p99: ms, mean: ms });
  fc.assert(
    fc.property(any, any, fc.integer({ min: 1, max: 300 }), (before, after, nodes) => {
      const moved = project(SEEN, {
        asSeen: figures(nodes, before),
        after: figures(nodes, after),
      });
      expect(moved.p95).toBeGreaterThanOrEqual(moved.p50);
      expect(moved.p99).toBeGreaterThanOrEqual(moved.p95);
    }),
  );
});
