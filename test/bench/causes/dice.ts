import { type Random, randomStream } from "../../../src/simulator/random.ts";

/** Draws of one seed that read well. */
export class Dice {
  readonly #random: Random;

  constructor(seed: number, label: string) {
    this.#random = randomStream(seed, label);
  }

  next(): number {
    return this.#random();
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#random();
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  /** Undefined only of nothing. */
  one<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  /** One of the keys, as often as its weight says. */
  weighed<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
    let at = this.#random() * total;
    for (const [key, weight] of entries) {
      at -= weight;
      if (at < 0) return key;
    }
    return (entries.at(-1) as [K, number])[0];
  }
}
