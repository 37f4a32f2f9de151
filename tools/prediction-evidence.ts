import { z } from "zod";
import type { EntityId } from "../src/model/entity.ts";
import type { Quantity } from "../src/model/quantity.ts";
import { GRADE_WORDS } from "../src/model/whatif/grade-words.ts";
import type { Interval, PredictedSli, Prediction } from "../src/model/whatif/prediction.ts";
import { quantities, rounded } from "./answer.ts";
import type { EvidenceDraft } from "./define-tool.ts";
import { placeName } from "./named-entity.ts";
import { clauseText } from "./untrusted.ts";

/** Limits: operations of one prediction, and reasons of one kind. */
const OPERATIONS_MAX = 2;
const REASONS_MAX = 3;
const UTILISATION_MAX = 4;
/** A share of failures below which nothing is said of them. */
const TOLD_MIN = 0.005;

/** Statistics that answers show, under the names that citations use. */
const KEYS: Readonly<Partial<Record<PredictedSli["statistic"], string>>> = {
  p95: "p95",
  bad_ratio: "badRatio",
  error_ratio: "errorRatio",
};

const intervalSchema = z.object({
  median: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
const intervalRow = ({ median, low, high }: Interval): z.infer<typeof intervalSchema> => ({
  median: rounded(median),
  low: rounded(low),
  high: rounded(high),
});

/** Now, and what is to be expected when nothing is done. */
export const outlookSchema = intervalSchema.extend({
  operation: z.string(),
  statistic: z.string(),
  unit: z.string(),
  now: z.number().nullable(),
});
export const predictedSchema = z.object({
  /** D: no number; `missing` says why. */
  grade: z.enum(["A", "B", "C", "D"]),
  missing: z.array(z.string()),
  /** 90 % intervals; empty for grade D. */
  after: z.array(
    intervalSchema.extend({
      operation: z.string(),
      statistic: z.string(),
      saturatesInSeconds: z.number().nullable().optional(),
    }),
  ),
  busy: z.array(
    z.object({ service: z.string(), before: z.number().nullable(), after: z.number().nullable() }),
  ),
  assumes: z.array(z.string()),
  wrongIf: z.array(z.string()),
});

/** Failures that nobody has and nobody expects need no line beside the bad requests, whatever a few requests leave open. */
function isTold({ statistic, observed, noAction, after }: PredictedSli): boolean {
  if (KEYS[statistic] === undefined) return false;
  const expected = Math.max(observed, noAction.median, after.median);
  return statistic !== "error_ratio" || expected > TOLD_MIN;
}

/** The statistics that are shown, of the first operations. */
function shownSlis({ slis }: Prediction): readonly PredictedSli[] {
  const operations = [...new Set(slis.map((one) => one.operation))].slice(0, OPERATIONS_MAX);
  return slis.filter((one) => operations.includes(one.operation) && isTold(one));
}

export function outlookRows(prediction: Prediction): z.infer<typeof outlookSchema>[] {
  return shownSlis(prediction).map((sli) => ({
    operation: placeName(sli.operation),
    statistic: sli.statistic,
    unit: sli.unit,
    now: rounded(sli.observed),
    ...intervalRow(sli.noAction),
  }));
}

const reasons = (texts: readonly string[]): string[] =>
  texts.slice(0, REASONS_MAX).map((text) => clauseText(text));

export function predictedRow(prediction: Prediction): z.infer<typeof predictedSchema> {
  const told = shownSlis(prediction).filter((sli) => sli.verdict !== "insufficient_data");
  return {
    grade: prediction.grade,
    missing: reasons(prediction.missing),
    after: told.map((sli) => ({
      operation: placeName(sli.operation),
      statistic: sli.statistic,
      ...intervalRow(sli.after),
      ...(sli.verdict === "saturates"
        ? { saturatesInSeconds: rounded((sli.timeToSaturationMs ?? Number.NaN) / 1000) }
        : {}),
    })),
    busy: prediction.utilisation.slice(0, UTILISATION_MAX).map(({ entity, before, after }) => ({
      service: placeName(entity),
      before: rounded(before),
      after: rounded(after),
    })),
    assumes: reasons(prediction.assumptions),
    wrongIf: reasons(prediction.falsifiers),
  };
}

/** `p95`, `p95Low`, `p95High` after the action; the same with `noAction` before without it; `nowP95`. */
function sliValues(sli: PredictedSli, key: string): Record<string, Quantity> {
  const capital = `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`;
  const interval = (name: string, { median, low, high }: Interval) =>
    quantities(sli.unit, { [name]: median, [`${name}Low`]: low, [`${name}High`]: high });
  return {
    ...quantities(sli.unit, { [`now${capital}`]: sli.observed }),
    ...interval(`noAction${capital}`, sli.noAction),
    ...(sli.verdict === "number" ? interval(key, sli.after) : {}),
    ...(sli.verdict === "saturates"
      ? quantities("ms", { saturation: sli.timeToSaturationMs })
      : {}),
  };
}

/** The statistic that tells most: what the objective counts, where it moves; else the time. */
function clauseOf(slis: readonly PredictedSli[], operation: string, missing: string): string {
  const bad = slis.find((one) => one.statistic === "bad_ratio");
  const p95 = slis.find((one) => one.statistic === "p95");
  const lead = bad !== undefined && bad.noAction.median > 0.02 ? bad : (p95 ?? bad);
  if (lead === undefined) return `has an unknown effect on ${operation}: missing ${missing}`;
  const isBad = lead.statistic === "bad_ratio";
  const [key, capital] = isBad ? ["badRatio", "BadRatio"] : ["p95", "P95"];
  const what = `${isBad ? "bad requests" : "p95"} of ${operation}`;
  switch (lead.verdict) {
    case "number":
      return `brings ${what} from {{now${capital}}} to {{${key}}} ({{${key}Low}} to {{${key}High}}); {{noAction${capital}}} if nothing is done`;
    case "saturates":
      return `saturates what serves ${operation} within {{saturation}}`;
    case "insufficient_data":
      return `has an unknown effect on ${operation}: missing ${missing}; {{noAction${capital}}} ${isBad ? "bad requests" : "p95"} if nothing is done`;
  }
}

/** What would prove it wrong carries numbers of its own, so that it can be cited too: `wrongIf`, once for a plan. */
function wrongIfValue({ falsifiers }: Prediction): Record<string, string> {
  const wrongIf = reasons(falsifiers).slice(0, 2).join("; ");
  return wrongIf === "" ? {} : { wrongIf };
}

/** One item for each operation: what a plan does to it, beside what happens without. */
export function predictionEvidence(prediction: Prediction, plan: string): readonly EvidenceDraft[] {
  const missing = reasons(prediction.missing).slice(0, 2).join(", ") || "data";
  const { grade } = prediction;
  const groups: ReadonlyMap<EntityId | "", readonly PredictedSli[]> =
    prediction.slis.length === 0
      ? new Map([["", []]])
      : Map.groupBy(shownSlis(prediction), (one) => one.operation);
  return [...groups].map(([operation, slis], index) => {
    const about = operation === "" ? "the operation" : placeName(operation);
    return {
      kind: "prediction",
      about,
      text: `${plan} ${clauseOf(slis, about, missing)} (grade ${grade}: ${GRADE_WORDS[grade]})`,
      values: {
        ...Object.assign({}, ...slis.map((one) => sliValues(one, KEYS[one.statistic] ?? ""))),
        ...(index === 0 ? wrongIfValue(prediction) : {}),
        grade,
      },
    };
  });
}
