import fc from "fast-check";
import { expect, test } from "vitest";
import { ExponentialSketch } from "../../src/model/exponential-sketch.ts";
import { mergedQuantile } from "../../src/model/merged-quantile.ts";

function sketchOf(values: readonly number[]): ExponentialSketch {
  const sketch = new ExponentialSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

test("a quantile of several distributions is that of all their values together", () => {
  const part = fc.array(fc.double({ min: 0.5, max: 5_000, noNaN: true }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const all = parts.flat();
      fc.pre(all.length > 0);
      const merged = mergedQuantile(parts.map(sketchOf), 0.95);
      const sorted = all.toSorted((a, b) => a - b);
      // Between its neighbours in rank, widened by what a sketch may err.
      const rank = 0.95 * all.length;
      const low = sorted[Math.max(0, Math.floor(rank) - 2)] ?? 0;
      const high = sorted[Math.min(all.length - 1, Math.ceil(rank) + 1)] ?? 0;
      expect(merged).toBeGreaterThanOrEqual(low * 0.95);
      expect(merged).toBeLessThanOrEqual(high * 1.05);
    }),
  );
});

test("of nothing it is not a number", () => {
  expect(mergedQuantile([], 0.95)).toBeNaN();
  expect(mergedQuantile([sketchOf([])], 0.95)).toBeNaN();
});
