/** Things told once and pointed at by number from then on. */
export class Dictionary<Key> {
  readonly #numbers = new Map<Key, number>();

  /** The number of a thing; `tell` is called when it is new. */
  number(key: Key, tell: () => void): number {
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    // What it is told with may be new as well: that gets its number first.
    tell();
    const number = this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }

  clear(): void {
    this.#numbers.clear();
  }
}
