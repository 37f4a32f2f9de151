import { expect, test } from "vitest";
import { deviationOf } from "../../../src/model/dynamics/deviation.ts";
import { seededRandom } from "../../../src/model/dynamics/robust.ts";

/** Autocorrelated noise of standard deviation 0.1, with an optional shift from `at` on. */
function series(input: { length: number; seed: number; at?: number; shift?: number }): number[] {
  const random = seededRandom(input.seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.2832 * random());
  let noise = 0;
  return Array.from({ length: input.length }, (_, index) => {
    noise = 0.4 * noise + 0.092 * normal();
    return 3 + noise + (input.at !== undefined && index >= input.at ? (input.shift ?? 0) : 0);
  });
}

test("finds a shift of 60 % within a minute and tells when it began", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const found = deviationOf(series({ length: 72, seed, at: 60, shift: Math.log(1.6) }), 0.15);
    expect(found.active, `seed ${seed}`).toBe(true);
    expect(Math.abs(found.onset - 60), `seed ${seed}`).toBeLessThanOrEqual(2);
  }
});

test("stays silent on noise: few alarms in a day of five-second points", () => {
  let alarms = 0;
  for (let seed = 1; seed <= 96; seed += 1) {
    if (deviationOf(series({ length: 180, seed }), 0.15).onset >= 0) alarms += 1;
  }
  expect(alarms).toBeLessThanOrEqual(3);
});

test("does not learn the incident as normal", () => {
  const found = deviationOf(series({ length: 360, seed: 5, at: 60, shift: 1 }), 0.15);
  expect(found.active).toBe(true);
  expect(Math.abs(found.onset - 60)).toBeLessThanOrEqual(1);
});

test("is over when the series is back", () => {
  const values = series({ length: 200, seed: 3 }).map((value, index) =>
    index >= 60 && index < 90 ? value + 1 : value,
  );
  expect(deviationOf(values, 0.15).active).toBe(false);
});

test("works after one minute of history, and on none", () => {
  expect(deviationOf(series({ length: 20, seed: 2, at: 12, shift: 1 }), 0.15).active).toBe(true);
  expect(deviationOf([], 0.15)).toMatchObject({ active: false, onset: -1 });
});
