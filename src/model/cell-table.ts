/** The key of what a cell stands for, from its parts. Contract: no part holds a line break. */
export const cellKey = (...parts: readonly (string | number | undefined)[]): string =>
  parts.map((part) => part ?? "").join("\n");

/**
 * What the rows of columns stand for, by a small number. Whoever counts in a cell holds it; a number that nobody holds,
 * and whose cell has shown nothing for longer than anything is kept, may be given to another, so that years of deploys
 * need no more room than one day.
 */
export class CellTable<Cell> {
  readonly #max: number;
  readonly #ownersOf: (cell: Cell) => readonly string[];
  readonly #byOwner = new Map<string, Set<number>>();
  readonly #cells: (Cell | undefined)[] = [];
  readonly #keys: string[] = [];
  readonly #holders: number[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #free: number[] = [];
  /** Cells of an earlier life that nobody has counted in since. */
  readonly #restored = new Set<number>();
  /** Observations whose cell had no room. */
  refused = 0;

  /** `ownersOf`: by what cells are found again, besides their number. */
  constructor(max: number, ownersOf: (cell: Cell) => readonly string[] = () => []) {
    this.#max = max;
    this.#ownersOf = ownersOf;
  }

  /** The cells of an owner. */
  of(owner: string): Iterable<number> {
    return this.#byOwner.get(owner) ?? [];
  }

  get size(): number {
    return this.#cells.length - this.#free.length;
  }

  /** The number of the cell of that key, made when there is none; -1 when there is no room. */
  hold(key: string, make: () => Cell): number {
    const index = this.#byKey.get(key) ?? this.#add(key, make);
    if (index < 0) return -1;
    this.#holders[index] = (this.#holders[index] ?? 0) + 1;
    this.#restored.delete(index);
    return index;
  }

  /** As `hold`, for who gives up cells by age: `drop`. */
  find(key: string, make: () => Cell): number {
    return this.#byKey.get(key) ?? this.#add(key, make);
  }

  /** Contract: as of `release`. */
  drop(index: number): void {
    if (!this.#byKey.has(this.#keys[index] ?? "")) return;
    this.#holders[index] = 1;
    this.release(index);
  }

  /** Numbers in use. */
  *numbers(): Generator<number> {
    yield* this.#byKey.values();
  }

  #add(key: string, make: () => Cell): number {
    const index = this.#free.pop() ?? this.#cells.length;
    if (index >= this.#max) return -1;
    const cell = make();
    this.#cells[index] = cell;
    this.#keys[index] = key;
    for (const owner of this.#ownersOf(cell)) {
      const owned = this.#byOwner.get(owner);
      if (owned === undefined) this.#byOwner.set(owner, new Set([index]));
      else owned.add(index);
    }
    this.#holders[index] = 0;
    this.#byKey.set(key, index);
    return index;
  }

  /** A cell as an earlier life had it; -1 when there is no room. */
  restore(key: string, make: () => Cell): number {
    const index = this.#byKey.get(key) ?? this.#add(key, make);
    if (index >= 0 && (this.#holders[index] ?? 0) === 0) this.#restored.add(index);
    return index;
  }

  get(index: number): Cell | undefined {
    return this.#cells[index];
  }

  /** Contract: nothing that is kept has a row of it any more. */
  release(index: number): void {
    if (index < 0) return;
    this.#holders[index] = (this.#holders[index] ?? 1) - 1;
    if ((this.#holders[index] ?? 0) > 0) return;
    this.#byKey.delete(this.#keys[index] ?? "");
    this.#disown(index);
    this.#free.push(index);
  }

  #disown(index: number): void {
    const cell = this.#cells[index];
    if (cell === undefined) return;
    for (const owner of this.#ownersOf(cell)) {
      const owned = this.#byOwner.get(owner);
      owned?.delete(index);
      if (owned?.size === 0) this.#byOwner.delete(owner);
    }
  }

  /** Gives back the cells of an earlier life that nobody holds. Contract: as of `release`. */
  releaseRestored(): void {
    for (const index of this.#restored) {
      this.#holders[index] = 1;
      this.release(index);
    }
    this.#restored.clear();
  }
}
