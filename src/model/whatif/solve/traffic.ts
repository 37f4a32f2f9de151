import { firstAttemptOf } from "../trace-program.ts";
import type { Played } from "./play.ts";
import type { Prepared } from "./prepared.ts";

/** What exemplars made of the requests that enter: each trace stands for so many requests a second. */
export interface Traffic {
  /** By station: requests a second that the exemplars account for, and how long a request stays in the mean. */
  readonly visits: Float64Array;
  readonly holdMs: Float64Array;
  /** By link: attempts a second, how long one takes in the mean, and how much of that it waited for a connection. */
  readonly attempts: Float64Array;
  readonly attemptMs: Float64Array;
  readonly poolMs: Float64Array;
  /** By node: requests a second like it. */
  readonly weight: Float64Array;
}

/**
 * Follows the requests from where they enter through all that is called. `perTrace`: requests a second by trace; `served`:
 * by station, the share of its requests that it gets to work on while they are wanted; `tries`: by link, how often each
 * attempt is made over.
 */
export function trafficOf(
  of: Prepared,
  played: Played,
  {
    perTrace,
    served,
    tries,
  }: {
    readonly perTrace: Float64Array;
    readonly served?: Float64Array;
    readonly tries?: Float64Array;
  },
): Traffic {
  const { program } = of.problem;
  const flow = new Flow(of, played);
  program.roots.forEach((root, trace) => {
    flow.weight[root] = perTrace[trace] ?? 0;
  });
  // One more attempt than was seen is one more of the attempt that it was taken from.
  played.borrowed.forEach((count, attempt) => {
    if (count > 0) flow.call(attempt, count * (perTrace[of.attemptTrace[attempt] ?? -1] ?? 0));
  });
  for (let node = 0; node < flow.weight.length; node += 1) {
    const times = flow.serve(node);
    if (times <= 0) continue;
    const calls = times * (served?.[program.station[node] ?? -1] ?? 1);
    const to = firstAttemptOf(program, node + 1);
    for (let attempt = firstAttemptOf(program, node); attempt < to; attempt += 1) {
      if (played.made[attempt] !== 1) continue;
      flow.call(attempt, calls * (tries?.[of.attemptLink[attempt] ?? -1] ?? 1));
    }
  }
  return flow.traffic();
}

const plus = (sums: Float64Array, at: number, value: number): void => {
  sums[at] = (sums[at] ?? 0) + value;
};

/** Sums under way. */
class Flow {
  readonly #of: Prepared;
  readonly #played: Played;
  readonly weight: Float64Array;
  readonly #visits: Float64Array;
  readonly #heldMs: Float64Array;
  readonly #attempts: Float64Array;
  readonly #attemptMs: Float64Array;
  readonly #poolMs: Float64Array;

  constructor(of: Prepared, played: Played) {
    const { program, stations, links } = of.problem;
    this.#of = of;
    this.#played = played;
    this.weight = new Float64Array(program.station.length);
    this.#visits = new Float64Array(stations.length);
    this.#heldMs = new Float64Array(stations.length);
    this.#attempts = new Float64Array(links.length);
    this.#attemptMs = new Float64Array(links.length);
    this.#poolMs = new Float64Array(links.length);
  }

  /** Counts a node's requests a second at its station, and returns them. */
  serve(node: number): number {
    const times = this.weight[node] ?? 0;
    const station = this.#of.problem.program.station[node] ?? 0;
    plus(this.#visits, station, times);
    plus(this.#heldMs, station, times * (this.#played.durationMs[node] ?? 0));
    return times;
  }

  /** Counts an attempt so many times a second. */
  call(attempt: number, times: number): void {
    const link = this.#of.attemptLink[attempt] ?? -1;
    const child = this.#of.problem.program.child[attempt] ?? -1;
    const ms = this.#played.attemptMs[attempt] ?? 0;
    if (link >= 0) {
      plus(this.#attempts, link, times);
      plus(this.#attemptMs, link, times * ms);
      plus(this.#poolMs, link, times * (this.#played.poolMs[attempt] ?? 0));
    }
    if (child >= 0) {
      plus(this.weight, child, times);
      return;
    }
    const to = this.#of.attemptTo[attempt] ?? -1;
    if (to < 0) return;
    plus(this.#visits, to, times);
    plus(this.#heldMs, to, times * ms);
  }

  traffic(): Traffic {
    const mean = (sums: Float64Array, counts: Float64Array): Float64Array =>
      sums.map((ms, at) => ((counts[at] ?? 0) > 0 ? ms / (counts[at] ?? 1) : 0));
    return {
      visits: this.#visits,
      holdMs: mean(this.#heldMs, this.#visits),
      attempts: this.#attempts,
      attemptMs: mean(this.#attemptMs, this.#attempts),
      poolMs: mean(this.#poolMs, this.#attempts),
      weight: this.weight,
    };
  }
}
