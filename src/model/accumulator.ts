import { packEntry, sketchSlot } from "./exponential-sketch.ts";
import { type CellColumns, FIELD, FIELDS, NO_ROWS, type Observation } from "./frame.ts";

/** A sketch slot needs ten bits: the row stands above them. */
const SLOT_BITS = 10;

/** Observations as row and slot, in the order in which they came; sorted and counted when the bucket closes. */
class SlotLog {
  #keys = new Uint32Array(1024);
  #length = 0;

  add(row: number, value: number): void {
    if (this.#length === this.#keys.length) {
      const larger = new Uint32Array(this.#length * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    this.#keys[this.#length] = row * 2 ** SLOT_BITS + sketchSlot(value);
    this.#length += 1;
  }

  clear(): void {
    this.#length = 0;
  }

  /** Entries by row and slot, and where each row's begin. Empties the log. */
  take(rows: number): [packed: Uint32Array, offsets: Uint32Array] {
    const keys = this.#keys.subarray(0, this.#length).sort();
    const packed = new Uint32Array(this.#length);
    const offsets = new Uint32Array(rows + 1);
    let end = 0;
    for (let at = 0; at < keys.length; ) {
      const key = keys[at] ?? 0;
      let next = at + 1;
      while (next < keys.length && keys[next] === key) next += 1;
      packed[end] = packEntry(key & (2 ** SLOT_BITS - 1), next - at);
      end += 1;
      offsets[(key >>> SLOT_BITS) + 1] = end;
      at = next;
    }
    for (let row = 1; row <= rows; row += 1) {
      if (offsets[row] === 0) offsets[row] = offsets[row - 1] ?? 0;
    }
    this.clear();
    return [packed.slice(0, end), offsets];
  }
}

/** Adds up the observations of one bucket, cell by cell; reused from bucket to bucket. */
export class Accumulator {
  #rowOf = new Int32Array(256);
  #cells: number[] = [];
  #data = new Float64Array(64 * FIELDS);
  readonly #duration = new SlotLog();
  readonly #inner = new SlotLog();

  #row(cell: number): number {
    if (cell >= this.#rowOf.length) {
      const larger = new Int32Array(Math.max(cell + 1, this.#rowOf.length * 2));
      larger.set(this.#rowOf);
      this.#rowOf = larger;
    }
    const known = (this.#rowOf[cell] ?? 0) - 1;
    if (known >= 0) return known;
    const row = this.#cells.length;
    this.#rowOf[cell] = row + 1;
    this.#cells.push(cell);
    const from = row * FIELDS;
    if (from + FIELDS > this.#data.length) {
      const larger = new Float64Array(this.#data.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data.fill(0, from, from + FIELDS);
    this.#data.fill(Number.NaN, from + FIELD.durationMin, from + FIELDS);
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
    this.#duration.add(row, seen.durationMs);
    if (Number.isNaN(seen.innerMs)) return;
    this.#bump(at + FIELD.innerSum, seen.innerMs);
    this.#bump(at + FIELD.innerCount, 1);
    lower(data, at + FIELD.innerMin, seen.innerMs);
    raise(data, at + FIELD.innerMax, seen.innerMs);
    this.#inner.add(row, seen.innerMs);
  }

  #bump(at: number, by: number): void {
    this.#data[at] = (this.#data[at] ?? 0) + by;
  }

  clear(): void {
    for (const cell of this.#cells) this.#rowOf[cell] = 0;
    this.#cells = [];
    this.#duration.clear();
    this.#inner.clear();
  }

  /** The bucket's columns; empties the accumulator. */
  take(): CellColumns {
    const rows = this.#cells.length;
    if (rows === 0) return NO_ROWS;
    const cells = Int32Array.from(this.#cells);
    const data = Float32Array.from(this.#data.subarray(0, rows * FIELDS));
    const [duration, durationOffsets] = this.#duration.take(rows);
    const [inner, innerOffsets] = this.#inner.take(rows);
    this.clear();
    return { cells, data, duration, durationOffsets, inner, innerOffsets };
  }
}

function lower(data: Float64Array, at: number, value: number): void {
  if (!((data[at] ?? Number.NaN) <= value)) data[at] = value;
}

function raise(data: Float64Array, at: number, value: number): void {
  if (!((data[at] ?? Number.NaN) >= value)) data[at] = value;
}
