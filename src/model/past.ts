import type { EntityRecord } from "./entity-store.ts";
import type { FrameCapture } from "./frame-ring.ts";
import { bucketOf } from "./open-buckets.ts";
import { BUCKET_MS } from "./view.ts";

/** An entity as it was described then; the oldest description that is kept, when that is younger. */
export function describedAt(record: EntityRecord, atMs: number): EntityRecord {
  let at = record;
  while (at.sinceMs > atMs && at.earlier !== undefined) at = at.earlier;
  return at;
}

/** When each service, instance and host was last heard from by then; known to the bucket. */
export function lastHeardBy(
  { firstBucket, frames }: FrameCapture,
  asOfMs: number,
): ReadonlyMap<number, number> {
  const heard = new Map<number, number>();
  for (let at = Math.min(frames.length - 1, bucketOf(asOfMs) - firstBucket); at >= 0; at -= 1) {
    const frame = frames[at];
    if (frame === undefined) continue;
    const endMs = Math.min(asOfMs, (firstBucket + at + 1) * BUCKET_MS);
    for (const indices of [frame.heard, frame.present]) {
      for (const index of indices) if (!heard.has(index)) heard.set(index, endMs);
    }
  }
  return heard;
}

/** The last time that anything was heard by then: exact for buckets before the one asked for. 0 when nothing was. */
export function lastSignalBy({ firstBucket, frames }: FrameCapture, asOfMs: number): number {
  for (let at = Math.min(frames.length - 1, bucketOf(asOfMs) - firstBucket); at >= 0; at -= 1) {
    const { firstHeardMs = 0, lastHeardMs = 0 } = frames[at] ?? {};
    if (firstHeardMs > 0 && firstHeardMs <= asOfMs) return Math.min(asOfMs, lastHeardMs);
  }
  return 0;
}

/** How many of the frames were closed by then. */
export function closedFrames({ frames }: FrameCapture, knownAtMs: number): number {
  let closed = frames.length;
  while (closed > 0 && (frames[closed - 1]?.closedMs ?? 0) > knownAtMs) closed -= 1;
  return closed;
}
