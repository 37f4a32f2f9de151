import type { OperationWindow } from "./world/load-window.ts";

/** The objective and short window of the demo's `slo.yaml`. */
const OBJECTIVE = 0.99;
const SHORT_MS = 10_000;
/** The objective is back when the short window has met it for this long. */
const BACK_AFTER_MS = 30_000;

export type CustomersSaw = (fromMs: number, toMs: number) => readonly OperationWindow[];

/** Share of good requests in the short window that ends at `atMs`, as the customers saw it; 0 when none was served. */
function shortSli(saw: CustomersSaw, operation: string, atMs: number): number {
  const window = saw(atMs - SHORT_MS, atMs).find((one) => one.operation === operation);
  if (window === undefined || window.requests === 0) return 0;
  return 1 - window.bad / window.requests;
}

/** Follows, second by second, since when the customers have been served well again. */
export class CustomerWatch {
  #wellSinceMs: number | undefined;

  /** Call once a second. */
  look(saw: CustomersSaw, operation: string, atMs: number): void {
    if (shortSli(saw, operation, atMs) < OBJECTIVE) this.#wellSinceMs = undefined;
    else this.#wellSinceMs ??= atMs;
  }

  isBack(atMs: number): boolean {
    return this.#wellSinceMs !== undefined && atMs - this.#wellSinceMs >= BACK_AFTER_MS;
  }
}
