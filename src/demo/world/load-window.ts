import { ENTRY_OPERATIONS, type EntryOperation, type LoadSample } from "./contract.ts";

/** Limit: samples kept; at 20 requests a second that is half an hour. */
const SAMPLES_MAX = 36_000;

/** The latency thresholds of `slo.yaml`, by entry operation. */
export const LATENCY_THRESHOLD_MS: Readonly<Record<EntryOperation, number>> = {
  "GET /": 500,
  "GET /product/:id": 500,
  "POST /cart/:user": 500,
  "POST /checkout/:user": 800,
};

export interface OperationWindow {
  readonly operation: EntryOperation;
  readonly requests: number;
  /** Failed, unanswered, or slower than the threshold. */
  readonly bad: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** What the customers saw of late. */
export class LoadWindow {
  #samples: LoadSample[] = [];
  #dropped = 0;

  add(samples: readonly LoadSample[], dropped: number): void {
    this.#samples.push(...samples);
    this.#dropped += dropped;
    if (this.#samples.length > SAMPLES_MAX) this.#samples = this.#samples.slice(-SAMPLES_MAX);
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** By the end of each request, in `[fromMs, toMs)`. */
  between(fromMs: number, toMs: number): readonly OperationWindow[] {
    const inside = this.#samples.filter((it) => it.endMs >= fromMs && it.endMs < toMs);
    return ENTRY_OPERATIONS.map((operation) =>
      windowOf(
        operation,
        inside.filter((it) => it.operation === operation),
      ),
    );
  }
}

function windowOf(operation: EntryOperation, samples: readonly LoadSample[]): OperationWindow {
  const failed = samples.filter((it) => it.status === 0 || it.status >= 500);
  const slow = samples.filter(
    (it) => it.status > 0 && it.status < 500 && it.tookMs > LATENCY_THRESHOLD_MS[operation],
  );
  const sorted = samples.map((it) => it.tookMs).sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return {
    operation,
    requests: samples.length,
    bad: failed.length + slow.length,
    failed: failed.length,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
  };
}
