/**
 * A queue of items by a number, smallest first; equal ones in the order in which they came. A binary heap over plain
 * columns: nothing is allocated for an item.
 */
export class TimeHeap<T> {
  #times = new Float64Array(64);
  #turns = new Float64Array(64);
  readonly #items: T[] = [];
  #turn = 0;

  get size(): number {
    return this.#items.length;
  }

  /** The smallest number; Infinity when empty. */
  get first(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] ?? 0);
  }

  push(time: number, item: T): void {
    let at = this.#items.length;
    if (at === this.#times.length) this.#grow();
    this.#items.push(item);
    this.#turn += 1;
    const turn = this.#turn;
    const times = this.#times;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] ?? 0) <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, time, turn, item);
  }

  /** Takes the first item; undefined when empty. */
  pop(): T | undefined {
    const items = this.#items;
    const [top] = items;
    const last = items.pop();
    const size = items.length;
    if (last === undefined || size === 0) return top;
    const time = this.#times[size] ?? 0;
    const turn = this.#turns[size] ?? 0;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#isBefore(child + 1, child)) child += 1;
      const childTime = this.#times[child] ?? 0;
      if (time < childTime || (time === childTime && turn < (this.#turns[child] ?? 0))) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, time, turn, last);
    return top;
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = this.#times[a] ?? 0;
    const timeB = this.#times[b] ?? 0;
    return timeA < timeB || (timeA === timeB && (this.#turns[a] ?? 0) < (this.#turns[b] ?? 0));
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] ?? 0;
    this.#turns[to] = this.#turns[from] ?? 0;
    this.#items[to] = this.#items[from] as T;
  }

  #set(at: number, time: number, turn: number, item: T): void {
    this.#times[at] = time;
    this.#turns[at] = turn;
    this.#items[at] = item;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    const turns = new Float64Array(2 * this.#turns.length);
    times.set(this.#times);
    turns.set(this.#turns);
    this.#times = times;
    this.#turns = turns;
  }
}
