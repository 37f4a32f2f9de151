import { erlangC } from "../../dynamics/erlang.ts";

/** Above this share of its places a queue's wait is not what a steady state would have. */
const BUSY_MAX = 0.985;

/** A wait that some meet: with this probability, and then so long in the mean. */
export interface Wait {
  readonly probability: number;
  readonly meanMs: number;
  /** Share of the places in use; above 1 the queue grows. */
  readonly busy: number;
}

export const NO_WAIT: Wait = { probability: 0, meanMs: 0, busy: 0 };

export interface WaitInput {
  readonly places: number;
  /** Asking a second. */
  readonly rate: number;
  readonly holdMs: number;
  /** Wait over what it is with arrivals at random and holds as various as their mean. */
  readonly unevenness: number;
}

/** The wait for one of some places, each held for a while. */
export function waitFor({ places, rate, holdMs, unevenness }: WaitInput): Wait {
  const offered = (rate * holdMs) / 1000;
  const busy = offered / places;
  const used = Math.min(offered, places * BUSY_MAX);
  const probability = erlangC(places, used);
  return {
    probability,
    meanMs: probability > 0 ? (unevenness * holdMs) / (places - used) : 0,
    busy,
  };
}

/** The wait that a draw `u` in [0, 1) meets: none for most, exponential for the others. */
export function waitAt({ probability, meanMs }: Wait, u: number): number {
  const from = 1 - probability;
  return u <= from || probability <= 0 ? 0 : -meanMs * Math.log((1 - u) / probability);
}
