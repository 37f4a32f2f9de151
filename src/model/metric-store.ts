import type { Attributes, AttributeValue } from "./entity.ts";
import { type PreviousPoint, type Reading, readPoint, remember } from "./metric-reading.ts";
import type { MetricPoint } from "./signal.ts";
import { type SeriesName, StoredSeries } from "./stored-series.ts";
import type { TierShape } from "./tiers.ts";

/** Limit: series in all, and of one entity. */
export const SERIES_MAX = 10_000;
export const SERIES_PER_ENTITY_MAX = 300;
/** Limit: sources of series (one metric with one set of attributes), for rates of running totals. */
const STREAMS_MAX = 20_000;
/** Limit: attributes that tell series apart. */
const ATTRIBUTES_MAX = 12;
const VALUE_CHARS_MAX = 120;
/** Values summed up between two chances to pause, and what that costs in spans' worth. */
const SERIES_A_STEP = 60_000;
const SERIES_STEP_COST = 250;
/** About what a stream costs beside its series. */
const STREAM_BYTES = 400;
/** When there is no room, streams that are silent for longer than is kept are let go of; looked for this often. */
const SEARCH_EVERY_BUCKETS = 12;

export interface Stream {
  readonly key: string;
  readonly entity: number;
  readonly metric: string;
  readonly attributes: Attributes;
  readonly series: Map<string, StoredSeries>;
  before: PreviousPoint | undefined;
  /** The newest bucket for which it had a point. */
  lastBucket: number;
}

/** A series as it is written down; `metric` is the name of its points. */
export type RestoredSeries = SeriesName;

/** What a series was in one step. */
export interface SeriesValue {
  readonly series: StoredSeries;
  readonly value: number;
  readonly max: number;
}

/** A point that waits for its bucket to close: by then all that belongs before it has come. */
export interface PendingPoint {
  readonly stream: Stream;
  readonly point: MetricPoint;
}

/** Metrics as series of buckets. The last point of a bucket is its value. */
export class MetricStore {
  readonly #slots: number;
  readonly #streams = new Map<string, Stream>();
  readonly #byEntity = new Map<number, StoredSeries[]>();
  #count = 0;
  #searchAgain = Number.NEGATIVE_INFINITY;
  /** Points left out: no room for their series, older than what was seen, or of a closed bucket. */
  refused = 0;
  outOfOrder = 0;
  late = 0;

  /** `slots`: buckets kept of each series, those of a view's retention and spare ones. */
  constructor(slots: number) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#count;
  }

  /** What a point belongs to; undefined when there is no room for one more stream. */
  stream(entity: number, point: MetricPoint, bucket: number): Stream | undefined {
    const attributes = distinguishing(point.attributes);
    const key = streamKey(entity, point.name, attributes);
    const known = this.#streams.get(key);
    if (known !== undefined) {
      known.lastBucket = Math.max(known.lastBucket, bucket);
      return known;
    }
    if (this.#streams.size >= STREAMS_MAX) this.#makeRoom(bucket);
    if (this.#streams.size >= STREAMS_MAX) {
      this.refused += 1;
      return undefined;
    }
    return this.#createStream({ key, entity, metric: point.name, attributes }, bucket);
  }

  #createStream(
    of: Pick<Stream, "key" | "entity" | "metric" | "attributes">,
    bucket: number,
  ): Stream {
    const stream: Stream = { ...of, series: new Map(), before: undefined, lastBucket: bucket };
    this.#streams.set(of.key, stream);
    return stream;
  }

  /** Takes in a point whose bucket is closed already: it only moves on what the next one is compared with. */
  addLate({ stream, point }: PendingPoint): void {
    this.late += 1;
    const { before } = stream;
    if (before !== undefined && point.timeMs <= before.timeMs) return;
    stream.before = remember(withLevel(point, before));
  }

  /** Takes in the points of a bucket that closes. */
  close(bucket: number, points: readonly PendingPoint[]): void {
    const inOrder = points.toSorted(
      (a, b) => a.point.timeMs - b.point.timeMs || a.point.value - b.point.value,
    );
    for (const { stream, point } of inOrder) {
      const { before } = stream;
      if (before !== undefined && point.timeMs <= before.timeMs) {
        this.outOfOrder += 1;
        continue;
      }
      for (const reading of readPoint(point, before)) this.#write(stream, reading, bucket);
      stream.before = remember(withLevel(point, before));
    }
  }

  #write(stream: Stream, reading: Reading, bucket: number): void {
    const series = stream.series.get(reading.suffix) ?? this.#createSeries(stream, reading, bucket);
    if (series === undefined) this.refused += 1;
    else series.put(bucket, reading.value);
  }

  /** A series of an earlier life, found or made; undefined when there is no room. */
  restore(of: RestoredSeries): StoredSeries | undefined {
    const { entity, metric, attributes, suffix, firstBucket } = of;
    const key = streamKey(entity, metric, attributes);
    const stream =
      this.#streams.get(key) ??
      this.#createStream({ key, entity, metric, attributes }, firstBucket);
    return stream.series.get(suffix) ?? this.#createSeries(stream, of, firstBucket);
  }

  /** Says that the stream of a restored series was last heard in `bucket`, so that it is not let go of too soon. */
  heard(series: StoredSeries, bucket: number): void {
    const name = series.metric.slice(0, series.metric.length - series.suffix.length);
    const stream = this.#streams.get(streamKey(series.entity, name, series.attributes));
    if (stream !== undefined) stream.lastBucket = Math.max(stream.lastBucket, bucket);
  }

  /** Series with a value in that bucket, or step of a tier, and there their maximum as well. */
  *at(step: number, shape?: TierShape): Generator<SeriesValue> {
    for (const own of this.#byEntity.values()) {
      for (const series of own) {
        const ring = shape === undefined ? undefined : series.ring(shape);
        const value = ring?.mean(step) ?? series.at(step);
        if (!Number.isNaN(value)) yield { series, value, max: ring?.max(step) ?? value };
      }
    }
  }

  #createSeries(
    stream: Stream,
    reading: Omit<Reading, "value">,
    bucket: number,
  ): StoredSeries | undefined {
    if (this.#count >= SERIES_MAX) this.#makeRoom(bucket);
    const own = this.#byEntity.get(stream.entity) ?? [];
    if (this.#count >= SERIES_MAX || own.length >= SERIES_PER_ENTITY_MAX) return undefined;
    const series = new StoredSeries(
      {
        entity: stream.entity,
        metric: `${stream.metric}${reading.suffix}`,
        suffix: reading.suffix,
        unit: reading.unit,
        kind: reading.kind,
        attributes: stream.attributes,
        firstBucket: bucket,
      },
      this.#slots,
    );
    stream.series.set(reading.suffix, series);
    this.#byEntity.set(stream.entity, [...own, series]);
    this.#count += 1;
    return series;
  }

  /** Lets go of streams that show nothing any more in anything that is kept. */
  #makeRoom(bucket: number): void {
    if (bucket < this.#searchAgain) return;
    this.#searchAgain = bucket + SEARCH_EVERY_BUCKETS;
    const gone = new Set<StoredSeries>();
    for (const stream of this.#streams.values()) {
      if (bucket - stream.lastBucket <= this.#slots) continue;
      for (const series of stream.series.values()) gone.add(series);
      this.#streams.delete(stream.key);
    }
    if (gone.size === 0) return;
    for (const [entity, own] of this.#byEntity) {
      const kept = own.filter((series) => !gone.has(series));
      if (kept.length === 0) this.#byEntity.delete(entity);
      else if (kept.length < own.length) this.#byEntity.set(entity, kept);
    }
    this.#count -= gone.size;
  }

  of(entity: number): readonly StoredSeries[] {
    return this.#byEntity.get(entity) ?? [];
  }

  /** Sums up one step of every series, and yields where it may be paused. */
  *fold(shape: TierShape, step: number): Generator<number> {
    let left = SERIES_A_STEP;
    for (const own of this.#byEntity.values()) {
      for (const series of own) {
        series.fold(shape, step);
        left -= shape.buckets;
        if (left > 0) continue;
        left = SERIES_A_STEP;
        yield SERIES_STEP_COST;
      }
    }
  }

  get bytes(): number {
    let bytes = this.#streams.size * STREAM_BYTES;
    for (const own of this.#byEntity.values()) for (const series of own) bytes += series.bytes;
    return bytes;
  }
}

const streamKey = (entity: number, metric: string, attributes: Attributes): string =>
  `${entity}|${metric}|${JSON.stringify(attributes)}`;

/** A delta of what goes up and down is remembered as the level that it leads to. */
function withLevel(point: MetricPoint, before: PreviousPoint | undefined): MetricPoint {
  const isLevelChange = point.kind === "sum" && !point.monotonic && point.temporality === "delta";
  return isLevelChange ? { ...point, value: (before?.value ?? 0) + point.value } : point;
}

/** Attributes in one order, bounded, so that equal ones give one series. */
function distinguishing(attributes: Attributes): Attributes {
  const names = Object.keys(attributes).sort().slice(0, ATTRIBUTES_MAX);
  const kept: Record<string, AttributeValue> = {};
  for (const name of names) {
    const value = attributes[name];
    if (value !== undefined) {
      kept[name] = typeof value === "string" ? value.slice(0, VALUE_CHARS_MAX) : value;
    }
  }
  return kept;
}
