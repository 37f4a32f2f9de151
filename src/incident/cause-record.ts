import type { Hypothesis } from "../model/causes/diagnosis.ts";
import { type EntityId, entityName } from "../model/entity.ts";
import type { Action } from "./action.ts";
import type { Incident, ProposalRecord } from "./contract.ts";

/** The first diagnosis of an incident beside the action that ended it. */
export interface CauseRecord {
  readonly incidentId: string;
  readonly action: Action;
  /** Of the first hypothesis that the action answers to; 1 is the first. Undefined: none of them. */
  readonly rank?: number;
  /** What the first diagnosis gave that hypothesis. */
  readonly probability?: number;
}

function isRootedIn({ root, changes }: Hypothesis, name: string): boolean {
  const isChanged = changes.some(
    ({ entity }) => entity !== undefined && entityName(entity) === name,
  );
  return isChanged || (!root.includes("->") && entityName(root as EntityId) === name);
}

function answersTo(action: Action, hypothesis: Hypothesis): boolean {
  switch (action.type) {
    case "rollback":
    case "scale":
    case "restore_setting":
      return isRootedIn(hypothesis, action.service);
    case "restart":
      return isRootedIn(hypothesis, action.instance ?? action.service);
    case "set_flag":
      return hypothesis.changes.some(({ attributes }) => attributes.flag === action.flag);
    case "limit_caller":
      return (
        hypothesis.root === `${action.caller}->${action.callee}` ||
        isRootedIn(hypothesis, action.callee)
      );
  }
}

/** Undefined: the action did not help, or the incident was never diagnosed. */
export function causeRecordOf(
  incident: Incident,
  { proposal, outcome }: ProposalRecord,
): CauseRecord | undefined {
  const { action } = proposal;
  const hypotheses = incident.firstDiagnosis?.hypotheses;
  const hasHelped = outcome?.verdict === "inside" || outcome?.verdict === "recovered";
  if (!hasHelped || hypotheses === undefined) return undefined;
  const base = { incidentId: incident.id, action };
  const index = hypotheses.findIndex((hypothesis) => answersTo(action, hypothesis));
  const found = hypotheses[index];
  return found === undefined ? base : { ...base, rank: index + 1, probability: found.probability };
}
