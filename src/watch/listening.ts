/** All telemetry gone for this long pages as "I am blind": silence is a symptom. */
export const BLIND_AFTER_MS = 30_000;

/**
 * Whether telemetry comes in at all, and since when without a break. Silence of one operation means something only while
 * others are heard: time in which we were down or blind is held against nobody.
 */
export class Listening {
  #lastSignalMs: number;
  #sinceMs: number;

  /** `knewSystem`: an earlier life had telemetry, so that silence from the start is blindness and not a first day. */
  constructor(startedMs: number, knewSystem: boolean) {
    this.#sinceMs = startedMs;
    this.#lastSignalMs = knewSystem ? startedMs : 0;
  }

  /** When the newest signal came, or the start of the silence that follows a restart; 0 while nothing ever came. */
  get lastSignalMs(): number {
    return this.#lastSignalMs;
  }

  /** Heard without a break since then. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  hear(lastSignalMs: number): void {
    if (lastSignalMs <= this.#lastSignalMs) return;
    const wasSilent = lastSignalMs - this.#lastSignalMs > BLIND_AFTER_MS;
    if (wasSilent) this.#sinceMs = Math.max(this.#sinceMs, lastSignalMs);
    this.#lastSignalMs = lastSignalMs;
  }

  isBlind(nowMs: number): boolean {
    return this.#lastSignalMs > 0 && nowMs - this.#lastSignalMs > BLIND_AFTER_MS;
  }
}
