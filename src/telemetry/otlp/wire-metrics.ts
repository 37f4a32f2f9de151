import type { MetricPoint } from "../../model/signal.ts";
import { type DecodeContext, malformed } from "./context.ts";
import type { Sink } from "./frame.ts";
import {
  type BucketDraft,
  checkPoint,
  createPointDraft,
  type MetricHead,
  type PointDraft,
  temporalityOf,
} from "./metric-point.ts";
import type { WireReader } from "./wire.ts";
import { readAttribute, readName } from "./wire-attributes.ts";

/** Data field of a metric (its tag) and what it holds. */
const KINDS: ReadonlyMap<number, MetricPoint["kind"]> = new Map([
  [42, "gauge"],
  [58, "sum"],
  [74, "histogram"],
  [82, "exponential_histogram"],
  [90, "summary"],
]);

type ReadField = (
  reader: WireReader,
  tag: number,
  context: DecodeContext,
  draft: PointDraft,
) => void;

/** The attributes' tag differs by kind of point; so does everything else. */
const POINTS: Readonly<Record<MetricPoint["kind"], { attributes: number; readField: ReadField }>> =
  {
    gauge: { attributes: 58, readField: readNumberField },
    sum: { attributes: 58, readField: readNumberField },
    histogram: { attributes: 74, readField: readHistogramField },
    exponential_histogram: { attributes: 10, readField: readExponentialField },
    summary: { attributes: 58, readField: readSummaryField },
  };

/** Points decoded between two chances for the event loop. */
const POINTS_PER_SLICE = 256;

export function* readMetric(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  sink: Sink<MetricPoint>,
): Generator<void, void, void> {
  const head: MetricHead = {
    name: "",
    unit: "",
    kind: "gauge",
    temporality: "unspecified",
    monotonic: false,
  };
  // Name and unit may come after the data on the wire, so the data is only marked in the first pass.
  let dataStart = -1;
  let dataEnd = -1;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const kind = KINDS.get(tag);
    if (kind !== undefined) {
      head.kind = kind;
      dataEnd = reader.message();
      dataStart = reader.pos;
      reader.pos = dataEnd;
    } else if (tag === 10) head.name = readName(reader, context);
    else if (tag === 26) head.unit = readName(reader, context);
    else reader.skip(tag);
  }
  reader.close(end);
  if (dataStart < 0) return;
  reader.pos = dataStart;
  readTemporality(reader, dataEnd, head);
  reader.pos = dataStart;
  yield* readPoints(reader, dataEnd, context, { head, sink });
  reader.pos = end;
}

function readTemporality(reader: WireReader, end: number, head: MetricHead): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 16) head.temporality = temporalityOf(reader.uint32());
    else if (tag === 24 && head.kind === "sum") head.monotonic = reader.uint32() !== 0;
    else reader.skip(tag);
  }
  reader.close(end);
}

function* readPoints(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  into: { readonly head: MetricHead; readonly sink: Sink<MetricPoint> },
): Generator<void, void, void> {
  let sliced = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag !== 10) {
      reader.skip(tag);
      continue;
    }
    const pointEnd = reader.message();
    if (!into.sink.hasRoom()) reader.pos = pointEnd;
    else {
      const draft = readPoint(reader, pointEnd, context, into.head.kind);
      const point = checkPoint(context, into.head, draft);
      if (point !== undefined) into.sink.add(point);
    }
    sliced += 1;
    if (sliced % POINTS_PER_SLICE === 0) yield;
  }
  reader.close(end);
}

function readPoint(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  kind: MetricPoint["kind"],
): PointDraft {
  const draft = createPointDraft();
  const { attributes, readField } = POINTS[kind];
  let held = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === attributes) held = readAttribute(reader, context, draft.attributes, held);
    else readField(reader, tag, context, draft);
  }
  reader.close(end);
  return draft;
}

/** Fields that gauges, sums and histograms number alike. */
function readTimes(reader: WireReader, tag: number, draft: PointDraft): void {
  if (tag === 17) draft.startMs = reader.timeMs();
  else if (tag === 25) draft.timeMs = reader.timeMs();
  else reader.skip(tag);
}

function readNumberField(
  reader: WireReader,
  tag: number,
  _context: DecodeContext,
  draft: PointDraft,
): void {
  if (tag === 33) draft.value = reader.double();
  else if (tag === 49) draft.value = reader.sfixed64();
  else if (tag === 64) draft.flags = reader.uint32();
  else readTimes(reader, tag, draft);
}

function readHistogramField(
  reader: WireReader,
  tag: number,
  context: DecodeContext,
  draft: PointDraft,
): void {
  const room = context.limits.bucketsMax + 1;
  switch (tag) {
    case 33:
      draft.count = reader.fixed64();
      return;
    case 41:
      draft.value = reader.double();
      return;
    case 49:
    case 50:
      readNumbers(reader, tag, { into: draft.bucketCounts, room, read: () => reader.fixed64() });
      return;
    case 57:
    case 58:
      readNumbers(reader, tag, { into: draft.bounds, room, read: () => reader.double() });
      return;
    case 80:
      draft.flags = reader.uint32();
      return;
    default:
      readTimes(reader, tag, draft);
  }
}

/** A repeated number, packed (wire type 2) or not. Beyond `room` the rest is passed over; the point is rejected later. */
function readNumbers(
  reader: WireReader,
  tag: number,
  numbers: { readonly into: number[]; readonly room: number; readonly read: () => number },
): void {
  const { into, room, read } = numbers;
  if ((tag & 7) !== 2) {
    const value = read();
    if (into.length < room) into.push(value);
    return;
  }
  const end = reader.delimited();
  while (reader.pos < end && into.length < room) into.push(read());
  if (reader.pos > end) throw malformed("a packed field ends inside a number");
  reader.pos = end;
}

function readExponentialField(
  reader: WireReader,
  tag: number,
  context: DecodeContext,
  draft: PointDraft,
): void {
  switch (tag) {
    case 33:
      draft.count = reader.fixed64();
      return;
    case 41:
      draft.value = reader.double();
      return;
    case 48:
      draft.scale = reader.sint32();
      return;
    case 57:
      draft.zeroCount = reader.fixed64();
      return;
    case 66:
      draft.positive = readBuckets(reader, context);
      return;
    case 74:
      draft.negative = readBuckets(reader, context);
      return;
    case 80:
      draft.flags = reader.uint32();
      return;
    default:
      readTimes(reader, tag, draft);
  }
}

function readBuckets(reader: WireReader, context: DecodeContext): BucketDraft {
  const end = reader.message();
  const buckets: BucketDraft = { offset: 0, counts: [] };
  const room = context.limits.bucketsMax + 1;
  const read = (): number => reader.varint64(false);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 8) buckets.offset = reader.sint32();
    else if (tag === 16 || tag === 18)
      readNumbers(reader, tag, { into: buckets.counts, room, read });
    else reader.skip(tag);
  }
  reader.close(end);
  return buckets;
}

function readSummaryField(
  reader: WireReader,
  tag: number,
  context: DecodeContext,
  draft: PointDraft,
): void {
  if (tag === 33) draft.count = reader.fixed64();
  else if (tag === 41) draft.value = reader.double();
  else if (tag === 50) readQuantile(reader, context, draft);
  else if (tag === 64) draft.flags = reader.uint32();
  else readTimes(reader, tag, draft);
}

function readQuantile(reader: WireReader, context: DecodeContext, draft: PointDraft): void {
  const end = reader.message();
  const entry = { quantile: 0, value: 0 };
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 9) entry.quantile = reader.double();
    else if (tag === 17) entry.value = reader.double();
    else reader.skip(tag);
  }
  reader.close(end);
  if (draft.quantiles.length <= context.limits.bucketsMax) draft.quantiles.push(entry);
}
