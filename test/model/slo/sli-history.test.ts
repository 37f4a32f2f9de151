import fc from "fast-check";
import { expect, test } from "vitest";
import { SliHistory } from "../../../src/model/slo/sli-history.ts";

/** Second 0 of the tests: the start of an hour, far from the epoch. */
const BASE = 1_795_485_600;
const ms = (second: number): number => (BASE + second) * 1000;

/** One request: good, failed or slow. */
function count(
  history: SliHistory,
  second: number,
  kind: "good" | "error" | "slow" = "good",
): void {
  history.count(ms(second) + 500, kind === "error", kind === "slow" ? 301 : 300);
}

const window = (history: SliHistory, from: number, to: number) =>
  history.window(BASE + from, BASE + to);

test("a request is good when it has no error and took at most the threshold", () => {
  const history = new SliHistory(300);
  for (const kind of ["good", "good", "error", "slow"] as const) count(history, 0, kind);
  history.close(ms(10));
  expect(window(history, 0, 5)).toEqual({
    good: 2,
    bad: 2,
    errors: 1,
    slow: 1,
    ratio: 0.5,
    covered: 1,
  });
});

test("without a threshold nothing is too slow; a failure that is slow is a failure", () => {
  const history = new SliHistory(undefined);
  count(history, 0, "slow");
  history.close(ms(10));
  expect(window(history, 0, 5).bad).toBe(0);
  const strict = new SliHistory(300);
  strict.count(ms(0), true, 9_000);
  strict.close(ms(10));
  expect(window(strict, 0, 5)).toMatchObject({ errors: 1, slow: 0 });
});

test("the share of a window before the first sample is not covered", () => {
  const history = new SliHistory(300);
  count(history, 45, "error");
  history.close(ms(62));
  expect(window(history, 0, 60).covered).toBe(0.25);
  expect(window(history, 50, 60)).toMatchObject({ covered: 1, bad: 0, ratio: 1 });
  expect(window(history, 0, 40)).toMatchObject({ covered: 0, ratio: 1 });
});

test("seconds are read once they are closed, two seconds after their end", () => {
  const history = new SliHistory(300);
  for (const second of [0, 1, 2, 3]) count(history, second);
  history.close(ms(4));
  expect(history.closedSecond).toBe(BASE + 2);
  expect(window(history, 0, 4).good).toBe(2);
});

test("a request that comes after its second closed counts in the first open one, for half a minute", () => {
  const history = new SliHistory(300);
  count(history, 0);
  history.close(ms(22));
  count(history, 5, "error");
  history.close(ms(40));
  expect(window(history, 0, 20)).toMatchObject({ good: 1, bad: 0 });
  expect(window(history, 20, 21)).toMatchObject({ good: 0, bad: 1 });
  expect([history.moved, history.dropped]).toEqual([1, 0]);
  count(history, 1, "error");
  expect([history.moved, history.dropped]).toEqual([1, 1]);
});

test("a time far ahead does not open a second that would push out the past", () => {
  const history = new SliHistory(300);
  count(history, 0);
  history.close(ms(10));
  count(history, 400);
  expect(history.dropped).toBe(1);
  expect(window(history, 0, 5).good).toBe(1);
});

test("the last sample is the end of the last closed second that saw one", () => {
  const history = new SliHistory(300);
  expect(history.lastSampleMs(BASE + 5)).toBeUndefined();
  count(history, 3);
  count(history, 9);
  history.close(ms(20));
  expect(history.lastSampleMs(BASE + 15)).toBe(ms(10));
  expect(history.lastSampleMs(BASE + 9)).toBe(ms(4));
  expect(history.lastSampleMs(BASE + 3)).toBeUndefined();
});

test("windows of hours and days are read in whole minutes and lose nothing", () => {
  const history = new SliHistory(300);
  for (let minute = 0; minute < 3 * 24 * 60; minute += 1) {
    count(history, minute * 60 + 30, minute % 100 === 0 ? "error" : "good");
    history.close(ms(minute * 60 + 59));
  }
  const end = 3 * 24 * 3600;
  history.close(ms(end + 2));
  expect(window(history, 0, end)).toMatchObject({ good: 4_276, errors: 44 });
  expect(window(history, end - 6 * 3600, end)).toMatchObject({ good: 356, errors: 4 });
  expect(window(history, end - 3600, end).good + window(history, end - 3600, end).bad).toBe(60);
  expect(history.lastSampleMs(BASE + end)).toBe(ms(end - 29));
  expect(history.lastSampleMs(BASE + 7_200)).toBeLessThanOrEqual(ms(7_200));
});

const samples = fc.array(
  fc.record({
    second: fc.integer({ min: 0, max: 4_000 }),
    kind: fc.constantFrom("good" as const, "error" as const, "slow" as const),
  }),
  { maxLength: 100 },
);

function filled(list: readonly { second: number; kind: "good" | "error" | "slow" }[]): SliHistory {
  const history = new SliHistory(300);
  for (const { second, kind } of list.toSorted((a, b) => a.second - b.second)) {
    history.close(ms(second));
    count(history, second, kind);
  }
  history.close(ms(4_010));
  return history;
}

test("any window has just the requests of its seconds", () => {
  const bound = fc.integer({ min: 500, max: 4_008 });
  fc.assert(
    fc.property(samples, bound, bound, (list, a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const inside = list.filter((one) => one.second >= from && one.second < to);
      const seen = window(filled(list), from, to);
      expect(seen.good).toBe(inside.filter((one) => one.kind === "good").length);
      expect(seen.errors).toBe(inside.filter((one) => one.kind === "error").length);
      expect(seen.slow).toBe(inside.filter((one) => one.kind === "slow").length);
    }),
  );
});

test("a history that is saved and restored tells the same, and goes on", () => {
  const bound = fc.integer({ min: 0, max: 4_008 });
  fc.assert(
    fc.property(samples, bound, bound, (list, from, to) => {
      const history = filled(list);
      const again = new SliHistory(300);
      again.learn(JSON.parse(JSON.stringify(history.snapshot())));
      for (const one of [history, again]) {
        count(one, 4_009, "error");
        one.close(ms(4_100));
      }
      expect(window(again, from, to)).toEqual(window(history, from, to));
      expect(window(again, from, 4_050)).toEqual(window(history, from, 4_050));
      expect(again.lastSampleMs(BASE + to)).toBe(history.lastSampleMs(BASE + to));
      expect(again.snapshot()).toEqual(history.snapshot());
    }),
  );
});
