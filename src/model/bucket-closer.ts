import { BucketFold, type Steps } from "./bucket-fold.ts";
import type { CalleeResolver } from "./callee-resolver.ts";
import { ChangeFacts } from "./change-facts.ts";
import { CoarseTier } from "./coarse-tier.ts";
import { applyObjectives } from "./declared-facts.ts";
import type { Frame } from "./frame.ts";
import { type FrameCapture, FrameRing, RETAINED_BUCKETS } from "./frame-ring.ts";
import type { Grace } from "./grace.ts";
import { keepWithin } from "./memory-budget.ts";
import type { MetricStore } from "./metric-store.ts";
import { bucketOf, type OpenBuckets } from "./open-buckets.ts";
import type { OpenTraces } from "./open-traces.ts";
import { closedFrames } from "./past.ts";
import { PlaceTable } from "./place-table.ts";
import { SiteRecycler } from "./site-recycler.ts";
import type { SiteResolver } from "./site-resolver.ts";
import type { SloDefinition } from "./slo/slo.ts";
import { MINUTES, QUARTERS } from "./tiers.ts";
import type { Topology } from "./topology.ts";
import { BUCKET_GRACE_MS, BUCKET_MS } from "./view.ts";

/** Work of a bucket beside its spans, in spans' worth. */
const BUCKET_STEP = 50;

interface CloserParts {
  readonly topology: Topology;
  readonly resolver: SiteResolver;
  readonly traces: OpenTraces;
  readonly buckets: OpenBuckets;
  readonly metrics: MetricStore;
  readonly grace: Grace;
  readonly seed: number;
  /** Limit: bytes that closed steps and series may hold. */
  readonly memoryBytesMax: number;
  readonly definitions: () => readonly SloDefinition[];
}

/** Turns open buckets into frames when their time has come, in steps that can be paused. */
export class BucketCloser {
  readonly topology: Topology;
  readonly frames = new FrameRing();
  readonly places = new PlaceTable();
  readonly minutes: CoarseTier;
  readonly quarters: CoarseTier;
  readonly facts: ChangeFacts;
  readonly #of: CloserParts;
  readonly #fold: BucketFold;
  readonly #recycler: SiteRecycler;
  /** Buckets before this one were not watched from their beginning. Undefined: to be set by the first time that is told. */
  #watchedFrom: number | undefined = Number.NEGATIVE_INFINITY;
  #steps: Steps<void> | undefined;

  constructor(parts: CloserParts) {
    this.#of = parts;
    this.topology = parts.topology;
    this.facts = new ChangeFacts(parts.topology);
    this.minutes = new CoarseTier(MINUTES, parts.resolver);
    this.quarters = new CoarseTier(QUARTERS, parts.resolver);
    this.#fold = new BucketFold({ ...parts, places: this.places });
    this.#recycler = new SiteRecycler(parts.topology, parts.resolver);
  }

  get callees(): CalleeResolver {
    return this.#fold.callees;
  }

  /** Goes on after an earlier life, whose buckets end before `bucket`: those in between were not watched. */
  resume(bucket: number): void {
    this.#of.buckets.resume(bucket);
    this.#recycler.resume(bucket);
    this.#watchedFrom = undefined;
  }

  /** One past the last bucket that was closed by then. */
  closedBy(frames: FrameCapture, knownAtMs: number): number {
    const closed = closedFrames(frames, knownAtMs);
    if (closed > 0) return frames.firstBucket + closed;
    return Math.min(this.#of.buckets.end, bucketOf(knownAtMs - BUCKET_GRACE_MS));
  }

  /** Says what time it is. Nothing is closed yet, and what is being closed goes on as it began. */
  begin(nowMs: number): void {
    this.#watchedFrom ??= bucketOf(nowMs) + 1;
    if (this.#steps === undefined && this.isDue(nowMs)) {
      this.#steps = this.#close(this.#target(nowMs), nowMs);
    }
  }

  /** One past the last bucket whose grace has passed. */
  #target(nowMs: number): number {
    return bucketOf(nowMs - this.#of.grace.ms);
  }

  /** After a restart only what is watched whole can be told apart from silence: until then nothing more is closed. */
  isDue(nowMs: number): boolean {
    const watchedFrom = this.#watchedFrom ?? Number.POSITIVE_INFINITY;
    return this.#target(nowMs) > Math.max(this.#of.buckets.end, watchedFrom);
  }

  /** Closes until about `spansMax` spans' worth of work is done. True: all that is due is closed. */
  work(spansMax: number): boolean {
    let done = 0;
    while (this.#steps !== undefined && done < spansMax) {
      const step = this.#steps.next();
      if (step.done === true) this.#steps = undefined;
      else done += step.value;
    }
    return this.#steps === undefined;
  }

  *#close(target: number, nowMs: number): Steps<void> {
    const { topology, traces } = this.#of;
    const from = yield* this.#firstToClose(target, nowMs);
    for (let bucket = from; bucket < target; bucket += 1) {
      this.frames.push(bucket, yield* this.#closeBucket(bucket, nowMs));
      yield* this.#sumUp(this.minutes);
      yield* this.#sumUp(this.quarters);
    }
    this.#keepWithin();
    applyObjectives(topology, this.#of.definitions(), { seenMs: nowMs, nowMs });
    traces.expire(nowMs);
    yield traces.size / 10;
    topology.relations.expire(nowMs);
  }

  #keepWithin(): void {
    const { memoryBytesMax, metrics } = this.#of;
    const [minutes, quarters] = [this.minutes.frames, this.quarters.frames];
    keepWithin({ buckets: this.frames, minutes, quarters }, memoryBytesMax, metrics.bytes);
  }

  /** Sums up the steps of a tier whose buckets have all closed. */
  *#sumUp(tier: CoarseTier): Steps<void> {
    const fine = this.frames.capture();
    for (let step = tier.due(fine); step !== undefined; step = tier.due(fine)) {
      yield* this.#of.metrics.fold(tier.shape, step);
      yield* tier.fold(fine, step);
    }
  }

  /** The bucket to go on with. What lies further back than is kept gets no frame, and is only let go of. */
  *#firstToClose(target: number, nowMs: number): Steps<number> {
    const { buckets } = this.#of;
    if (this.frames.size === 0) buckets.skipTo(Math.min(buckets.oldest() ?? target, target));
    const firstKept = target - RETAINED_BUCKETS;
    if (buckets.end >= firstKept) return buckets.end;
    for (let old = buckets.oldest(); old !== undefined && old < firstKept; old = buckets.oldest()) {
      yield* this.#closeBucket(old, nowMs);
    }
    buckets.skipTo(firstKept);
    this.frames.clear();
    return firstKept;
  }

  *#closeBucket(index: number, nowMs: number): Steps<Frame> {
    const { topology, buckets, metrics, grace } = this.#of;
    const bucket = buckets.take(index);
    topology.settle(nowMs);
    this.facts.settle(nowMs);
    const heard = { seenMs: (index + 1) * BUCKET_MS, nowMs };
    const folded = yield* this.#fold.fold(bucket.nodes, heard);
    metrics.close(index, bucket.points);
    yield bucket.points.length;
    grace.close(topology.senders);
    this.#recycler.recycle(index);
    yield BUCKET_STEP;
    const { entryRequests, traced, ...columns } = folded;
    const templates = [...bucket.templates];
    return {
      ...columns,
      templates: Int32Array.from(templates, ([template]) => template),
      templateCounts: Float64Array.from(templates, ([, count]) => count),
      heard: Int32Array.from(bucket.heard),
      present: Int32Array.from(bucket.present),
      late: Int32Array.from([...bucket.late].flat()),
      counts: { spans: bucket.nodes.length, dropped: bucket.dropped, entryRequests, traced },
      firstHeardMs: bucket.firstHeardMs,
      lastHeardMs: bucket.lastHeardMs,
      closedMs: nowMs,
      isUnwatched: index < (this.#watchedFrom ?? 0),
    };
  }
}
