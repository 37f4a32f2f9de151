import { setTimeout as sleepFor } from "node:timers/promises";

/** Time as a capability. Only `main.ts` (and demo processes) make one; tests hand in a virtual one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `tick` every `ms`, never overlapping: the next starts after the last has settled. Returns a stop function. */
  every(
    ms: number,
    tick: () => void | Promise<void>,
    onError: (error: unknown) => void,
  ): () => void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, signal === undefined ? {} : { signal }),
  every: (ms, tick, onError) => {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const run = async (): Promise<void> => {
      try {
        await tick();
      } catch (error) {
        onError(error);
      }
      if (!stopped) timer = setTimeout(run, ms);
    };
    timer = setTimeout(run, ms);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  },
};
