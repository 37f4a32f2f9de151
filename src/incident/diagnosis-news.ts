import type { Diagnosis } from "../model/causes/diagnosis.ts";

/** A cause whose probability moves by this much is news. */
const PROBABILITY_MOVED = 0.25;

/** The first cause, as far as news of it is concerned; the root is "" when none of the causes leads. */
export interface Top {
  readonly root: string;
  readonly probability: number;
}

export function topOf(diagnosis: Diagnosis): Top {
  const [first] = diagnosis.hypotheses;
  return first === undefined || first.probability < diagnosis.noneProbability
    ? { root: "", probability: diagnosis.noneProbability }
    : { root: first.root, probability: first.probability };
}

/** Whether the diagnosis has changed so much that people should hear of it. */
export function isNews(before: Top | undefined, after: Top): boolean {
  if (before === undefined) return true;
  return (
    before.root !== after.root ||
    Math.abs(before.probability - after.probability) >= PROBABILITY_MOVED
  );
}
