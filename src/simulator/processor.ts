import type { Kernel, Task } from "./kernel.ts";
import { TimeHeap } from "./time-heap.ts";

/** Work that is this close to its end has ended: sums of fractions are not exact. */
const DONE_MS = 1e-7;

/** One process's part of a processor: its jobs get equal parts of what the process gets. */
export class ProcessorShare {
  readonly #processor: Processor;
  readonly #limitCores: number;
  readonly #jobs = new TimeHeap<Task>();
  /** Work that each job has had since the beginning; a job ends when this reaches its mark. */
  #served = 0;
  /** Work a job gets in one millisecond. */
  #rate = 0;
  #speed = 1;
  #isPaused = false;
  #busyMs = 0;

  constructor(processor: Processor, limitCores: number) {
    this.#processor = processor;
    this.#limitCores = limitCores;
  }

  get jobs(): number {
    return this.#jobs.size;
  }

  /** Core milliseconds used so far. */
  get busyMs(): number {
    this.#processor.settle();
    return this.#busyMs;
  }

  /** Cores that its jobs could use now. */
  get wantedCores(): number {
    return this.#isPaused ? 0 : Math.min(this.#jobs.size, this.#limitCores);
  }

  /** Calls `done` after so much work. */
  run(workMs: number, done: Task): void {
    this.#processor.settle();
    this.#jobs.push(this.#served + workMs, done);
    this.#processor.replan();
  }

  /** 0.5: everything it does takes twice as long. */
  set speed(speed: number) {
    this.#processor.settle();
    this.#speed = speed;
    this.#processor.replan();
  }

  set isPaused(isPaused: boolean) {
    this.#processor.settle();
    this.#isPaused = isPaused;
    this.#processor.replan();
  }

  /** The process is gone: its jobs end nowhere. */
  clear(): void {
    this.#processor.settle();
    while (this.#jobs.size > 0) this.#jobs.pop();
    this.#processor.replan();
  }

  /** For the processor: time passes at the present rate. */
  elapse(ms: number): void {
    const size = this.#jobs.size;
    if (size === 0) return;
    this.#served += ms * this.#rate;
    this.#busyMs += (ms * this.#rate * size) / this.#speed;
  }

  /** For the processor: gives it `factor` of the cores that it wants. Returns milliseconds until a job ends. */
  grant(factor: number): number {
    const size = this.#jobs.size;
    if (size === 0) return Number.POSITIVE_INFINITY;
    this.#rate = (this.wantedCores / size) * factor * this.#speed;
    if (this.#rate <= 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#jobs.first - this.#served) / this.#rate;
  }

  /** For the processor: a job that has had its work. */
  takeDone(): Task | undefined {
    return this.#jobs.first <= this.#served + DONE_MS ? this.#jobs.pop() : undefined;
  }
}

/** The cores of one host, shared by all that runs on it in proportion to what each could use (processor sharing). */
export class Processor {
  readonly cores: number;
  readonly #kernel: Kernel;
  readonly #shares: ProcessorShare[] = [];
  #speed = 1;
  #settledMs = 0;
  /** When it will look at its jobs again. */
  #plannedMs = Number.POSITIVE_INFINITY;
  #plan = 0;

  constructor(kernel: Kernel, cores: number) {
    this.#kernel = kernel;
    this.cores = cores;
  }

  get busyMs(): number {
    return this.#shares.reduce((total, share) => total + share.busyMs, 0);
  }

  add(limitCores = Number.POSITIVE_INFINITY): ProcessorShare {
    const share = new ProcessorShare(this, Math.min(limitCores, this.cores));
    this.#shares.push(share);
    return share;
  }

  remove(share: ProcessorShare): void {
    this.settle();
    const at = this.#shares.indexOf(share);
    if (at >= 0) this.#shares.splice(at, 1);
    this.replan();
  }

  set speed(speed: number) {
    this.settle();
    this.#speed = speed;
    this.replan();
  }

  /** Books the work of the time that has passed. */
  settle(): void {
    const { nowMs } = this.#kernel;
    const passedMs = nowMs - this.#settledMs;
    if (passedMs <= 0) return;
    this.#settledMs = nowMs;
    for (const share of this.#shares) share.elapse(passedMs);
  }

  /** Deals the cores out anew and plans the next end of a job. Contract: after `settle`. */
  replan(): void {
    let wanted = 0;
    for (const share of this.#shares) wanted += share.wantedCores;
    const factor = this.#speed * (wanted > this.cores ? this.cores / wanted : 1);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const share of this.#shares) nextMs = Math.min(nextMs, share.grant(factor));
    const dueMs = this.#kernel.nowMs + nextMs;
    // A plan that comes too early only looks and plans again.
    if (!(dueMs < this.#plannedMs)) return;
    this.#plan += 1;
    const plan = this.#plan;
    this.#plannedMs = dueMs;
    this.#kernel.at(dueMs, () => this.#wake(plan));
  }

  #wake(plan: number): void {
    if (plan !== this.#plan) return;
    this.#plannedMs = Number.POSITIVE_INFINITY;
    this.settle();
    for (let at = 0; at < this.#shares.length; at += 1) {
      const share = this.#shares[at];
      if (share === undefined) continue;
      for (let done = share.takeDone(); done !== undefined; done = share.takeDone()) done();
    }
    this.replan();
  }
}
