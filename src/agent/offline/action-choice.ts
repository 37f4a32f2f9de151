import type { Candidate, Plan, Ranking, Simulation } from "./tool-data.ts";

/** A plan must take away at least this share of what is wrong. */
const GAIN_MIN = 0.2;
/** A cause less likely than this, or than "none of these", is a lead to follow and nothing to act on. */
const ACT_PROBABILITY_MIN = 0.3;
/** Without a number, only an action on a likely cause is put before people. */
const UNKNOWN_EFFECT_PROBABILITY_MIN = 0.4;
/** Below this share of bad requests the time tells more. */
const BAD_RATIO_MIN = 0.02;
/** What takes a change back rests on the change; the others on where the cause stands in the topology. */
const UNDOES = new Set(["rollback", "flag", "setting"]);
const BY_PLACE: Readonly<Record<string, string>> = {
  stopped: "restart",
  instance: "restart",
  external: "limit",
  store: "limit",
};

/** Whether any candidate acts on a cause that is likely enough to act on. */
export function hasLikelyCause(ranking: Ranking): boolean {
  const floor = Math.max(ACT_PROBABILITY_MIN, ranking.noneOfThese);
  return ranking.causes.some(
    ({ cause, probability }) =>
      probability >= floor && ranking.candidates.some((one) => one.cause === cause),
  );
}

export interface Choice {
  readonly candidate: Candidate;
  /** In the order in which the plans were simulated. */
  readonly index: number;
  readonly plan: Plan;
  /** `false`: effect unknown; it rests on the change or the topology alone. */
  readonly isPredicted: boolean;
}

/** Share of the trouble that a plan takes away; 0 when its interval does not exclude "no effect". */
export function gainOf(plan: Plan, { noAction }: Simulation): number {
  if (plan.grade === "D") return 0;
  const bad = noAction.find((one) => one.statistic === "bad_ratio");
  const without =
    bad !== undefined && (bad.median ?? 0) > BAD_RATIO_MIN
      ? bad
      : noAction.find((one) => one.statistic === "p95");
  const after = plan.after.find(
    (one) => one.statistic === without?.statistic && one.operation === without.operation,
  );
  const before = without?.median ?? 0;
  if (after === undefined || before <= 0 || after.median === null || after.high === null) return 0;
  if (after.saturatesInSeconds != null || after.high >= before) return 0;
  return (before - after.median) / before;
}

/**
 * The action to propose: the largest predicted gain, weighed by the probability of the cause that it acts on; of about
 * equal ones the first. Undefined: none is worth a person's attention.
 */
export function chooseAction(ranking: Ranking, simulation: Simulation): Choice | undefined {
  const floor = Math.max(ACT_PROBABILITY_MIN, ranking.noneOfThese);
  const rated = simulation.plans.flatMap((plan, index) => {
    const candidate = ranking.candidates[index];
    if (candidate?.action == null) return [];
    const cause = ranking.causes.find((one) => one.cause === candidate.cause);
    if ((cause?.probability ?? 0) < floor) return [];
    const gain = gainOf(plan, simulation);
    return [{ candidate, index, plan, cause, gain, score: gain * (cause?.probability ?? 0) }];
  });
  const best = rated
    .filter((one) => one.gain >= GAIN_MIN)
    .reduce<(typeof rated)[number] | undefined>(
      (found, one) => (found === undefined || one.score > found.score * 1.2 ? one : found),
      undefined,
    );
  if (best !== undefined) return { ...best, isPredicted: true };
  const undoing = rated.find(
    ({ plan, candidate, cause }) =>
      plan.grade === "D" &&
      (cause?.probability ?? 0) >= UNKNOWN_EFFECT_PROBABILITY_MIN &&
      (UNDOES.has(candidate.intervention.type) ||
        BY_PLACE[cause?.type ?? ""] === candidate.intervention.type),
  );
  return undoing === undefined ? undefined : { ...undoing, isPredicted: false };
}
