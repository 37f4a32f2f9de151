import { setTimeout as sleep } from "node:timers/promises";
import { OperationError } from "../../../errors.ts";
import { exponentialMs, type Random } from "../random.ts";

/** Limit: requests that wait for a worker of one instance; further ones are refused at once. */
const QUEUE_MAX = 400;

interface Waiting {
  readonly start: () => void;
}

/**
 * The bounded capacity of one instance: `workers` requests are worked on, the others wait in order. Service time passes
 * on a timer, so that real queueing costs next to no CPU.
 */
export class Station {
  readonly #workers: number;
  readonly #random: Random;
  readonly #waiting: Waiting[] = [];
  #busy = 0;

  constructor(workers: number, random: Random) {
    this.#workers = workers;
    this.#random = random;
  }

  /** Holds a worker for a draw of `serviceMs` and for `work`. A request that was abandoned while it waited is not begun. */
  async run<T>(serviceMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      await sleep(exponentialMs(serviceMs, this.#random));
      return await work();
    } finally {
      this.#release();
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    if (this.#busy < this.#workers) {
      this.#busy += 1;
      return;
    }
    if (this.#waiting.length >= QUEUE_MAX)
      throw new OperationError("overloaded", "too many requests wait for a worker");
    await new Promise<void>((resolve, reject) => {
      const abandon = (): void => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(new OperationError("abandoned", "the caller has gone"));
      };
      const entry: Waiting = {
        start: () => {
          signal.removeEventListener("abort", abandon);
          resolve();
        },
      };
      this.#waiting.push(entry);
      signal.addEventListener("abort", abandon, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#busy -= 1;
    else next.start();
  }
}
