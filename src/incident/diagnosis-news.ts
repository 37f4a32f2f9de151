import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { Change } from "../model/view.ts";

/** A cause whose probability moves by this much is news. */
const PROBABILITY_MOVED = 0.25;

/** The first cause, as far as news of it is concerned; the root is "" when none of the causes leads. */
export interface Top {
  readonly root: string;
  readonly title?: string | undefined;
  /** What the change that it is put down to brought: `1.5.0`, `pg_pool_max 1`. */
  readonly change?: string | undefined;
  readonly probability: number;
}

export function topOf(diagnosis: Diagnosis): Top {
  const [first] = diagnosis.hypotheses;
  return first === undefined || first.probability < diagnosis.noneProbability
    ? { root: "", probability: diagnosis.noneProbability }
    : {
        root: first.root,
        title: first.title,
        change: broughtBy(first.changes[0]),
        probability: first.probability,
      };
}

/** Whether the diagnosis has changed so much that people should hear of it. */
export function isNews(before: Top | undefined, after: Top): boolean {
  if (before === undefined) return true;
  return (
    isElse(before, after) || Math.abs(before.probability - after.probability) >= PROBABILITY_MOVED
  );
}

/** A cause this likely is believed. */
export const CONFIDENT_PROBABILITY = 0.6;
/** A rival this likely is considered: a replica and its service are one trouble by two names. */
const CONSIDERED_PROBABILITY = 0.05;

export function considers({ hypotheses }: Diagnosis, root: string): boolean {
  return hypotheses.some((one) => one.root === root && one.probability >= CONSIDERED_PROBABILITY);
}

/**
 * Whether to look again: a cause is believed now that is not the one before, and either nothing has been proposed (`isIdle`)
 * or the one before is not even considered any more.
 */
export function isOtherCause(before: Top, diagnosis: Diagnosis, isIdle: boolean): boolean {
  const after = topOf(diagnosis);
  if (after.root === "" || after.probability < CONFIDENT_PROBABILITY) return false;
  if (after.root === before.root) return isElse(before, after);
  return isIdle || (before.root !== "" && !considers(diagnosis, before.root));
}

/** The same change may be reported, and then be seen in the telemetry: only what it brought tells it from others. */
function broughtBy(change: Change | undefined): string | undefined {
  if (change === undefined) return undefined;
  const { version, setting, value, flag, variant } = change.attributes;
  const parts = [version, setting, value, flag, variant].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" ");
}

/** Another place, or another change of the same place; what is told in the same words is no news to anybody. */
export function isElse(before: Top, after: Top): boolean {
  if (before.root !== after.root) return true;
  if (before.title === after.title) return false;
  return (
    before.change !== undefined && after.change !== undefined && before.change !== after.change
  );
}
