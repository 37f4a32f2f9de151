/**
 * What the rows of columns stand for, by a small number. A number whose cell has shown nothing for longer than anything
 * is kept may be given to another, so that years of deploys need no more room than one day.
 */
export class CellTable<Cell> {
  readonly #max: number;
  readonly #cells: (Cell | undefined)[] = [];
  readonly #free: number[] = [];
  /** Observations whose cell had no room. */
  refused = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#cells.length - this.#free.length;
  }

  /** The number of a new cell; -1 when there is no room. */
  add(cell: Cell): number {
    const reused = this.#free.pop();
    if (reused !== undefined) {
      this.#cells[reused] = cell;
      return reused;
    }
    if (this.#cells.length >= this.#max) return -1;
    this.#cells.push(cell);
    return this.#cells.length - 1;
  }

  get(index: number): Cell | undefined {
    return this.#cells[index];
  }

  /** Contract: nothing that is kept has a row of it any more. */
  release(index: number): void {
    if (index >= 0) this.#free.push(index);
  }
}
