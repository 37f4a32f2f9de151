import type { Diagnosis, Finding, Hypothesis } from "../model/causes/diagnosis.ts";
import { entityName } from "../model/entity.ts";
import type { Quantity } from "../model/quantity.ts";

/** Limit: hypotheses told in full. */
const TOLD_MAX = 5;

const percent = (p: number): string => `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`;
const time = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

function quantityText({ value, unit }: Quantity): string {
  const digits = Math.abs(value) >= 100 ? 0 : 2;
  switch (unit) {
    case "time":
      return time(value);
    case "ratio":
      return percent(value);
    case "factor":
      return `${value.toFixed(2)} x`;
    case "ms":
      return `${value.toFixed(digits)} ms`;
    default:
      return `${Number(value.toPrecision(4))}${unit === "none" || unit === "count" ? "" : ` ${unit}`}`;
  }
}

function findingText({ text, values }: Finding): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (hole, key: string) => {
    const quantity = values[key];
    return quantity === undefined ? hole : quantityText(quantity);
  });
}

function hypothesisLines(hypothesis: Hypothesis): readonly string[] {
  const path = hypothesis.path.map(({ entity }) =>
    entity.includes("->") ? entity : entity.slice(entity.indexOf(":") + 1),
  );
  return [
    `${percent(hypothesis.probability).padStart(6)}  ${hypothesis.name} (${hypothesis.type}): ${hypothesis.title}`,
    ...(path.length > 1 ? [`        path: ${path.join(" -> ")}`] : []),
    ...hypothesis.supporting.map((one) => `        + ${findingText(one)}`),
    ...hypothesis.opposing.map((one) => `        - ${findingText(one)}`),
    ...(hypothesis.decidedBy === undefined ? [] : [`        to decide: ${hypothesis.decidedBy}`]),
  ];
}

/** A diagnosis for a terminal. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { symptom, hypotheses, noneProbability, blindSpots } = diagnosis;
  const out = [
    `${entityName(symptom.operation)}: ${symptom.kind === "none" ? "nothing deviates" : symptom.kind} since ${time(symptom.onsetMs)}, as of ${time(diagnosis.asOfMs)}`,
    ...hypotheses.slice(0, TOLD_MAX).flatMap(hypothesisLines),
    `${percent(noneProbability).padStart(6)}  none of these, or nothing is wrong`,
    ...blindSpots.map((spot) => `not seen: ${spot}`),
  ];
  return `${out.join("\n")}\n`;
}
