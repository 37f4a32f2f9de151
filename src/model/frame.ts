import { packSlots, SKETCH_SLOTS, sketchSlot } from "./exponential-sketch.ts";
import type { Trace } from "./view.ts";

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
  readonly data: Float64Array;
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

/** A finished trace with the reservoirs that hold it. */
export interface Exemplar {
  readonly trace: Trace;
  readonly uniform: boolean;
  readonly slow: boolean;
  readonly error: boolean;
}

export interface FrameCounts {
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
  readonly exemplars: readonly Exemplar[];
  /** Log templates and how often each was seen. */
  readonly templates: Int32Array;
  readonly templateCounts: Float64Array;
  /** Services heard from, in any way. */
  readonly heard: Int32Array;
  readonly counts: FrameCounts;
}

const NO_ROWS: CellColumns = {
  cells: new Int32Array(0),
  data: new Float64Array(0),
  durationOffsets: new Uint32Array(1),
  duration: new Uint32Array(0),
  innerOffsets: new Uint32Array(1),
  inner: new Uint32Array(0),
};

export const EMPTY_FRAME: Frame = {
  stations: NO_ROWS,
  edges: NO_ROWS,
  entries: [],
  exemplars: [],
  templates: new Int32Array(0),
  templateCounts: new Float64Array(0),
  heard: new Int32Array(0),
  counts: { spans: 0, dropped: 0, entryRequests: 0, traced: 0 },
};

const grown = (array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> => {
  const larger = new Float64Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
};

/** Adds up the observations of one bucket, cell by cell; reused from bucket to bucket. */
export class Accumulator {
  #rowOf = new Int32Array(0);
  #cells: number[] = [];
  #data = new Float64Array(64 * FIELDS);
  #duration: Uint32Array[] = [];
  #inner: Uint32Array[] = [];

  #row(cell: number): number {
    if (cell >= this.#rowOf.length) {
      const larger = new Int32Array(Math.max(cell + 1, this.#rowOf.length * 2, 256));
      larger.set(this.#rowOf);
      this.#rowOf = larger;
    }
    const known = (this.#rowOf[cell] ?? 0) - 1;
    if (known >= 0) return known;
    const row = this.#cells.length;
    this.#rowOf[cell] = row + 1;
    this.#cells.push(cell);
    const from = row * FIELDS;
    if (from + FIELDS > this.#data.length) this.#data = grown(this.#data, from + FIELDS);
    this.#data.fill(0, from, from + FIELDS);
    this.#data.fill(Number.NaN, from + FIELD.durationMin, from + FIELDS);
    if (row >= this.#duration.length) {
      this.#duration.push(new Uint32Array(SKETCH_SLOTS));
      this.#inner.push(new Uint32Array(SKETCH_SLOTS));
    }
    return row;
  }

  add(cell: number, seen: Observation): void {
    const row = this.#row(cell);
    const at = row * FIELDS;
    const data = this.#data;
    this.#bump(at + FIELD.count, 1);
    if (seen.error) this.#bump(at + FIELD.errors, 1);
    if (seen.originError) this.#bump(at + FIELD.originErrors, 1);
    if (seen.retry) this.#bump(at + FIELD.retries, 1);
    this.#bump(at + FIELD.durationSum, seen.durationMs);
    lower(data, at + FIELD.durationMin, seen.durationMs);
    raise(data, at + FIELD.durationMax, seen.durationMs);
    bumpSlot(this.#duration[row], seen.durationMs);
    if (Number.isNaN(seen.innerMs)) return;
    this.#bump(at + FIELD.innerSum, seen.innerMs);
    this.#bump(at + FIELD.innerCount, 1);
    lower(data, at + FIELD.innerMin, seen.innerMs);
    raise(data, at + FIELD.innerMax, seen.innerMs);
    bumpSlot(this.#inner[row], seen.innerMs);
  }

  #bump(at: number, by: number): void {
    this.#data[at] = (this.#data[at] ?? 0) + by;
  }

  /** The bucket's columns; empties the accumulator. */
  take(): CellColumns {
    const rows = this.#cells.length;
    if (rows === 0) return NO_ROWS;
    const cells = Int32Array.from(this.#cells);
    const data = this.#data.slice(0, rows * FIELDS);
    const [duration, durationOffsets] = packRows(this.#duration, rows);
    const [inner, innerOffsets] = packRows(this.#inner, rows);
    for (const cell of this.#cells) this.#rowOf[cell] = 0;
    this.#cells = [];
    return { cells, data, duration, durationOffsets, inner, innerOffsets };
  }
}

function lower(data: Float64Array, at: number, value: number): void {
  if (!((data[at] ?? Number.NaN) <= value)) data[at] = value;
}

function raise(data: Float64Array, at: number, value: number): void {
  if (!((data[at] ?? Number.NaN) >= value)) data[at] = value;
}

function bumpSlot(counts: Uint32Array | undefined, value: number): void {
  if (counts === undefined) return;
  const slot = sketchSlot(value);
  counts[slot] = (counts[slot] ?? 0) + 1;
}

const scratch = { packed: new Uint32Array(4 * SKETCH_SLOTS) };

function packRows(
  rows: readonly Uint32Array[],
  count: number,
): [packed: Uint32Array, offsets: Uint32Array] {
  const offsets = new Uint32Array(count + 1);
  let end = 0;
  for (let row = 0; row < count; row += 1) {
    const counts = rows[row];
    if (end + SKETCH_SLOTS > scratch.packed.length) {
      const larger = new Uint32Array(scratch.packed.length * 2);
      larger.set(scratch.packed);
      scratch.packed = larger;
    }
    if (counts !== undefined) end = packSlots(counts, scratch.packed, end);
    offsets[row + 1] = end;
  }
  return [scratch.packed.slice(0, end), offsets];
}
