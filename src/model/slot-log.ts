import { putEntry } from "./cell-columns.ts";
import { SLOT_BITS, sketchSlot } from "./exponential-sketch.ts";

const START_LENGTH = 1024;

/** Observations as row and slot, in the order in which they came; sorted and counted when the bucket closes. */
export class SlotLog {
  #keys = new Uint32Array(START_LENGTH);
  #length = 0;
  /** Observations that stand for several, by row and slot. */
  readonly #weighted = new Map<number, number>();

  add(row: number, value: number, weight: number): void {
    const key = row * 2 ** SLOT_BITS + sketchSlot(value);
    if (weight !== 1) {
      this.#weighted.set(key, (this.#weighted.get(key) ?? 0) + weight);
      return;
    }
    this.#push(key);
  }

  clear(): void {
    this.#length = 0;
    this.#weighted.clear();
  }

  /** Entries by row and slot, and where each row's begin. Empties the log. */
  take(rows: number): { readonly entries: Uint16Array; readonly offsets: Uint32Array } {
    // What stands for several is logged once here, so that it has its place among the others.
    for (const key of this.#weighted.keys()) this.#push(key);
    const keys = this.#keys.subarray(0, this.#length).sort();
    const entries = new Uint16Array(3 * this.#length);
    const offsets = new Uint32Array(rows + 1);
    let end = 0;
    for (let at = 0; at < keys.length; ) {
      const key = keys[at] ?? 0;
      let next = at + 1;
      while (next < keys.length && keys[next] === key) next += 1;
      const weight = this.#weighted.get(key);
      const count =
        weight === undefined ? next - at : next - at - 1 + Math.max(1, Math.round(weight));
      end = putEntry(entries, end, { slot: key & (2 ** SLOT_BITS - 1), count });
      offsets[(key >>> SLOT_BITS) + 1] = end;
      at = next;
    }
    for (let row = 1; row <= rows; row += 1) {
      if (offsets[row] === 0) offsets[row] = offsets[row - 1] ?? 0;
    }
    this.clear();
    return { entries: entries.subarray(0, end), offsets };
  }

  #push(key: number): void {
    if (this.#length === this.#keys.length) {
      const larger = new Uint32Array(this.#length * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    this.#keys[this.#length] = key;
    this.#length += 1;
  }
}
