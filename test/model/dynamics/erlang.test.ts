import { expect, test } from "vitest";
import {
  erlangC,
  meanWaitMs,
  serviceTimeMs,
  utilisation,
} from "../../../src/model/dynamics/erlang.ts";

test("agrees with the closed form for one place", () => {
  for (const offered of [0.1, 0.5, 0.9]) expect(erlangC(1, offered)).toBeCloseTo(offered, 9);
});

test("agrees with four places of 20 ms measured on a real process", () => {
  // Mean times of M/M/4 at 100, 140 and 160 requests a second.
  for (const [rate, expected] of [
    [100, 21.7],
    [140, 27.1],
    [160, 34.9],
  ] as const) {
    expect(20 + meanWaitMs({ slots: 4, rate, serviceMs: 20 })).toBeCloseTo(expected, 0);
  }
});

test("waits more with more load and less with more places", () => {
  const wait = (rate: number, slots: number): number => meanWaitMs({ slots, rate, serviceMs: 20 });
  for (let rate = 20; rate < 180; rate += 20) {
    expect(wait(rate + 20, 4)).toBeGreaterThan(wait(rate, 4));
    expect(wait(rate, 5)).toBeLessThan(wait(rate, 4));
  }
});

test("separates the work from the wait", () => {
  const observedMs = 20 + meanWaitMs({ slots: 4, rate: 150, serviceMs: 20 });
  expect(serviceTimeMs({ slots: 4, rate: 150, observedMs })).toBeCloseTo(20, 3);
});

test("stays finite when overloaded", () => {
  const queue = { slots: 2, rate: 500, serviceMs: 20 };
  expect(utilisation(queue)).toBe(5);
  expect(Number.isFinite(meanWaitMs(queue))).toBe(true);
});
