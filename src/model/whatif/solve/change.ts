import type { Problem } from "../problem.ts";

/** What is different from now. Arrays are by the problem's entries, stations and links; NaN: as it is. */
export interface Change {
  /** Factors on the requests that enter. */
  readonly load: Float64Array;
  /** Hosts of the replicas, where they change. */
  readonly replicas: ReadonlyMap<number, readonly number[]>;
  /** Factors on the work of a request. */
  readonly demand: Float64Array;
  readonly timeoutMs: Float64Array;
  readonly attempts: Float64Array;
  readonly pool: Float64Array;
  /** Which exemplars are played: those of the trouble that is, or of before. */
  readonly plays: "now" | "healthy";
  /** By station: 1 works as it does now, 0 as before the trouble, between: some of its replicas. */
  readonly kept: Float64Array;
  /** By link: factor on its own time. */
  readonly gap: Float64Array;
}

export function noChange(problem: Problem): Change {
  const unchanged = problem.links.map(() => Number.NaN);
  return {
    load: Float64Array.from(problem.entries, () => 1),
    replicas: new Map(),
    demand: Float64Array.from(problem.stations, () => 1),
    timeoutMs: Float64Array.from(unchanged),
    attempts: Float64Array.from(unchanged),
    pool: Float64Array.from(unchanged),
    plays: "now",
    kept: Float64Array.from(problem.stations, () => 1),
    gap: Float64Array.from(problem.links, () => 1),
  };
}
