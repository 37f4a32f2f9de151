import fc from "fast-check";
import { expect, test } from "vitest";
import { quantileOf, statisticOf } from "../../src/chart/step-totals.ts";
import { ExponentialSketch } from "../../src/model/exponential-sketch.ts";

function sketchOf(values: readonly number[]): ExponentialSketch {
  const sketch = new ExponentialSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

const durations = fc.array(fc.double({ min: 0.1, max: 60_000, noNaN: true }), { maxLength: 40 });
const STEP = { fromMs: 0, toMs: 5_000 };

test("a quantile over several sketches is that of all their values, within the sketches' error", () => {
  fc.assert(
    fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), (parts) => {
      const all = parts.flat().sort((a, b) => a - b);
      const found = quantileOf(parts.map(sketchOf), 0.95);
      if (all.length === 0) {
        expect(found).toBeNaN();
        return;
      }
      // Between the value at the rank and its neighbours: sketches take values as spread inside a bucket.
      const at = Math.min(all.length - 1, Math.floor(0.95 * all.length));
      const low = all[Math.max(0, at - 1)] ?? 0;
      const high = all[Math.min(all.length - 1, at + 1)] ?? 0;
      expect(found).toBeGreaterThan(low * 0.95);
      expect(found).toBeLessThan(high * 1.05);
    }),
  );
});

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
