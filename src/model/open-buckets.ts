import { RETAINED_BUCKETS } from "./frame-ring.ts";
import type { PendingPoint } from "./metric-store.ts";
import type { SpanNode } from "./span-node.ts";
import { BUCKET_MS } from "./view.ts";

/** Limit: spans in buckets that are not closed; further ones are dropped and counted. */
const OPEN_SPANS_MAX = 600_000;
/** Limit: metric points in buckets that are not closed; further ones are refused and counted. */
const OPEN_POINTS_MAX = 300_000;
/** Limit: a time further ahead of when it was received than this is a wrong clock: dropped and counted. */
export const AHEAD_MS_MAX = 60_000;

/** A bucket that still takes data. */
export interface OpenBucket {
  readonly nodes: SpanNode[];
  readonly points: PendingPoint[];
  /** Services heard from, and instances and hosts. */
  readonly heard: Set<number>;
  readonly present: Set<number>;
  readonly templates: Map<number, number>;
  /** Spans that came while it was the first open bucket, but were of a closed one: by service. */
  readonly late: Map<number, number>;
  firstHeardMs: number;
  lastHeardMs: number;
  dropped: number;
}

const emptyBucket = (): OpenBucket => ({
  nodes: [],
  points: [],
  heard: new Set(),
  present: new Set(),
  templates: new Map(),
  late: new Map(),
  firstHeardMs: 0,
  lastHeardMs: 0,
  dropped: 0,
});

export const bucketOf = (ms: number): number => Math.floor(ms / BUCKET_MS);

/** The buckets between what is closed and what is to come. */
export class OpenBuckets {
  readonly #byIndex = new Map<number, OpenBucket>();
  /** All before this one are closed. */
  #end = Number.NEGATIVE_INFINITY;
  #spans = 0;
  #points = 0;

  get end(): number {
    return this.#end;
  }

  get spans(): number {
    return this.#spans;
  }

  get isFull(): boolean {
    return this.#spans >= OPEN_SPANS_MAX;
  }

  isOpen(bucket: number): boolean {
    return bucket >= this.#end;
  }

  /** The bucket of a time; for a time whose bucket is closed, the first open one. */
  at(ms: number): OpenBucket {
    return this.#get(Math.max(bucketOf(ms), this.#end));
  }

  #get(index: number): OpenBucket {
    const known = this.#byIndex.get(index);
    if (known !== undefined) return known;
    const made = emptyBucket();
    this.#byIndex.set(index, made);
    return made;
  }

  /** Contract: `bucket` is open. */
  addSpan(bucket: number, node: SpanNode): void {
    this.#get(bucket).nodes.push(node);
    this.#spans += 1;
  }

  /** Contract: `bucket` is open. False when there is no room. */
  addPoint(bucket: number, point: PendingPoint): boolean {
    if (this.#points >= OPEN_POINTS_MAX) return false;
    this.#get(bucket).points.push(point);
    this.#points += 1;
    return true;
  }

  /** Contract: `bucket` is open. */
  addTemplate(bucket: number, template: number): void {
    const { templates } = this.#get(bucket);
    templates.set(template, (templates.get(template) ?? 0) + 1);
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
  take(index: number): OpenBucket {
    const bucket = this.#byIndex.get(index) ?? emptyBucket();
    this.#byIndex.delete(index);
    this.#end = index + 1;
    this.#spans -= bucket.nodes.length;
    this.#points -= bucket.points.length;
    return bucket;
  }

  /** The first signal: what is older than is kept is closed from the start. */
  begin(nowMs: number): void {
    if (Number.isFinite(this.#end)) return;
    this.#end = bucketOf(nowMs) - RETAINED_BUCKETS;
  }

  /** Goes on after an earlier life: everything before `index` is closed. */
  resume(index: number): void {
    this.#end = index;
  }

  /** Everything before `index` is closed without a trace. Contract: nothing is in there. */
  skipTo(index: number): void {
    this.#end = Math.max(this.#end, index);
  }
}
