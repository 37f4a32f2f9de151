/** A seeded source of numbers in [0, 1): mulberry32, small and good enough for load and service times. */
export type Random = () => number;

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Limit: a draw is at most this many times the mean, so that one unlucky request cannot pass for a fault. */
const DRAW_CAP = 4;

/** An exponential draw, as service times of independent requests are. */
export function exponentialMs(meanMs: number, random: Random): number {
  return Math.min(-Math.log(1 - random()) * meanMs, DRAW_CAP * meanMs);
}

/** A draw within ±30 % of the mean. */
export function steadyMs(meanMs: number, random: Random): number {
  return meanMs * (0.7 + 0.6 * random());
}

export function pick<T>(items: readonly T[], random: Random): T | undefined {
  return items[Math.floor(random() * items.length)];
}
