import { sumIn } from "../dynamics/columns.ts";
import type { Suspects } from "./enumerate.ts";
import type { Picture } from "./picture.ts";
import { suspectFor } from "./suspect.ts";

/** Requests must grow by this much to be a suspect. */
const RISE_MIN = 1.25;

/** More requests at the entry, and time that their number explains. */
export function addTraffic(picture: Picture, all: Suspects): void {
  const { entryHealthy, entryIncident, stretch } = picture;
  if (entryHealthy === undefined || entryIncident === undefined) return;
  const before = sumIn(entryHealthy, entryHealthy.count, stretch.healthy) / stretch.healthySeconds;
  const after =
    sumIn(entryIncident, entryIncident.count, stretch.incident) / stretch.incidentSeconds;
  if (!(after > RISE_MIN * before) || all.loadMs <= 0) return;
  const suspect = suspectFor(all.suspects, picture.operation, "traffic");
  suspect.addedMs = all.loadMs;
  suspect.score = Math.min(40, ((after - before) / Math.sqrt(before + 0.1)) * 3);
  suspect.onsetMs = stretch.onsetMs;
  suspect.contrast = 0.3;
  suspect.loadRise = Math.log(after / Math.max(0.01, before));
  suspect.supporting.push({
    kind: "traffic",
    text: `requests rose from {{before}} to {{after}}`,
    values: {
      before: { value: before, unit: "per_second" },
      after: { value: after, unit: "per_second" },
    },
    traceIds: [],
  });
}
