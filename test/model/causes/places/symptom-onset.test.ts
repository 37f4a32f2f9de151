import { expect, test } from "vitest";
import { riseOf } from "../../../../src/model/causes/places/symptom-onset.ts";

const STEP_MS = 5_000;
const OPTIONS = { floor: 0.08, evidenceMin: 1 };

/** Values that swing a little around a level, one for each step. */
const around = (level: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => level + (at % 2 === 0 ? 0.1 : -0.1));

const seriesOf = (values: readonly number[]) => ({
  fromMs: 0,
  stepMs: STEP_MS,
  values: Float64Array.from(values),
});

test("a record that is mostly trouble tells by its step what was usual", () => {
  const values = [...around(0, 7), ...around(1.5, 30)];
  const rise = riseOf(seriesOf(values), values.length * STEP_MS, OPTIONS);
  expect(rise?.onsetMs).toBe(6 * STEP_MS);
  expect(rise?.moved).toBeCloseTo(1.5, 0);
});

test("time before the record began does not count as usual", () => {
  const unseen = Array.from({ length: 300 }, () => Number.NaN);
  const values = [...unseen, ...around(0, 7), ...around(1.5, 30)];
  const rise = riseOf(seriesOf(values), values.length * STEP_MS, OPTIONS);
  expect(rise?.onsetMs).toBe(306 * STEP_MS);
});

test("a short record without a clear step has no rise", () => {
  const values = [...around(0, 20), ...around(0.05, 17)];
  expect(riseOf(seriesOf(values), values.length * STEP_MS, OPTIONS)).toBeUndefined();
});
