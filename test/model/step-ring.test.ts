import fc from "fast-check";
import { expect, test } from "vitest";
import { packValue, StepRing, unpackValue } from "../../src/model/step-ring.ts";

test("a value of a coarse step is off by little, keeps its sign, and what is short stays as it is", () => {
  for (const value of [0, 0.1, 1.5, -3, 7, 512, 0.25, 99.9, 1e-5, -250_000]) {
    expect(unpackValue(packValue(value))).toBe(value);
  }
  expect(unpackValue(packValue(Number.NaN))).toBeNaN();
  fc.assert(
    fc.property(fc.double({ min: 1e-5, max: 8e12, noNaN: true }), fc.boolean(), (size, isBelow) => {
      const value = isBelow ? -size : size;
      expect(Math.abs(unpackValue(packValue(value)) / value - 1)).toBeLessThan(0.002);
    }),
  );
});

test("what is too small is nothing, what is too great is as great as can be told", () => {
  expect(unpackValue(packValue(1e-9))).toBe(0);
  expect(unpackValue(packValue(1e300))).toBe(unpackValue(packValue(9e12)));
  expect(unpackValue(packValue(Number.POSITIVE_INFINITY))).toBe(unpackValue(packValue(9e12)));
});

test("as many steps are kept as were asked for, and an older one is never read as a newer", () => {
  const ring = new StepRing(1_440);
  for (let step = 0; step < 5_000; step += 1) if (step % 7 !== 0) ring.put(step, step % 500, 500);
  for (let step = 0; step < 5_000 + 1_440; step += 1) {
    const isKept = step >= 5_000 - 1_440 && step < 5_000 && step % 7 !== 0;
    if (isKept) expect([ring.mean(step), ring.max(step)]).toEqual([step % 500, 500]);
    if (step % 7 === 0 || step >= 5_000) expect(ring.mean(step)).toBeNaN();
  }
  expect(ring.bytes).toBeLessThan(10_000);
});
