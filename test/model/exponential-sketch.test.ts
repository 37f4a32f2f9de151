import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ExponentialSketch, sketchSlot } from "../../src/model/exponential-sketch.ts";

/** Milliseconds from a microsecond to an hour. */
const durations = fc.array(fc.double({ min: 0.001, max: 3_600_000, noNaN: true }), {
  minLength: 1,
  maxLength: 200,
});

function sketchOf(values: readonly number[]): ExponentialSketch {
  const sketch = new ExponentialSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

function merged(...sketches: readonly ExponentialSketch[]): ExponentialSketch {
  const into = new ExponentialSketch();
  for (const sketch of sketches) into.merge(sketch);
  return into;
}

const read = (sketch: ExponentialSketch): unknown => ({
  counts: [...sketch.counts],
  count: sketch.count,
  min: sketch.min,
  max: sketch.max,
});

describe("ExponentialSketch", () => {
  test("a quantile is off by at most 2.2 %", () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const exact = [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] ?? 0;
        const off = Math.abs(sketchOf(values).quantile(q) - exact) / exact;
        expect(off).toBeLessThanOrEqual(0.022);
      }),
    );
  });

  test("merging is associative and commutative, and the same as adding one by one", () => {
    fc.assert(
      fc.property(durations, durations, durations, (a, b, c) => {
        const [one, two, three] = [sketchOf(a), sketchOf(b), sketchOf(c)];
        const left = read(merged(merged(one, two), three));
        expect(read(merged(one, merged(two, three)))).toEqual(left);
        expect(read(merged(three, one, two))).toEqual(left);
        expect(read(sketchOf([...a, ...b, ...c]))).toEqual(left);
      }),
    );
  });

  test("rank and quantile agree within one bucket", () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0.1, max: 0.9, noNaN: true }), (values, q) => {
        const sketch = sketchOf(values);
        const value = sketch.quantile(q);
        expect(sketch.rank(value * 1.045)).toBeGreaterThanOrEqual(q - 1 / values.length - 1e-9);
        expect(sketch.rank(value / 1.045)).toBeLessThanOrEqual(q + 1 / values.length + 1e-9);
      }),
    );
  });

  test("values beyond the scale stay between the least and the greatest that were seen", () => {
    const sketch = sketchOf([0, 1e-9, 1e12]);
    expect(sketch.quantile(0)).toBe(0);
    expect(sketch.quantile(1)).toBeLessThanOrEqual(1e12);
    expect(sketch.quantile(1)).toBeGreaterThan(1e9);
    expect(sketch.rank(1e12)).toBe(1);
  });

  test("values that are told only by their buckets have a quantile as near as those told themselves", () => {
    const bySlot = (values: readonly number[]): ExponentialSketch => {
      const sketch = new ExponentialSketch();
      for (const value of values) {
        sketch.addSlot(sketchSlot(value), 1);
        sketch.sum += value;
      }
      return sketch;
    };
    fc.assert(
      fc.property(durations, durations, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, q) => {
        const exact = sketchOf([...a, ...b]).quantile(q);
        for (const sketch of [
          bySlot([...a, ...b]),
          merged(bySlot(a), sketchOf(b)),
          merged(sketchOf(a), bySlot(b)),
        ])
          expect(Math.abs(sketch.quantile(q) - exact)).toBeLessThanOrEqual(exact * 0.045);
      }),
    );
  });

  test("says that it knows nothing when it is empty", () => {
    expect(new ExponentialSketch().quantile(0.5)).toBeNaN();
    expect(new ExponentialSketch().rank(1)).toBeNaN();
  });
});
