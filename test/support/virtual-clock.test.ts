import { expect, test } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

test("fires timers in the order of their times, and settles each before the next", async () => {
  const clock = new VirtualClock(1_000);
  const seen: string[] = [];
  const note = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    await Promise.resolve();
    seen.push(`${name} ${clock.nowMs()}`);
  };
  void note("late", 20);
  void note("early", 10);
  void note("never", 50);
  await clock.advanceTo(1_030);
  expect(seen).toEqual(["early 1010", "late 1020"]);
  expect(clock.nowMs()).toBe(1_030);
});

test("a repeated task never overlaps itself, goes on after an error, and stops", async () => {
  const clock = new VirtualClock(0);
  const errors: unknown[] = [];
  const began: number[] = [];
  const stop = clock.every(
    10,
    async () => {
      began.push(clock.nowMs());
      await clock.sleep(25);
      if (began.length === 1) throw new Error("once");
    },
    (error) => errors.push(error),
  );
  await clock.advanceTo(100);
  expect(began).toEqual([10, 45, 80]);
  expect(errors).toHaveLength(1);
  stop();
  await clock.advanceTo(300);
  expect(began).toHaveLength(3);
});

test("a sleep that is cut off rejects with the reason", async () => {
  const clock = new VirtualClock(0);
  const cut = new AbortController();
  const sleep = clock.sleep(1_000, cut.signal);
  cut.abort(new Error("enough"));
  await expect(sleep).rejects.toThrowError("enough");
});

test("stands still while work is held", async () => {
  const clock = new VirtualClock(0);
  const seen: string[] = [];
  clock.every(
    10,
    () => void seen.push(`tick ${clock.nowMs()}`),
    () => undefined,
  );
  void clock.sleep(15).then(() =>
    clock.hold(
      (async () => {
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        seen.push(`worked ${clock.nowMs()}`);
      })(),
    ),
  );
  await clock.advanceTo(30);
  expect(seen).toEqual(["tick 10", "worked 15", "tick 20", "tick 30"]);
});
