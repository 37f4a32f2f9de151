import type { Sketch } from "./sketch.ts";

/** Bisections of a merged quantile end when it is known to this part of itself: far below a sketch's own error. */
const NEAR_ENOUGH = 1e-4;
const BISECTIONS = 48;

/** A quantile of several distributions together; NaN when all are empty. */
export function mergedQuantile(sketches: readonly Sketch[], q: number): number {
  const filled = sketches.filter((sketch) => sketch.count > 0);
  const [first, second] = filled;
  if (first === undefined) return Number.NaN;
  if (second === undefined) return first.quantile(q);
  const total = filled.reduce((sum, sketch) => sum + sketch.count, 0);
  let low = Math.min(...filled.map((sketch) => sketch.min));
  let high = Math.max(...filled.map((sketch) => sketch.max));
  for (let step = 0; step < BISECTIONS && high - low > NEAR_ENOUGH * high; step += 1) {
    const middle = (low + high) / 2;
    const below = filled.reduce((sum, sketch) => sum + sketch.rank(middle) * sketch.count, 0);
    if (below / total < q) low = middle;
    else high = middle;
  }
  return high;
}
