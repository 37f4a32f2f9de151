import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { WorldView } from "../model/view.ts";
import type { Incident } from "./contract.ts";

/** Less of the healthy time before an onset says too little about what is normal. */
const HEALTHY_MIN_MS = 30_000;

/**
 * Whether a view still holds the time before the incident began. After a restart it does not: then the diagnosis on
 * record knows more than a new one could.
 */
export function reachesBack(view: WorldView, { firstDiagnosis }: Incident): boolean {
  if (firstDiagnosis === undefined) return true;
  return view.retainedFromMs <= firstDiagnosis.healthy.toMs - HEALTHY_MIN_MS;
}

/** The diagnosis on record, where a view cannot give a better one; it says so itself. */
export function recordedDiagnosis(view: WorldView, incident: Incident): Diagnosis | undefined {
  const { diagnosis } = incident;
  if (diagnosis === undefined || reachesBack(view, incident)) return undefined;
  const spot =
    "what the model remembers begins after the onset; this diagnosis was computed before that";
  return {
    ...diagnosis,
    blindSpots: [spot, ...diagnosis.blindSpots.filter((one) => one !== spot)],
  };
}
