import type { EntityId } from "../entity.ts";
import type { SliHistory } from "./sli-history.ts";
import type { BurnRate, BurnRateRule, SliWindow, SloDefinition, SloStatus } from "./slo.ts";

/** An objective of 100 % has no budget at all: any failure is read as this small a budget being spent. */
const BUDGET_MIN = 1e-9;

/**
 * How many times faster than allowed the error budget of a window is spent (SRE workbook, chapter 5). The part of the
 * window before the first sample counts as good.
 */
export function burnRate(sli: SliWindow, objective: number): number {
  const all = sli.good + sli.bad;
  if (all === 0) return 0;
  return ((sli.bad / all) * sli.covered) / Math.max(BUDGET_MIN, 1 - objective);
}

function ruleStatus(
  rule: BurnRateRule,
  objective: number,
  windowOf: (lengthMs: number) => SliWindow,
): BurnRate {
  const long = burnRate(windowOf(rule.longMs), objective);
  const short = burnRate(windowOf(rule.shortMs), objective);
  // 1 - 0.999 is a little more than 0.001: a rate that just reaches the rule's must not miss it by that.
  const least = rule.burnRate * (1 - 1e-9);
  return { rule, long, short, firing: long >= least && short >= least };
}

/** Where an objective stands at the end of `toSecond`. */
export function sloStatusAt(
  slo: SloDefinition,
  history: SliHistory,
  at: {
    readonly asOfMs: number;
    /** Seconds before this one are read. */
    readonly closedSecond: number;
    readonly operation?: EntityId;
  },
): SloStatus {
  const toSecond = Math.min(Math.floor(at.asOfMs / 1000), at.closedSecond);
  const windowOf = (lengthMs: number): SliWindow =>
    history.window(toSecond - Math.ceil(lengthMs / 1000), toSecond);
  const burnRates = slo.rules.map((rule) => ruleStatus(rule, slo.objective, windowOf));
  const shortest = slo.rules.map((rule) => rule.longMs).sort((a, b) => a - b)[0] ?? 60_000;
  const firing = burnRates.find((burn) => burn.firing);
  const lastSampleMs = history.lastSampleMs(toSecond);
  return {
    slo,
    ...(at.operation === undefined ? {} : { operation: at.operation }),
    sli: windowOf(firing?.rule.longMs ?? shortest),
    burnRates,
    state: stateOf({
      slo,
      knownToMs: toSecond * 1000,
      lastSampleMs,
      isFiring: firing !== undefined,
    }),
    ...(lastSampleMs === undefined ? {} : { lastSampleMs }),
  };
}

/** Silence is judged by what is known: of the seconds that are not closed yet nobody can say that they were silent. */
function stateOf(of: {
  readonly slo: SloDefinition;
  readonly knownToMs: number;
  readonly lastSampleMs: number | undefined;
  readonly isFiring: boolean;
}): SloStatus["state"] {
  if (of.lastSampleMs === undefined) return "no-data";
  if (of.knownToMs - of.lastSampleMs >= of.slo.absentAfterMs) return "absent";
  return of.isFiring ? "burning" : "ok";
}
