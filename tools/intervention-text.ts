import type { Intervention } from "../src/model/whatif/intervention.ts";
import { nameText } from "./untrusted.ts";

const onOperation = (operation: string | undefined): string =>
  operation === undefined ? "" : ` of ${nameText(operation)}`;

/** What is asked, as the subject of a clause: "rolling catalog back to 1.0.0". */
export function interventionText(intervention: Intervention): string {
  switch (intervention.type) {
    case "none":
      return "doing nothing";
    case "load":
      return `load${onOperation(intervention.operation)} × ${intervention.factor}`;
    case "scale":
      return `scaling ${nameText(intervention.entity)} to ${intervention.replicas} replicas`;
    case "rollback":
      return `rolling ${nameText(intervention.entity)} back to ${nameText(intervention.to_version)}`;
    case "drain":
      return `draining ${nameText(intervention.entity)}`;
    case "shed":
      return `refusing ${Math.round(intervention.share * 100)} % of the requests${onOperation(intervention.operation)}`;
    case "restart":
      return `restarting ${nameText(intervention.entity)}`;
    case "demand":
      return `work of ${nameText(intervention.entity)} × ${intervention.factor}`;
    case "pool":
      return `a pool of ${intervention.size} from ${nameText(intervention.from)} to ${nameText(intervention.to)}`;
    case "timeout":
      return `a time-out of ${intervention.ms} ms from ${nameText(intervention.from)} to ${nameText(intervention.to)}`;
    case "retries":
      return `${intervention.count} retries from ${nameText(intervention.from)} to ${nameText(intervention.to)}`;
    case "flag":
      return `turning flag ${nameText(intervention.flag)} to ${nameText(intervention.variant)}`;
    case "setting":
      return `setting ${nameText(intervention.setting)} of ${nameText(intervention.entity)} to ${nameText(intervention.value)}`;
    case "limit":
      return `limiting ${nameText(intervention.from)} to ${intervention.max_concurrent} concurrent calls to ${nameText(intervention.to)}`;
  }
}

/** A plan: all of its interventions at once. */
export function planText(interventions: readonly Intervention[]): string {
  return interventions.map(interventionText).join(" and ");
}
