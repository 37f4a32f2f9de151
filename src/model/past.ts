import type { EntityRecord } from "./entity-store.ts";
import type { FrameCapture } from "./frame-ring.ts";

/** An entity as it was described then; the oldest description that is kept, when that is younger. */
export function describedAt(record: EntityRecord, atMs: number): EntityRecord {
  let at = record;
  while (at.sinceMs > atMs && at.earlier !== undefined) at = at.earlier;
  return at;
}

/** Closed steps of one length. */
export interface Steps {
  readonly stepMs: number;
  readonly frames: FrameCapture;
}

/** The frames that began by then, the newest first, each with its end. */
function* before({ stepMs, frames: { firstBucket, frames } }: Steps, asOfMs: number) {
  const newest = Math.min(frames.length - 1, Math.floor(asOfMs / stepMs) - firstBucket);
  for (let at = newest; at >= 0; at -= 1) {
    const frame = frames[at];
    if (frame !== undefined) yield { frame, endMs: (firstBucket + at + 1) * stepMs };
  }
}

/** When each service, instance and host was last heard from by then; known to the step. `tiers`: the finest first. */
export function lastHeardBy(tiers: readonly Steps[], asOfMs: number): ReadonlyMap<number, number> {
  const heard = new Map<number, number>();
  for (const tier of tiers) {
    for (const { frame, endMs } of before(tier, asOfMs)) {
      for (const indices of [frame.heard, frame.present]) {
        for (const index of indices)
          if (!heard.has(index)) heard.set(index, Math.min(asOfMs, endMs));
      }
    }
  }
  return heard;
}

/** The last time that anything was heard by then: exact for steps before the one asked for. 0 when nothing was. */
export function lastSignalBy(tiers: readonly Steps[], asOfMs: number): number {
  for (const tier of tiers) {
    for (const { frame } of before(tier, asOfMs)) {
      const { firstHeardMs, lastHeardMs } = frame;
      if (firstHeardMs > 0 && firstHeardMs <= asOfMs) return Math.min(asOfMs, lastHeardMs);
    }
  }
  return 0;
}

/** How many of the frames were closed by then. */
export function closedFrames({ frames }: FrameCapture, knownAtMs: number): number {
  let closed = frames.length;
  while (closed > 0 && (frames[closed - 1]?.closedMs ?? 0) > knownAtMs) closed -= 1;
  return closed;
}
