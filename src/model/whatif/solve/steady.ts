import type { Wait } from "./wait.ts";

/** A system's state once nothing moves any more; by station, by host, and by link. */
export interface Steady {
  readonly rates: Float64Array;
  /** Share of the places in use; NaN: not known. */
  readonly busy: Float64Array;
  readonly serialBusy: Float64Array;
  readonly hostBusy: Float64Array;
  readonly selfMs: Float64Array;
  /** Of own times, see `CurveTime`. */
  readonly variation: Float64Array;
  /** In front of each station, and for each link's connections. */
  readonly accept: readonly Wait[];
  readonly pool: readonly Wait[];
}

/** A time below this matters little, whatever its ratio: milliseconds. */
const OWN_FLOOR_MS = 1;
const WAIT_FLOOR_MS = 20;

/** Largest relative difference of times that matter. */
export function apart(a: Steady, b: Steady): number {
  let most = 0;
  for (let at = 0; at < a.selfMs.length; at += 1) {
    const [x, y] = [a.selfMs[at] ?? 0, b.selfMs[at] ?? 0];
    most = Math.max(most, Math.abs(x - y) / Math.max(OWN_FLOOR_MS, x, y));
    const [v, w] = [a.accept[at]?.meanMs ?? 0, b.accept[at]?.meanMs ?? 0];
    most = Math.max(most, Math.abs(v - w) / Math.max(WAIT_FLOOR_MS, v, w));
  }
  return most;
}

/** A part of the way from one state to the next, so that they do not swing. */
export function mixed(a: Steady, b: Steady, part: number): Steady {
  const mix = (x: Float64Array, y: Float64Array): Float64Array =>
    x.map((value, at) => value + part * ((y[at] ?? value) - value));
  const mixWait = (x: readonly Wait[], y: readonly Wait[]): readonly Wait[] =>
    x.map((one, at) => {
      const other = y[at] ?? one;
      return {
        probability: one.probability + part * (other.probability - one.probability),
        meanMs: one.meanMs + part * (other.meanMs - one.meanMs),
        busy: other.busy,
      };
    });
  return {
    rates: mix(a.rates, b.rates),
    busy: b.busy,
    serialBusy: b.serialBusy,
    hostBusy: b.hostBusy,
    selfMs: mix(a.selfMs, b.selfMs),
    variation: b.variation,
    accept: mixWait(a.accept, b.accept),
    pool: mixWait(a.pool, b.pool),
  };
}
