import { Slots } from "./slots.ts";
import type { LinkSpec } from "./system-spec.ts";

/** How a service calls a callee now; settings and operations alter it. */
export interface LinkSettings {
  timeoutMs: number;
  retries: number;
  backoffMs: number;
  poolSize: number | undefined;
  readonly poolWait: LinkSpec["poolWait"];
  readonly isTolerant: boolean;
  readonly onLimit: "skip" | "fail";
  readonly limitedTimeoutMs: number | undefined;
  /** Most concurrent calls of one instance. */
  limit: number;
  /** Added to each way of each call. */
  delayMs: number;
  /** Share of calls that never arrive. */
  lossShare: number;
}

export function linkSettings(spec: LinkSpec = {}): LinkSettings {
  return {
    timeoutMs: spec.timeoutMs ?? Number.POSITIVE_INFINITY,
    retries: spec.retries ?? 0,
    backoffMs: spec.backoffMs ?? 0,
    poolSize: spec.poolSize,
    poolWait: spec.poolWait,
    isTolerant: spec.tolerant ?? false,
    onLimit: spec.onLimit ?? "skip",
    limitedTimeoutMs: spec.limitedTimeoutMs,
    limit: Number.POSITIVE_INFINITY,
    delayMs: 0,
    lossShare: 0,
  };
}

/** One instance's side of its calls to one callee. */
export class Link {
  readonly settings: LinkSettings;
  readonly pool: Slots | undefined;
  /** Calls under way, with their retries. */
  open = 0;

  constructor(settings: LinkSettings) {
    this.settings = settings;
    this.pool = settings.poolSize === undefined ? undefined : new Slots(settings.poolSize);
  }

  /** A limit is in force, and the caller can do without the callee. */
  get #fallsBack(): boolean {
    const { limit, limitedTimeoutMs } = this.settings;
    return limit < Number.POSITIVE_INFINITY && limitedTimeoutMs !== undefined;
  }

  get timeoutMs(): number {
    const { timeoutMs, limitedTimeoutMs } = this.settings;
    return this.#fallsBack ? (limitedTimeoutMs ?? timeoutMs) : timeoutMs;
  }

  get retries(): number {
    return this.#fallsBack ? 0 : this.settings.retries;
  }

  get isTolerant(): boolean {
    return this.#fallsBack || this.settings.isTolerant;
  }

  /** Takes over a changed size of the pool. */
  refresh(): void {
    if (this.settings.poolSize !== undefined) this.pool?.resize(this.settings.poolSize);
  }
}
