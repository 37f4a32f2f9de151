import type { Environment } from "./environment.ts";
import type { Random } from "./random.ts";
import type { RequestTruth } from "./records.ts";
import type { Service } from "./service.ts";
import type { Failure } from "./span-form.ts";
import type { LoadSpec } from "./system-spec.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** Requests that were sent, by how they ended. Invariant: `sent = answered + failed + left + open`. */
export interface LoadCounts {
  sent: number;
  answered: number;
  failed: number;
  /** Customers who left before an answer came. */
  left: number;
  open: number;
}

/** Customers of one entry operation: they come at Poisson times, whether or not earlier ones have been served. */
export class Load {
  readonly counts: LoadCounts = { sent: 0, answered: 0, failed: 0, left: 0, open: 0 };
  readonly operation: string;
  readonly #environment: Environment;
  readonly #spec: LoadSpec;
  readonly #entry: Service;
  readonly #random: Random;
  readonly #thinning: Random;
  readonly #finished: (request: RequestTruth) => void;
  #factor = 1;
  #plan = 0;

  constructor(
    environment: Environment,
    spec: LoadSpec,
    entry: Service,
    finished: (request: RequestTruth) => void,
  ) {
    this.#environment = environment;
    this.#spec = spec;
    this.#entry = entry;
    this.#finished = finished;
    this.operation = spec.operation;
    this.#random = environment.random(`load ${spec.service} ${spec.operation}`);
    this.#thinning = environment.random(`swing ${spec.service} ${spec.operation}`);
    this.#next();
  }

  /** Poisson arrivals have no memory: the next one may be drawn anew whenever the rate changes. */
  set factor(factor: number) {
    this.#factor = factor;
    this.#next();
  }

  #next(): void {
    this.#plan += 1;
    const plan = this.#plan;
    const peak = 1 + (this.#spec.swing?.amplitude ?? 0);
    const perMs = (this.#spec.perSecond * this.#factor * peak) / 1000;
    if (!(perMs > 0)) return;
    this.#environment.kernel.after(-Math.log(1 - this.#random()) / perMs, () => {
      if (plan !== this.#plan) return;
      if (this.#isKept(peak)) this.#send();
      this.#next();
    });
  }

  /** Draws at the peak's rate are thinned to the rate of the moment. */
  #isKept(peak: number): boolean {
    const { swing } = this.#spec;
    if (swing === undefined) return true;
    const phase = (2 * Math.PI * this.#environment.kernel.nowMs) / swing.periodMs;
    return this.#thinning() * peak < 1 + swing.amplitude * Math.sin(phase);
  }

  #send(): void {
    const { kernel, tracer } = this.#environment;
    const { service, operation, timeoutMs } = this.#spec;
    const { counts } = this;
    const startMs = kernel.nowMs;
    let isOpen = true;
    counts.sent += 1;
    counts.open += 1;
    const finish = (how: "answered" | "failed" | "left"): void => {
      if (!isOpen) return;
      isOpen = false;
      counts.open -= 1;
      counts[how] += 1;
      const ok = how === "answered";
      this.#finished({ service, operation, startMs, endMs: kernel.nowMs, ok });
    };
    const attempt = {
      from: undefined,
      what: operation,
      context: tracer.root(),
      factor: 1,
      delayMs: 0,
    };
    this.#entry.call(attempt, (failure: Failure) =>
      finish(failure === undefined ? "answered" : "failed"),
    );
    const patienceMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (patienceMs < Number.POSITIVE_INFINITY) kernel.after(patienceMs, () => finish("left"));
  }
}
