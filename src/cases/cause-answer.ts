import { performance } from "node:perf_hooks";
import { type DiagnoseQuery, diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis, Hypothesis } from "../model/causes/diagnosis.ts";
import { type PagedSymptom, pagedKind } from "../model/causes/places/paged-symptom.ts";
import type { Answer } from "./answer.ts";
import type { CaseRecord } from "./case-folder.ts";
import type { CaseHead } from "./case-head.ts";
import { caseReadings } from "./case-readings.ts";
import { worldOf } from "./case-world.ts";

/** Limit: names in an answer. */
const RANKING_MAX = 10;

export interface CauseAnswer {
  readonly answer: Answer;
  readonly diagnosis: Diagnosis;
}

/** Entities are named as the telemetry names them: a replica or host without its type, a surge by its operation. */
function nameOf({ name, type }: Hypothesis): string {
  if (type !== "traffic") return name.replace(/^(instance|host|zone):/, "");
  const words = name.slice("traffic:".length).split(" ");
  return `traffic:${words.length > 1 ? words.slice(1).join(" ") : words.join(" ")}`;
}

/** A change is named as guilty when the leading hypothesis is more likely than not to be its doing. */
const GUILTY_MIN = 0.35;

function guiltyChange({ hypotheses }: Diagnosis): string | null {
  const [first] = hypotheses;
  const change = first?.changes[0];
  return change === undefined || (first?.probability ?? 0) < GUILTY_MIN ? null : change.id;
}

function pageOf({ page, detectedMs }: CaseHead): PagedSymptom {
  const labels = Object.values(page.labels);
  return {
    detectedMs,
    entity: page.entity,
    operation: page.labels.operation ?? "",
    kind: pagedKind(page.signal, page.title),
    text: [page.title, page.detail, page.signal, ...labels].join(" "),
  };
}

/** The question that a case asks, with all that was recorded. */
export const caseQuery = (record: CaseRecord): DiagnoseQuery => ({
  paged: { page: pageOf(record.head), readings: caseReadings(record) },
});

/** A diagnosis in the words of an answer; a change is named where there were any. */
export function answerIn(
  diagnosis: Diagnosis,
  hasChanges: boolean,
): Pick<Answer, "ranking" | "change"> {
  const ranking = diagnosis.hypotheses
    .slice(0, RANKING_MAX)
    .map((one) => ({ entity: nameOf(one), p: one.probability }));
  return { ranking, ...(hasChanges ? { change: guiltyChange(diagnosis) } : {}) };
}

/** Diagnoses a case from what was known at its end. */
export function causeAnswer(record: CaseRecord, delayS: number): CauseAnswer {
  const view = worldOf(record).at(record.cutMs);
  const query = caseQuery(record);
  const startMs = performance.now();
  const diagnosis = diagnose(view, query);
  const ms = performance.now() - startMs;
  const { id } = record.head;
  const said = answerIn(diagnosis, record.changes.length > 0);
  return { answer: { id, delay_s: delayS, ...said, ms }, diagnosis };
}
