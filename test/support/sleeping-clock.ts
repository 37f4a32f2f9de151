import type { Clock } from "../../src/clock.ts";

export interface SleepingClock extends Clock {
  advance(ms: number): void;
}

/** Virtual time that passes only when somebody sleeps, or when the test says so. Nothing recurs by itself. */
export function sleepingClock(
  startMs: number,
  onSleep: (nowMs: number) => void = () => undefined,
): SleepingClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
      onSleep(nowMs);
    },
    every: () => () => undefined,
    advance: (ms) => {
      nowMs += ms;
    },
  };
}
