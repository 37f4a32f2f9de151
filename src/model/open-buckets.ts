import type { SpanNode } from "./span-node.ts";
import { BUCKET_GRACE_MS, BUCKET_MS } from "./view.ts";

/** Limit: spans in buckets that are not closed; further ones are dropped and counted. */
export const OPEN_SPANS_MAX = 600_000;
/** Limit: a time further ahead of when it was received than this is a wrong clock: dropped and counted. */
export const AHEAD_MS_MAX = 60_000;

/** A bucket that still takes data. */
export interface OpenBucket {
  readonly nodes: SpanNode[];
  readonly heard: Set<number>;
  readonly templates: Map<number, number>;
  spans: number;
  dropped: number;
}

const emptyBucket = (): OpenBucket => ({
  nodes: [],
  heard: new Set(),
  templates: new Map(),
  spans: 0,
  dropped: 0,
});

export const bucketOf = (ms: number): number => Math.floor(ms / BUCKET_MS);

/** Buckets that close at `nowMs`: all before this one. */
export const closedBefore = (nowMs: number): number => bucketOf(nowMs - BUCKET_GRACE_MS);

/** The buckets between what is closed and what is to come. */
export class OpenBuckets {
  readonly #byIndex = new Map<number, OpenBucket>();
  /** All before this one are closed. */
  #end = Number.NEGATIVE_INFINITY;
  #spans = 0;

  get end(): number {
    return this.#end;
  }

  get spans(): number {
    return this.#spans;
  }

  isOpen(bucket: number): boolean {
    return bucket >= this.#end;
  }

  /** The bucket of a time; for a time whose bucket is closed, the first open one. */
  at(ms: number): OpenBucket {
    return this.get(Math.max(bucketOf(ms), this.#end));
  }

  get(index: number): OpenBucket {
    const known = this.#byIndex.get(index);
    if (known !== undefined) return known;
    const made = emptyBucket();
    this.#byIndex.set(index, made);
    return made;
  }

  /** Notes that a span was put into a bucket. */
  grow(): void {
    this.#spans += 1;
  }

  /** The oldest bucket that holds anything; undefined when none does. */
  oldest(): number | undefined {
    let oldest: number | undefined;
    for (const index of this.#byIndex.keys()) {
      if (oldest === undefined || index < oldest) oldest = index;
    }
    return oldest;
  }

  /** Takes a bucket out to be closed. Nothing goes into it any more. */
  take(index: number): OpenBucket | undefined {
    const bucket = this.#byIndex.get(index);
    this.#byIndex.delete(index);
    this.#end = index + 1;
    this.#spans -= bucket?.nodes.length ?? 0;
    return bucket;
  }

  /** Everything before `index` is closed without a trace. Contract: nothing is in there. */
  skipTo(index: number): void {
    this.#end = Math.max(this.#end, index);
  }
}
