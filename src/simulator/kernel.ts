import { TimeHeap } from "./time-heap.ts";

export type Task = () => void;

/** Virtual time: what is to happen, in order. Times are milliseconds since the simulation began. */
export class Kernel {
  readonly #heap = new TimeHeap<Task>();
  #nowMs = 0;
  #events = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  after(delayMs: number, task: Task): void {
    this.#heap.push(this.#nowMs + Math.max(delayMs, 0), task);
  }

  /** What lies in the past happens now. */
  at(timeMs: number, task: Task): void {
    this.#heap.push(Math.max(timeMs, this.#nowMs), task);
  }

  /** All that is due until then, and then it is then. */
  runUntil(timeMs: number): void {
    const heap = this.#heap;
    for (let first = heap.first; first <= timeMs; first = heap.first) {
      const task = heap.pop();
      this.#nowMs = first;
      this.#events += 1;
      task?.();
    }
    if (timeMs > this.#nowMs) this.#nowMs = timeMs;
  }
}
