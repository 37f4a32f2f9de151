/** Limit: places told apart; links beyond it count as their caller's own time. */
export const PLACES_MAX = 200_000;

/** Where time is spent or failures begin: an entity (a service) or a link of two, by one small number. */
export class PlaceTable {
  readonly #callers: number[] = [];
  readonly #callees: number[] = [];
  readonly #byPair = new Map<number, number>();
  /** Look-ups of links that had no room. */
  overflowed = 0;

  get size(): number {
    return this.#callers.length;
  }

  /** The place of a link; without `callee`, of the entity itself. */
  place(caller: number, callee = -1): number {
    // Entities are below `INDICES_MAX`, 2^20, so that a pair is an exact number.
    const key = caller * 2 ** 20 + callee + 1;
    const known = this.#byPair.get(key);
    if (known !== undefined) return known;
    if (callee >= 0 && this.size >= PLACES_MAX) {
      this.overflowed += 1;
      return this.place(caller);
    }
    const place = this.#callers.length;
    this.#callers.push(caller);
    this.#callees.push(callee);
    this.#byPair.set(key, place);
    return place;
  }

  caller(place: number): number {
    return this.#callers[place] ?? -1;
  }

  /** -1 when the place is an entity. */
  callee(place: number): number {
    return this.#callees[place] ?? -1;
  }
}
