import { performance } from "node:perf_hooks";
import { diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { Answer } from "./answer.ts";
import type { CaseRecord } from "./case-folder.ts";
import { worldOf } from "./case-world.ts";

/** Limit: names in an answer. */
const RANKING_MAX = 10;

export interface CauseAnswer {
  readonly answer: Answer;
  readonly diagnosis: Diagnosis;
}

/** Entities are named as the telemetry names them: a replica or host without its type. */
const nameOf = (name: string): string => name.replace(/^(instance|host|zone):/, "");

/** Diagnoses a case from what was known at its end. */
export function causeAnswer(record: CaseRecord, delayS: number): CauseAnswer {
  const { page, id } = record.head;
  const view = worldOf(record).at(record.cutMs);
  const startMs = performance.now();
  const diagnosis = diagnose(
    view,
    page.labels.operation === undefined
      ? {}
      : { service: page.entity, operation: page.labels.operation },
  );
  const ms = performance.now() - startMs;
  const ranking = diagnosis.hypotheses
    .slice(0, RANKING_MAX)
    .map(({ name, probability }) => ({ entity: nameOf(name), p: probability }));
  return { answer: { id, delay_s: delayS, ranking, ms }, diagnosis };
}
