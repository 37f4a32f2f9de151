import { type EdgeId, type EntityId, entityName, entityType } from "../entity.ts";
import type { Finding, HypothesisType } from "./diagnosis.ts";
import { type EdgeSplit, errorRise, splitEdge } from "./edge-split.ts";
import { edgeFindings, serviceFindings } from "./findings.ts";
import { sickHosts } from "./host-contrast.ts";
import { impactsOf } from "./impact.ts";
import { type SickInstance, sickInstance } from "./instance-contrast.ts";
import type { Shift } from "./measure.ts";
import type { EdgePicture, Picture, ServicePicture } from "./picture.ts";
import { type Silence, silences, silentInstances } from "./silence.ts";
import { type Suspect, suspectFor } from "./suspect.ts";

export interface Suspects {
  readonly suspects: Map<string, Suspect>;
  readonly silent: readonly Silence[];
  readonly loadMs: number;
  readonly totalMs: number;
  readonly totalFailures: number;
}

function blame(
  suspect: Suspect,
  added: { readonly ms: number; readonly failures: number },
  shift: Shift | undefined,
): void {
  suspect.addedMs += added.ms;
  suspect.addedFailures += added.failures;
  if (shift === undefined) return;
  const failing = errorRise(shift) > 0.01 ? shift.errorScore : 0;
  suspect.score = Math.max(suspect.score, shift.score, failing);
  deviatedAt(suspect, shift.onsetMs);
}

/** A suspect deviates since the first of what it is blamed for did. */
function deviatedAt(suspect: Suspect, onsetMs: number | undefined): void {
  if (onsetMs !== undefined) suspect.onsetMs = Math.min(suspect.onsetMs ?? onsetMs, onsetMs);
}

/** Failures for one request at the entry that begin in a service, less those that a request fails by: others try again. */
function maskedFailures(picture: Picture, { service, shift }: ServicePicture): number {
  const rise = errorRise(shift);
  const entry = picture.services.get(picture.entryService)?.shift.rateIncident ?? 0;
  if (rise < MASKED_MIN || shift.errorScore < MASKED_SCORE_MIN || entry <= 0) return 0;
  const retried = [...picture.edges.values()].some(
    ({ callee, retryIncident, retryHealthy }) =>
      callee === service && retryIncident - retryHealthy > MASKED_MIN,
  );
  return retried ? (rise * shift.rateIncident) / entry : 0;
}

const calleeType = (callee: EntityId): HypothesisType => {
  const type = entityType(callee);
  if (type === "service") return "service";
  return type === "external" ? "external" : "store";
};

/** A share of a link below which its end is not a suspect because of it. */
const SHARE_MIN = 0.05;
/** Failures that are tried again must be at least this share of a service's requests, and that clear. */
const MASKED_MIN = 0.01;
const MASKED_SCORE_MIN = 4;

function blameEdge(
  suspects: Map<string, Suspect>,
  edge: EdgePicture,
  input: { readonly split: EdgeSplit; readonly ms: number; readonly failures: number },
): void {
  const { split, ms, failures } = input;
  const part = (share: number) => ({ ms: ms * share, failures: failures * share });
  const findings = edgeFindings(edge, split);
  const ends = [
    { share: split.caller, suspect: () => suspectFor(suspects, edge.caller, "service") },
    {
      share: split.callee,
      suspect: () => suspectFor(suspects, edge.callee, calleeType(edge.callee)),
    },
    { share: split.edge, suspect: () => suspectFor(suspects, edge.id, "edge") },
  ];
  for (const end of ends) {
    if (end.share < SHARE_MIN) continue;
    const suspect = end.suspect();
    blame(suspect, part(end.share), edge.shift);
    const favoured = end.share >= Math.max(split.caller, split.callee, split.edge);
    if (favoured) suspect.contrast = Math.max(suspect.contrast, (end.share - 0.5) * 1.5);
    suspect.supporting.push(...findings.both, ...(favoured ? findings.favoured : []));
    if (!favoured) suspect.opposing.push(...findings.favoured);
  }
}

function setApart(suspects: Map<string, Suspect>, service: EntityId, sick: SickInstance): void {
  const whole = suspects.get(service);
  if (whole === undefined) return;
  const suspect = suspectFor(suspects, sick.instance, "instance");
  const share = sick.share * (sick.ownVersion ? 0.25 : 0.88);
  suspect.addedMs += whole.addedMs * share;
  suspect.addedFailures += whole.addedFailures * share;
  suspect.score = Math.max(suspect.score, sick.score);
  suspect.contrast = sick.ownVersion ? 0.2 : sick.share;
  const onsetMs = sick.onsetMs ?? whole.onsetMs;
  if (onsetMs !== undefined) suspect.onsetMs = onsetMs;
  const finding: Finding = {
    kind: sick.errorIncident - sick.siblingErrors > 0.05 ? "errors" : "latency",
    text: `${entityName(sick.instance)} is {{factor}} of its normal time, its siblings {{siblings}}`,
    values: {
      factor: { value: sick.ratio, unit: "factor" },
      siblings: { value: sick.siblingRatio, unit: "factor" },
      errors: { value: sick.errorIncident, unit: "ratio" },
    },
    traceIds: [],
  };
  suspect.supporting.push(finding);
  if (!sick.ownVersion) whole.opposing.push(finding);
  whole.addedMs *= 1 - share;
  whole.addedFailures *= 1 - share;
}

function addSilent(picture: Picture, suspects: Map<string, Suspect>): readonly Silence[] {
  const silent = silences(picture);
  const names = new Set<string>(silent.map((one) => one.service));
  for (const one of silent) {
    // Without requests a service is silent by itself: only the silent one nearest to the entry is a suspect.
    const callers = [...picture.edges.values()].filter((edge) => edge.callee === one.service);
    if (callers.some((edge) => names.has(edge.caller))) continue;
    // What nobody calls and nobody enters by (a worker that is idle, say) does not stop the entry.
    if (callers.length === 0 && one.service !== picture.entryService) continue;
    const suspect = suspectFor(suspects, one.service, "stopped");
    suspect.type = "stopped";
    suspect.score = Math.max(suspect.score, 30);
    suspect.contrast = one.othersHeard ? 1 : 0.3;
    suspect.onsetMs = Math.min(suspect.onsetMs ?? one.sinceMs, one.sinceMs);
    suspect.supporting.push({
      kind: "absence",
      text: `nothing was heard from ${entityName(one.service)} since {{since}}${one.othersHeard ? ", while other services still report" : ""}`,
      values: { since: { value: one.sinceMs, unit: "time" } },
      traceIds: [],
    });
  }
  return silent;
}

function addSilentInstances(picture: Picture, suspects: Map<string, Suspect>): void {
  for (const service of picture.services.keys()) {
    for (const instance of silentInstances(picture, service)) {
      const whole = suspects.get(service);
      const suspect = suspectFor(suspects, instance, "instance");
      suspect.score = Math.max(suspect.score, 20);
      suspect.contrast = 1;
      suspect.supporting.push({
        kind: "absence",
        text: `${entityName(instance)} has stopped serving while its siblings serve`,
        values: {},
        traceIds: [],
      });
      if (whole === undefined) continue;
      suspect.addedMs += whole.addedMs * 0.9;
      suspect.addedFailures += whole.addedFailures * 0.9;
      whole.addedMs *= 0.1;
      whole.addedFailures *= 0.1;
    }
  }
}

function addHosts(picture: Picture, suspects: Map<string, Suspect>): void {
  for (const place of sickHosts(picture)) {
    const type: HypothesisType = entityType(place.place) === "zone" ? "zone" : "host";
    const suspect = suspectFor(suspects, place.place, type);
    suspect.contrast = place.share;
    suspect.supporting.push(place.finding);
    for (const member of place.members) {
      const sick = suspects.get(member);
      if (sick === undefined) continue;
      suspect.addedMs += sick.addedMs * 0.9;
      suspect.addedFailures += sick.addedFailures * 0.9;
      suspect.score = Math.max(suspect.score, sick.score);
      deviatedAt(suspect, sick.onsetMs);
      sick.addedMs *= 0.3;
      sick.addedFailures *= 0.3;
      sick.opposing.push(place.finding);
    }
  }
}

/** Every place that could be the cause, with what it adds to the symptom after what others explain is taken off. */
export function enumerateSuspects(picture: Picture): Suspects {
  const impacts = impactsOf(picture);
  const suspects = new Map<string, Suspect>();
  const silent = addSilent(picture, suspects);
  const names = new Set<string>(silent.map((one) => one.service));
  let loadMs = 0;
  for (const impact of impacts) {
    loadMs += impact.loadMs;
    const edge = picture.edges.get(impact.place as EdgeId);
    const added = { ms: impact.addedMs, failures: impact.addedFailures };
    if (edge !== undefined) {
      if (added.ms <= 0 && added.failures <= 0 && edge.shift.score < 3) continue;
      blameEdge(suspects, edge, { split: splitEdge(picture, edge, names), ...added });
      continue;
    }
    const service = picture.services.get(impact.place as EntityId);
    if (service === undefined) continue;
    const suspect = suspectFor(suspects, service.service, "service");
    blame(suspect, added, service.shift);
    suspect.maskedFailures = Math.max(0, maskedFailures(picture, service) - added.failures);
    suspect.supporting.push(...serviceFindings(service));
  }
  for (const service of picture.services.keys()) {
    const sick = sickInstance(picture, service);
    if (sick !== undefined) setApart(suspects, service, sick);
  }
  addSilentInstances(picture, suspects);
  addHosts(picture, suspects);
  return {
    suspects,
    silent,
    loadMs,
    totalMs: impacts.reduce((total, one) => total + one.addedMs + one.loadMs, 0),
    totalFailures: impacts.reduce((total, one) => total + one.addedFailures, 0),
  };
}
