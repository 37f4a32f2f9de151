import type { EntityId } from "../entity.ts";
import type { EntryColumns, Frame } from "../frame.ts";
import { NO_TRACES, type TraceBlock, type TraceSite, tracesIn } from "../trace-block.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { readColumns, writeColumns } from "./column-codec.ts";
import type { RecordNames } from "./record-names.ts";

/** What the dictionary numbers of one stretch of records stand for, while it is read. */
export interface FrameNumbers {
  text(number: number): string;
  /** -1 when there was no room for it. */
  entity(number: number): number;
  station(number: number): number;
  edge(number: number): number;
  place(number: number): number;
  template(number: number): number;
  site(number: number): TraceSite;
}

/** Yields where it may be paused. */
export function* writeFrame(into: ByteWriter, frame: Frame, names: RecordNames): Generator<void> {
  into.u8(frame.isUnwatched ? 1 : 0);
  for (const ms of [frame.firstHeardMs, frame.lastHeardMs, frame.closedMs]) into.f64(ms);
  const { spans, dropped, entryRequests, traced } = frame.counts;
  for (const count of [spans, dropped, entryRequests, traced]) into.uint(count);
  yield* writeColumns(into, frame.stations, (cell) => names.station(cell));
  yield* writeColumns(into, frame.edges, (cell) => names.edge(cell));
  into.uint(frame.entries.length);
  for (const entry of frame.entries) writeEntry(into, entry, names);
  into.uint(frame.templates.length);
  for (const template of frame.templates) into.uint(names.template(template));
  into.column(frame.templateCounts);
  for (const entities of [frame.heard, frame.present]) {
    into.uint(entities.length);
    for (const entity of entities) into.uint(names.entity(entity));
  }
  into.uint(frame.late.length);
  for (let at = 0; at < frame.late.length; at += 1) {
    const value = frame.late[at] ?? 0;
    into.uint(at % 2 === 0 ? names.entity(value) : value);
  }
  yield;
  writeTraces(into, frame.exemplars, names);
}

export function readFrame(from: ByteReader, numbers: FrameNumbers): Frame {
  const isUnwatched = from.u8() === 1;
  const [firstHeardMs, lastHeardMs, closedMs] = [from.f64(), from.f64(), from.f64()];
  const counts = {
    spans: from.uint(),
    dropped: from.uint(),
    entryRequests: from.uint(),
    traced: from.uint(),
  };
  const stations = readColumns(from, (number) => numbers.station(number));
  const edges = readColumns(from, (number) => numbers.edge(number));
  const entries = Array.from({ length: from.uint() }, () => readEntry(from, numbers));
  const templates = ints(from, (number) => numbers.template(number));
  const templateCounts = from.float64s();
  const heard = ints(from, (number) => numbers.entity(number));
  const present = ints(from, (number) => numbers.entity(number));
  const late = ints(from, (number, at) => (at % 2 === 0 ? numbers.entity(number) : number));
  const exemplars = readTraces(from, numbers);
  const heardMs = { firstHeardMs, lastHeardMs, closedMs, isUnwatched };
  const rest = { entries, exemplars, templates, templateCounts, heard, present, late, counts };
  return { stations, edges, ...rest, ...heardMs };
}

function ints(from: ByteReader, read: (number: number, at: number) => number): Int32Array {
  return Int32Array.from({ length: from.uint() }, (_, at) => read(from.uint(), at));
}

function writeEntry(into: ByteWriter, entry: EntryColumns, names: RecordNames): void {
  into.uint(names.entity(entry.operation));
  into.uint(entry.traced);
  into.uint(entry.places.length);
  for (const place of entry.places) into.uint(names.place(place));
  into.column(entry.criticalMs);
  into.column(entry.failed);
}

function readEntry(from: ByteReader, numbers: FrameNumbers): EntryColumns {
  return {
    operation: numbers.entity(from.uint()),
    traced: from.uint(),
    places: ints(from, (number) => numbers.place(number)),
    criticalMs: from.float64s(),
    failed: from.float64s(),
  };
}

function writeTraces(into: ByteWriter, block: TraceBlock, names: RecordNames): void {
  into.uint(tracesIn(block));
  if (tracesIn(block) === 0) return;
  for (const operation of block.operations) into.uint(names.text(operation));
  into.uint(block.sites.length);
  for (const site of block.sites) into.uint(names.site(site));
  into.column(block.traceIds);
  into.column(block.spans);
  into.column(block.marks);
  into.column(block.firstSpan);
  into.column(block.spanIds);
  into.column(block.parents);
  into.column(block.siteOf);
  into.column(block.times);
}

function readTraces(from: ByteReader, numbers: FrameNumbers): TraceBlock {
  const traces = from.uint();
  if (traces === 0) return NO_TRACES;
  const operations = Array.from({ length: traces }, () => numbers.text(from.uint()) as EntityId);
  const sites = Array.from({ length: from.uint() }, () => numbers.site(from.uint()));
  return {
    operations,
    sites,
    traceIds: from.bytes(),
    spans: from.float64s(),
    marks: from.bytes(),
    firstSpan: from.uint32s(),
    spanIds: from.bytes(),
    parents: from.int16s(),
    siteOf: from.uint32s(),
    times: from.float32s(),
  };
}
