import { bytesOf, type CellColumns, NO_ROWS } from "./cell-columns.ts";
import { blockBytes, NO_TRACES, type TraceBlock } from "./trace-block.ts";

/** Requests of one entry operation in one bucket. */
export interface EntryColumns {
  readonly operation: number;
  readonly traced: number;
  /** Places (see `PlaceTable`), with milliseconds on critical paths and failures that began there. */
  readonly places: Int32Array;
  readonly criticalMs: Float64Array;
  readonly failed: Float64Array;
}

interface FrameCounts {
  readonly spans: number;
  readonly dropped: number;
  readonly entryRequests: number;
  readonly traced: number;
}

/** Everything that the model keeps of one bucket. */
export interface Frame {
  readonly stations: CellColumns;
  readonly edges: CellColumns;
  readonly entries: readonly EntryColumns[];
  readonly exemplars: TraceBlock;
  /** Log templates and how often each was seen. */
  readonly templates: Int32Array;
  readonly templateCounts: Float64Array;
  /** Services heard from, in any way; and instances and hosts. */
  readonly heard: Int32Array;
  readonly present: Int32Array;
  /** Services whose spans came too late for it, and how many: pairs. */
  readonly late: Int32Array;
  readonly counts: FrameCounts;
  /** When the first and the last signal was received in it; 0 when none was. */
  readonly firstHeardMs: number;
  readonly lastHeardMs: number;
  /** By our clock: when it was closed, and could be read. */
  readonly closedMs: number;
  /** We were not there for all of it: that something is missing says nothing. */
  readonly isUnwatched: boolean;
}

/** Rows of columns that a frame holds: the measure of its size. */
export const rowsOf = (frame: Frame): number =>
  frame.stations.cells.length + frame.edges.cells.length;

/** About what a frame is beside its columns. */
const FRAME_BYTES = 1_000;

/** Bytes that a frame holds. */
export function frameBytes(frame: Frame): number {
  const entries = frame.entries.reduce((sum, entry) => sum + 200 + 20 * entry.places.length, 0);
  const numbers = frame.templates.length * 12 + frame.heard.length * 4 + frame.present.length * 4;
  const columns = bytesOf(frame.stations) + bytesOf(frame.edges);
  return FRAME_BYTES + columns + entries + numbers + blockBytes(frame.exemplars);
}

export const EMPTY_FRAME: Frame = {
  stations: NO_ROWS,
  edges: NO_ROWS,
  entries: [],
  exemplars: NO_TRACES,
  templates: new Int32Array(0),
  templateCounts: new Float64Array(0),
  heard: new Int32Array(0),
  present: new Int32Array(0),
  late: new Int32Array(0),
  counts: { spans: 0, dropped: 0, entryRequests: 0, traced: 0 },
  firstHeardMs: 0,
  lastHeardMs: 0,
  closedMs: 0,
  isUnwatched: false,
};

/** A bucket of which nothing is known. */
export const UNWATCHED_FRAME: Frame = { ...EMPTY_FRAME, isUnwatched: true };
