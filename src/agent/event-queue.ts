/** Hands events from a running turn to its one reader, in order. Bounded by what a turn can say. */
export class EventQueue<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => undefined;
  #isEnded = false;

  push(item: T): void {
    if (this.#isEnded) return;
    this.#items.push(item);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (;;) {
      while (this.#items.length > 0) {
        const item = this.#items.shift();
        if (item !== undefined) yield item;
      }
      if (this.#isEnded) return;
      // biome-ignore lint/performance/noAwaitInLoops: waits for the next event
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
