import type { Task } from "./kernel.ts";

/** Limit: tasks that wait for a slot; further ones are refused and counted. */
const SLOTS_WAITING_MAX = 50_000;

/** Bounded places, given in the order of asking. */
export class Slots {
  #size: number;
  #taken = 0;
  #refused = 0;
  #waiting: (Task | undefined)[] = [];
  #next = 0;
  #isGiving = false;

  constructor(size: number) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  get refused(): number {
    return this.#refused;
  }

  /** Runs `task` as soon as a place is free, at once if one is. False: too many wait already. */
  acquire(task: Task): boolean {
    if (this.#taken < this.#size) {
      this.#taken += 1;
      task();
      return true;
    }
    if (this.waiting >= SLOTS_WAITING_MAX) {
      this.#refused += 1;
      return false;
    }
    this.#waiting.push(task);
    return true;
  }

  release(): void {
    this.#taken -= 1;
    this.#give();
  }

  /** Places that are taken beyond a smaller size are given back as they are released. */
  resize(size: number): void {
    this.#size = size;
    this.#give();
  }

  /** Not from within itself: a task that releases at once must not dig the stack. */
  #give(): void {
    if (this.#isGiving) return;
    this.#isGiving = true;
    while (this.#taken < this.#size && this.#next < this.#waiting.length) {
      const task = this.#waiting[this.#next];
      this.#waiting[this.#next] = undefined;
      this.#next += 1;
      if (this.#next > 512 && this.#next * 2 > this.#waiting.length) this.#compact();
      this.#taken += 1;
      task?.();
    }
    this.#isGiving = false;
  }

  #compact(): void {
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }
}
