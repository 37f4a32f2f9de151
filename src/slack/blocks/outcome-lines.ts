import type { Outcome } from "../../incident/events.ts";
import type { Unit } from "../../model/quantity.ts";
import { statisticName, statisticRank } from "./prediction-card.ts";
import { code, operationName, quantity, safe } from "./text.ts";

export const OUTCOME_HEADS: Readonly<Record<Outcome["verdict"], string>> = {
  inside: "✅ Verified",
  recovered: "✅ Recovered",
  outside: "⚠️ Not as predicted",
  "not-recovered": "⚠️ Not recovered",
  void: "Prediction void",
};

const OUTCOME_LINES: Readonly<Record<Outcome["verdict"], string>> = {
  inside: "*The prediction held.*",
  recovered: "*The objective is met again.* No number had been predicted.",
  outside: "*It did not do what I predicted.* I was wrong about this one.",
  "not-recovered": "*The objective is not met.* It did not help, or not enough.",
  void: "*The prediction cannot be judged.*",
};

/** Indicators on the card. What lies outside its interval comes first; the rest are counted. */
const ROWS_MAX = 4;

const UNITS: readonly Unit[] = ["ms", "s", "ratio", "per_second", "count", "factor"];

type Observed = Outcome["observed"][number];

export const outcomeHead = ({ verdict }: Outcome): string => OUTCOME_LINES[verdict];

/** Observed against predicted; short enough for one line of a thread. */
function observedText({ operation, statistic, unit, predicted, value, inside }: Observed): string {
  const known = UNITS.find((each) => each === unit) ?? "none";
  const name = `${code(operationName(operation))} ${statisticName(statistic)}`;
  const expected =
    predicted === undefined
      ? ""
      : ` (predicted ${quantity(predicted.low, known)} to ${quantity(predicted.high, known)})`;
  const sign = inside === false ? "⚠️ *outside*: " : "";
  return `${sign}${name} *${quantity(value, known)}*${expected}`;
}

/** What a person asks first, of every operation before the second of any; what lies outside before all. */
const byWeight = (a: Observed, b: Observed): number =>
  Number(a.inside ?? true) - Number(b.inside ?? true) ||
  statisticRank(a.statistic) - statisticRank(b.statistic);

/** The note of a verdict tells already that all lie inside. */
function restText(rest: readonly Observed[], note: string): string {
  if (rest.length === 0) return "";
  const outside = rest.filter(({ inside }) => inside === false).length;
  if (outside === 0 && note !== "") return "";
  const verdict = outside === 0 ? "inside their intervals" : `${outside} of them outside`;
  return `_and ${rest.length} more, ${verdict}_`;
}

/** One line an indicator. */
export function outcomeLines(outcome: Outcome): readonly string[] {
  const { note } = outcome;
  const observed = outcome.observed.toSorted(byWeight);
  const shown = observed.length === ROWS_MAX + 1 ? ROWS_MAX + 1 : ROWS_MAX;
  return [
    outcomeHead(outcome),
    ...observed.slice(0, shown).map((one) => `• ${observedText(one)}`),
    restText(observed.slice(shown), note),
    note === "" ? "" : `_${safe(note)}_`,
  ];
}

/** The indicator that counts most: all are on the card. */
export function outcomeFigure({ observed }: Outcome): string {
  const [first] = observed.toSorted(byWeight);
  return first === undefined ? "" : observedText(first);
}
