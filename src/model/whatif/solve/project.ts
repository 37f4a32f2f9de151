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

/** Exemplars of a place below which its tail is one or two requests, and chance. */
const TAIL_MIN = 20;

/**
 * What was seen, moved as the exemplars move when they are played: their own chance, the same in both plays, is
 * cancelled. `asSeen`: the exemplars as they were; `after`: played. Of few exemplars all times move as the middle one does,
 * and a higher quantile is never below a lower one.
 */
export function project(
  seen: Figures,
  { asSeen, after }: { readonly asSeen: PlaceFigures; readonly after: PlaceFigures },
): Figures {
  const isFew = Math.min(asSeen.nodes, after.nodes) < TAIL_MIN;
  const times = (stat: "mean" | "p50" | "p95" | "p99"): number => {
    const by = isFew ? "p50" : stat;
    return seen[stat] * (asSeen[by] > 0 ? after[by] / asSeen[by] : 1);
  };
  const p50 = times("p50");
  const p95 = Math.max(p50, times("p95"));
  return {
    mean: times("mean"),
    p50,
    p95,
    p99: Math.max(p95, times("p99")),
    error_ratio: moved(seen.error_ratio, asSeen.errorRatio, after.errorRatio),
    bad_ratio: moved(seen.bad_ratio, asSeen.badRatio, after.badRatio),
  };
}

/** A share falls in proportion, and rises by what is added. */
function moved(seen: number, before: number, after: number): number {
  if (after <= before) return before > 0 ? seen * (after / before) : seen;
  return Math.min(1, seen + (after - before));
}
