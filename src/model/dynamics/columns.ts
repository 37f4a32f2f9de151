import type { Window } from "../quantity.ts";
import { BUCKET_MS, type Buckets } from "../view.ts";

/** First and one-past-last index of a window's whole buckets, or whatever steps there are. */
export function indexRange(buckets: Buckets, window: Window): { from: number; to: number } {
  const { stepMs = BUCKET_MS } = buckets;
  const clamp = (index: number): number => Math.max(0, Math.min(buckets.length, index));
  return {
    from: clamp(Math.round((window.fromMs - buckets.fromMs) / stepMs)),
    to: clamp(Math.round((window.toMs - buckets.fromMs) / stepMs)),
  };
}

export function sumIn(buckets: Buckets, column: Float64Array, window: Window): number {
  const { from, to } = indexRange(buckets, window);
  let sum = 0;
  for (let index = from; index < to; index += 1) sum += column[index] ?? 0;
  return sum;
}

export function floorToBucket(ms: number): number {
  return Math.floor(ms / BUCKET_MS) * BUCKET_MS;
}

/** Adds `source` onto `target`, aligning by time. */
export function addAligned(
  target: Float64Array,
  fromMs: number,
  source: { readonly buckets: Buckets; readonly column: Float64Array },
): void {
  const shift = Math.round((source.buckets.fromMs - fromMs) / BUCKET_MS);
  for (let index = 0; index < source.buckets.length; index += 1) {
    const at = index + shift;
    if (at >= 0 && at < target.length) target[at] = (target[at] ?? 0) + (source.column[index] ?? 0);
  }
}

export function seconds(window: Window): number {
  return Math.max(1e-3, (window.toMs - window.fromMs) / 1000);
}
