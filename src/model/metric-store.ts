import type { Attributes, AttributeValue } from "./entity.ts";
import {
  type PreviousPoint,
  type Reading,
  readPoint,
  remember,
  type SeriesKind,
} from "./metric-reading.ts";
import type { MetricPoint } from "./signal.ts";

/** Limit: series in all, and of one entity. */
export const SERIES_MAX = 5_000;
export const SERIES_PER_ENTITY_MAX = 300;
/** Limit: sources of series (one metric with one set of attributes), for rates of running totals. */
const STREAMS_MAX = 10_000;
/** Limit: attributes that tell series apart. */
const ATTRIBUTES_MAX = 12;
const VALUE_CHARS_MAX = 120;

/** One series: a value for each bucket, in a ring. */
export interface StoredSeries {
  readonly entity: number;
  readonly metric: string;
  readonly unit: string;
  readonly kind: SeriesKind;
  readonly attributes: Attributes;
  readonly values: Float64Array;
  /** The newest bucket written. */
  lastBucket: number;
  readonly firstBucket: number;
}

interface Stream {
  readonly entity: number;
  readonly metric: string;
  readonly attributes: Attributes;
  readonly series: Map<string, StoredSeries>;
  before: PreviousPoint | undefined;
}

/** Metrics as series of buckets. Later values of one bucket replace earlier ones. */
export class MetricStore {
  readonly #slots: number;
  readonly #streams = new Map<string, Stream>();
  readonly #byEntity = new Map<number, StoredSeries[]>();
  #count = 0;
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

  add(
    entity: number,
    point: MetricPoint,
    bucket: { readonly at: number; readonly isOpen: boolean },
  ): void {
    const stream = this.#stream(entity, point);
    if (stream === undefined) {
      this.refused += 1;
      return;
    }
    const { before } = stream;
    if (before !== undefined && point.timeMs <= before.timeMs) {
      this.outOfOrder += 1;
      return;
    }
    const readings = readPoint(point, before);
    stream.before = remember(withLevel(point, before));
    if (!bucket.isOpen) {
      this.late += 1;
      return;
    }
    for (const reading of readings) this.#write(stream, reading, bucket.at);
  }

  #stream(entity: number, point: MetricPoint): Stream | undefined {
    const attributes = distinguishing(point.attributes);
    const key = `${entity}|${point.name}|${JSON.stringify(attributes)}`;
    const known = this.#streams.get(key);
    if (known !== undefined) return known;
    if (this.#streams.size >= STREAMS_MAX) return undefined;
    const stream: Stream = {
      entity,
      metric: point.name,
      attributes,
      series: new Map(),
      before: undefined,
    };
    this.#streams.set(key, stream);
    return stream;
  }

  #write(stream: Stream, reading: Reading, bucket: number): void {
    const series = stream.series.get(reading.suffix) ?? this.#createSeries(stream, reading, bucket);
    if (series === undefined) {
      this.refused += 1;
      return;
    }
    if (bucket > series.lastBucket) {
      const from = Math.max(series.lastBucket + 1, bucket - this.#slots + 1);
      for (let at = from; at <= bucket; at += 1) series.values[at % this.#slots] = Number.NaN;
      series.lastBucket = bucket;
    }
    if (bucket > series.lastBucket - this.#slots)
      series.values[bucket % this.#slots] = reading.value;
  }

  #createSeries(stream: Stream, reading: Reading, bucket: number): StoredSeries | undefined {
    const own = this.#byEntity.get(stream.entity) ?? [];
    if (this.#count >= SERIES_MAX || own.length >= SERIES_PER_ENTITY_MAX) return undefined;
    const series: StoredSeries = {
      entity: stream.entity,
      metric: `${stream.metric}${reading.suffix}`,
      unit: reading.unit,
      kind: reading.kind,
      attributes: stream.attributes,
      values: new Float64Array(this.#slots).fill(Number.NaN),
      lastBucket: bucket,
      firstBucket: bucket,
    };
    stream.series.set(reading.suffix, series);
    this.#byEntity.set(stream.entity, [...own, series]);
    this.#count += 1;
    return series;
  }

  of(entity: number): readonly StoredSeries[] {
    return this.#byEntity.get(entity) ?? [];
  }

  /** The value of a bucket; NaN where nothing was seen. */
  valueAt(series: StoredSeries, bucket: number): number {
    if (bucket > series.lastBucket || bucket <= series.lastBucket - this.#slots) return Number.NaN;
    return series.values[bucket % this.#slots] ?? Number.NaN;
  }
}

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
