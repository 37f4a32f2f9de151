/** Texts that were noted lately: each stays for one to two periods. Limit: `max` in each of two generations. */
export class RecentIds {
  readonly #periodMs: number;
  readonly #max: number;
  #young = new Set<string>();
  #old = new Set<string>();
  #turnMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly periodMs: number; readonly max: number }) {
    this.#periodMs = options.periodMs;
    this.#max = options.max;
  }

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id);
  }

  add(id: string, nowMs: number): void {
    if (nowMs - this.#turnMs >= this.#periodMs || this.#young.size >= this.#max) {
      this.#old = this.#young;
      this.#young = new Set();
      this.#turnMs = nowMs;
    }
    this.#young.add(id);
  }
}
