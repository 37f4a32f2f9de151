import { type CellColumns, NO_ROWS, type Observation, RARE, RARE_FIELDS } from "./cell-columns.ts";
import { SlotLog } from "./slot-log.ts";

/** The numbers added up for one row, in this order. */
const FIELD = {
  count: 0,
  durationSum: 1,
  innerSum: 2,
  errors: 3,
  originErrors: 4,
  retries: 5,
  innerCount: 6,
  /** Observations that it was told. */
  told: 7,
  innerTold: 8,
} as const;
const FIELDS = 9;

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
    return row;
  }

  add(cell: number, seen: Observation): void {
    const row = this.#row(cell);
    const at = row * FIELDS;
    const { weight, durationMs, innerMs } = seen;
    this.#bump(at + FIELD.count, weight);
    this.#bump(at + FIELD.told, 1);
    if (seen.error) this.#bump(at + FIELD.errors, weight);
    if (seen.originError) this.#bump(at + FIELD.originErrors, weight);
    if (seen.retry) this.#bump(at + FIELD.retries, weight);
    this.#bump(at + FIELD.durationSum, durationMs * weight);
    this.#duration.add(row, durationMs, weight);
    if (Number.isNaN(innerMs)) return;
    this.#bump(at + FIELD.innerSum, innerMs * weight);
    this.#bump(at + FIELD.innerCount, weight);
    this.#bump(at + FIELD.innerTold, 1);
    this.#inner.add(row, innerMs, weight);
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
    const order = Uint32Array.from(this.#cells, (_, row) => row).sort(
      (a, b) => (this.#cells[a] ?? 0) - (this.#cells[b] ?? 0),
    );
    const column = (field: number): Float32Array =>
      Float32Array.from(order, (row) => this.#data[row * FIELDS + field] ?? 0);
    const columns = {
      cells: Int32Array.from(order, (row) => this.#cells[row] ?? 0),
      count: column(FIELD.count),
      durationSum: column(FIELD.durationSum),
      innerSum: column(FIELD.innerSum),
      ...this.#sketches(order),
      ...this.#rare(order),
    };
    this.clear();
    return columns;
  }

  /** Entries in the order of rows; a single observation needs none, its sum says where it lies. */
  #sketches(order: Uint32Array): Pick<CellColumns, "offsets" | "splits" | "entries"> {
    const duration = this.#duration.take(order.length);
    const inner = this.#inner.take(order.length);
    const entries = new Uint16Array(duration.entries.length + inner.entries.length);
    const offsets = new Uint32Array(order.length + 1);
    const splits = new Uint16Array(order.length);
    let end = 0;
    order.forEach((row, at) => {
      const from = end;
      for (const [log, told] of [
        [duration, FIELD.told],
        [inner, FIELD.innerTold],
      ] as const) {
        if (this.#data[row * FIELDS + told] !== 1) {
          const part = log.entries.subarray(log.offsets[row], log.offsets[row + 1]);
          entries.set(part, end);
          end += part.length;
        }
        if (log === duration) splits[at] = end - from;
      }
      offsets[at + 1] = end;
    });
    return { offsets, splits, entries: entries.slice(0, end) };
  }

  #rare(order: Uint32Array): Pick<CellColumns, "rareRows" | "rare"> {
    const rows: number[] = [];
    const rare: number[] = [];
    order.forEach((row, at) => {
      const of = (field: number): number => this.#data[row * FIELDS + field] ?? 0;
      const isCommon =
        of(FIELD.errors) === 0 &&
        of(FIELD.retries) === 0 &&
        of(FIELD.originErrors) === 0 &&
        of(FIELD.innerCount) === of(FIELD.count);
      if (isCommon) return;
      const from = rows.length * RARE_FIELDS;
      rows.push(at);
      rare[from + RARE.errors] = of(FIELD.errors);
      rare[from + RARE.originErrors] = of(FIELD.originErrors);
      rare[from + RARE.retries] = of(FIELD.retries);
      rare[from + RARE.innerCount] = of(FIELD.innerCount);
    });
    return { rareRows: Uint32Array.from(rows), rare: Float32Array.from(rare) };
  }
}
