import type { Observed } from "../problem.ts";
import type { PlaceFigures } from "./place-figures.ts";

/** Figures of the requests of a place, milliseconds and ratios. */
export interface Figures {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly error_ratio: number;
  /** Failed, or slower than the threshold. */
  readonly bad_ratio: number;
}

export function seenFigures({ mean, p50, p95, p99, errorRatio, slowRatio }: Observed): Figures {
  const bad = errorRatio + (1 - errorRatio) * slowRatio;
  return { mean, p50, p95, p99, error_ratio: errorRatio, bad_ratio: bad };
}

/**
 * What was seen, moved as the exemplars move when they are played: their own chance, the same in both plays, is
 * cancelled. `asSeen`: the exemplars as they were; `after`: played.
 */
export function project(
  seen: Figures,
  { asSeen, after }: { readonly asSeen: PlaceFigures; readonly after: PlaceFigures },
): Figures {
  const times = (stat: "mean" | "p50" | "p95" | "p99"): number =>
    seen[stat] * (asSeen[stat] > 0 ? after[stat] / asSeen[stat] : 1);
  return {
    mean: times("mean"),
    p50: times("p50"),
    p95: times("p95"),
    p99: times("p99"),
    error_ratio: moved(seen.error_ratio, asSeen.errorRatio, after.errorRatio),
    bad_ratio: moved(seen.bad_ratio, asSeen.badRatio, after.badRatio),
  };
}

/** A share falls in proportion, and rises by what is added. */
function moved(seen: number, before: number, after: number): number {
  if (after <= before) return before > 0 ? seen * (after / before) : seen;
  return Math.min(1, seen + (after - before));
}
