import { z } from "zod";
import type { Action } from "../src/incident/action.ts";
import { observe } from "../src/incident/observed.ts";
import { currentVersion } from "../src/incident/observed-versions.ts";
import type { Diagnosis } from "../src/model/causes/diagnosis.ts";
import { entityName } from "../src/model/entity.ts";
import type { WorldView } from "../src/model/view.ts";
import { proposeCandidates } from "../src/model/whatif/candidates.ts";
import type { Intervention } from "../src/model/whatif/intervention.ts";
import { clauseText, nameText } from "./untrusted.ts";

/** Limit: candidates of one answer, best first; as many as one simulation compares. */
const CANDIDATES_MAX = 3;

const namedSchema = z.looseObject({ type: z.string() });
export const candidateSchema = z.object({
  cause: z.string(),
  why: z.string(),
  /** As simulate_intervention takes it. */
  intervention: namedSchema,
  /** As propose_action takes it; null: it can only be simulated. */
  action: namedSchema.nullable(),
});
export type CandidateRow = z.infer<typeof candidateSchema>;

/** A restart of one instance names its service too. */
function restartOf(view: WorldView, entity: string): Action {
  const service = view.resolve(entity, ["service"]);
  const instance = view.resolve(entity, ["service.instance"]);
  const isService = service.ok && service.entity.type === "service";
  if (isService || !instance.ok) return { type: "restart", service: entity };
  const owner = view.relations({ type: "instance_of", from: instance.entity.id })[0]?.to;
  return owner === undefined
    ? { type: "restart", service: entity }
    : { type: "restart", service: entityName(owner), instance: instance.entity.name };
}

/** What would have to be done for an intervention to come true; null: nothing that may be proposed does it. */
function actionOf(view: WorldView, intervention: Intervention): Action | null {
  switch (intervention.type) {
    case "rollback": {
      const { entity: service, to_version: toVersion } = intervention;
      return { type: "rollback", service, toVersion };
    }
    case "scale":
      return { type: "scale", service: intervention.entity, replicas: intervention.replicas };
    case "restart":
      return restartOf(view, intervention.entity);
    case "flag":
      return { type: "set_flag", flag: intervention.flag, variant: intervention.variant };
    case "setting": {
      const { entity: service, setting, value } = intervention;
      return { type: "restore_setting", service, setting, value };
    }
    case "limit": {
      const { from: caller, to: callee, max_concurrent: maxConcurrent } = intervention;
      return { type: "limit_caller", caller, callee, maxConcurrent };
    }
    default:
      return null;
  }
}

/** Texts as answers carry them; numbers stay. */
function named(fields: Intervention | Action): CandidateRow["intervention"] {
  const safe = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === "string" ? nameText(value) : value,
  ]);
  return { ...Object.fromEntries(safe), type: fields.type };
}

/** Whether something would come of it: a version that serves already is no way back. */
function changesSomething(view: WorldView, intervention: Intervention): boolean {
  if (intervention.type !== "rollback") return true;
  const service = view.resolve(intervention.entity, ["service"]);
  if (!service.ok) return true;
  return currentVersion(observe(view), service.entity.id) !== intervention.to_version;
}

/** What the leading causes suggest to do, in the words of the two tools that go on with it. */
export function candidateRows(view: WorldView, diagnosis: Diagnosis): CandidateRow[] {
  const names = new Map(diagnosis.hypotheses.map((one) => [one.id, one.name]));
  return proposeCandidates(view, diagnosis)
    .filter(({ intervention }) => changesSomething(view, intervention))
    .slice(0, CANDIDATES_MAX)
    .map(({ intervention, why, hypothesisId }) => {
      const action = actionOf(view, intervention);
      return {
        cause: nameText(names.get(hypothesisId) ?? ""),
        why: clauseText(why),
        intervention: named(intervention),
        action: action === null ? null : named(action),
      };
    });
}
