/** What changed since it was asked for last, each once. */
export class Changed<Key> {
  #keys = new Set<Key>();

  add(key: Key): void {
    this.#keys.add(key);
  }

  delete(key: Key): void {
    this.#keys.delete(key);
  }

  take(): ReadonlySet<Key> {
    const taken = this.#keys;
    if (taken.size > 0) this.#keys = new Set();
    return taken;
  }
}
