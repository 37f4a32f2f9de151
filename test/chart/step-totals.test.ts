import { expect, test } from "vitest";
import { statisticOf } from "../../src/chart/step-totals.ts";
import { ExponentialSketch } from "../../src/model/exponential-sketch.ts";

function sketchOf(values: readonly number[]): ExponentialSketch {
  const sketch = new ExponentialSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

const STEP = { fromMs: 0, toMs: 5_000 };

test("too few requests say nothing, except how few they were", () => {
  const row = {
    count: Float64Array.of(2),
    errors: Float64Array.of(1),
    duration: sketchOf([5, 9]),
  };
  expect(statisticOf("latency", [row], STEP)).toBeNaN();
  expect(statisticOf("errors", [row], STEP)).toBeNaN();
  expect(statisticOf("rate", [row], STEP)).toBe(0.4);
  expect(statisticOf("errors", [row, row], STEP)).toBe(0.5);
});
