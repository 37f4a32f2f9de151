import type { FrameRing } from "./frame-ring.ts";

/** Limit: bytes that closed steps and series may hold, where nothing else is said. */
export const MEMORY_BYTES_MAX = 2 ** 30;
/** Steps that are never given up: ten minutes of buckets, two hours of minutes, a day of quarters. */
const LEAST = { buckets: 120, minutes: 120, quarters: 96 } as const;

interface Rings {
  readonly buckets: FrameRing;
  readonly minutes: FrameRing;
  readonly quarters: FrameRing;
}

/**
 * Keeps the closed steps within a budget of bytes, beside `otherBytes` that are held elsewhere. What is given up, and
 * counted by its ring: first exemplars of the distant past, then those of the last hour, then whole steps, the oldest
 * first, from whichever ring holds most.
 */
export function keepWithin(rings: Rings, bytesMax: number, otherBytes: number): void {
  const { buckets, minutes, quarters } = rings;
  const held = (): number => otherBytes + buckets.bytes + minutes.bytes + quarters.bytes;
  while (held() > bytesMax && (quarters.thin(1) || minutes.thin(1)));
  while (held() > bytesMax && buckets.thin(LEAST.buckets));
  while (held() > bytesMax && giveUpFromLargest(rings));
}

function giveUpFromLargest(rings: Rings): boolean {
  const bySize = (["buckets", "minutes", "quarters"] as const).toSorted(
    (a, b) => rings[b].bytes - rings[a].bytes,
  );
  return bySize.some((tier) => rings[tier].giveUp(LEAST[tier]));
}
