import { NO_TRACES, type TraceBlock } from "./trace-block.ts";

/** The numbers kept for one cell (a station or a link) in one bucket, in this order. */
export const FIELD = {
  count: 0,
  errors: 1,
  originErrors: 2,
  retries: 3,
  durationSum: 4,
  /** Self time of a station, gap of a link. */
  innerSum: 5,
  innerCount: 6,
  durationMin: 7,
  durationMax: 8,
  innerMin: 9,
  innerMax: 10,
} as const;
export const FIELDS = 11;

/** One observation of a cell. */
export interface Observation {
  readonly durationMs: number;
  readonly error: boolean;
  readonly originError: boolean;
  readonly retry: boolean;
  /** NaN: not known. */
  readonly innerMs: number;
}

/** The columns of one closed bucket. Nothing in it changes any more. */
export interface CellColumns {
  /** Which cell each row is of. */
  readonly cells: Int32Array;
  /** `FIELDS` numbers a row. */
  readonly data: Float32Array;
  /** Row i's sketch entries are `[offsets[i], offsets[i + 1])`. */
  readonly durationOffsets: Uint32Array;
  readonly duration: Uint32Array;
  readonly innerOffsets: Uint32Array;
  readonly inner: Uint32Array;
}

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

export const NO_ROWS: CellColumns = {
  cells: new Int32Array(0),
  data: new Float32Array(0),
  durationOffsets: new Uint32Array(1),
  duration: new Uint32Array(0),
  innerOffsets: new Uint32Array(1),
  inner: new Uint32Array(0),
};

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
