import type { Clock } from "../../src/clock.ts";
import { TimeHeap } from "../../src/simulator/time-heap.ts";

/** Lets everything that is ready run on: promises, and what they set in motion. */
const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Time that passes when it is told to. Timers of one instant fire in the order in which they were set. */
export class VirtualClock implements Clock {
  readonly #timers = new TimeHeap<() => void>();
  readonly #held = new Set<Promise<unknown>>();
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal?.reason);
      if (signal?.aborted === true) {
        abort();
        return;
      }
      signal?.addEventListener("abort", abort, { once: true });
      this.#timers.push(this.#nowMs + ms, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
    });
  }

  every(
    ms: number,
    tick: () => void | Promise<void>,
    onError: (error: unknown) => void,
  ): () => void {
    let isStopped = false;
    const next = (): void => this.#timers.push(this.#nowMs + ms, () => void run());
    const run = async (): Promise<void> => {
      if (isStopped) return;
      try {
        await tick();
      } catch (error) {
        onError(error);
      }
      next();
    };
    next();
    return () => {
      isStopped = true;
    };
  }

  /** Time stands still until the work is done: for what needs more real turns of the loop than promises do. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held.add(work);
    try {
      return await work;
    } finally {
      this.#held.delete(work);
    }
  }

  /** Fires what is due until then, one after another; each settles before the next. */
  async advanceTo(ms: number): Promise<void> {
    await this.#settle();
    for (let due = this.#timers.first; due <= ms; due = this.#timers.first) {
      this.#nowMs = Math.max(this.#nowMs, due);
      this.#timers.pop()?.();
      await this.#settle();
    }
    this.#nowMs = Math.max(this.#nowMs, ms);
  }

  async #settle(): Promise<void> {
    await nextTurn();
    while (this.#held.size > 0) {
      await Promise.allSettled(this.#held);
      await nextTurn();
    }
  }
}
