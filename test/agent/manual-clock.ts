import type { Clock } from "../../src/clock.ts";

export interface ManualClock extends Clock {
  /** Passes time; whoever slept so long wakes up, in order. */
  advance(ms: number): Promise<void>;
  /** Lets sleeps of at most this long pass by themselves. */
  skipUpTo(ms: number): void;
}

/** Virtual time that passes only when the test says so. */
export function manualClock(startMs: number): ManualClock {
  let nowMs = startMs;
  let skipMs = -1;
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) => {
      if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
      if (ms <= skipMs) {
        nowMs += ms;
        return Promise.resolve();
      }
      return new Promise<void>((resolve, reject) => {
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      });
    },
    every: () => () => undefined,
    advance: async (ms) => {
      nowMs += ms;
      for (const sleeper of [...sleepers].sort((a, b) => a.atMs - b.atMs)) {
        if (sleeper.atMs > nowMs) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
    skipUpTo: (ms) => {
      skipMs = ms;
    },
  };
}
