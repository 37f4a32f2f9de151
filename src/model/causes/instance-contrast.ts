import { median } from "../dynamics/robust.ts";
import type { EntityId } from "../entity.ts";
import { errorRise } from "./edge-split.ts";
import type { Shift } from "./measure.ts";
import type { Picture, ServicePicture } from "./picture.ts";

/** One replica that differs from its siblings. */
export interface SickInstance {
  readonly instance: EntityId;
  readonly service: EntityId;
  /** 0 to 1: how much of the service's trouble is this replica's alone. */
  readonly share: number;
  readonly ratio: number;
  readonly siblingRatio: number;
  readonly errorIncident: number;
  readonly siblingErrors: number;
  readonly score: number;
  readonly onsetMs?: number;
  /** Its version serves on no healthy sibling: the version explains it as well. */
  readonly ownVersion: boolean;
}

const REQUESTS_MIN = 8;
/** A replica is set apart when it is this much slower than its siblings. */
const CONTRAST_MIN = 1.4;
/** Siblings this much slower than usual are sick as well. */
const SICK_RATIO = 1.25;

interface Reading {
  readonly instance: EntityId;
  readonly ratio: number;
  readonly errors: number;
  readonly score: number;
  readonly requests: number;
  readonly onsetMs?: number;
}

/** Worst of the replica's own time, the wait in front of it and everything it sends out. */
function readingOf(picture: Picture, service: EntityId, instance: EntityId, own: Shift): Reading {
  const incoming: Shift[] = [];
  const outgoing: Shift[] = [];
  for (const edge of picture.edges.values()) {
    const to = edge.callee === service ? edge.byCalleeInstance.get(instance) : undefined;
    const from = edge.caller === service ? edge.byCallerInstance.get(instance) : undefined;
    if (to !== undefined && to.countIncident >= REQUESTS_MIN) incoming.push(to);
    if (from !== undefined && from.countIncident >= REQUESTS_MIN) outgoing.push(from);
  }
  const added = (shift: Shift): number =>
    Math.max(0, shift.meanIncidentMs - shift.meanHealthyMs) * shift.countIncident;
  const all = [own, ...incoming, ...outgoing].filter((shift) => Number.isFinite(added(shift)));
  const worst = all.reduce((best, shift) => (added(shift) > added(best) ? shift : best), own);
  const errors = Math.max(errorRise(own), ...incoming.map(errorRise), 0);
  return {
    instance,
    ratio: worst.ratio,
    errors,
    score: Math.max(
      worst.score,
      errors > 0.02 ? Math.max(own.errorScore, ...incoming.map((s) => s.errorScore)) : 0,
    ),
    requests: own.countIncident,
    ...(worst.onsetMs === undefined ? {} : { onsetMs: worst.onsetMs }),
  };
}

function contrastOf(one: Reading, others: readonly Reading[]): number {
  const siblingRatio = median(others.map((other) => other.ratio));
  const siblingErrors = median(others.map((other) => other.errors));
  const slower = Math.log(one.ratio / Math.max(0.2, siblingRatio)) / Math.log(CONTRAST_MIN);
  const failing = (one.errors - siblingErrors) / 0.05;
  return Math.max(slower, failing);
}

/** Replicas of the same version, where there are any: what a version changes shows in all that run it. */
function siblingsOf(
  one: Reading,
  readings: readonly Reading[],
  { versionOf }: ServicePicture,
): readonly Reading[] {
  const others = readings.filter((other) => other !== one);
  const version = versionOf.get(one.instance);
  const alike = others.filter((other) => versionOf.get(other.instance) === version);
  return alike.length > 0 ? alike : others;
}

/** The replica of a service that is sick while its siblings are well; undefined when none is set apart. */
export function sickInstance(picture: Picture, service: EntityId): SickInstance | undefined {
  const known = picture.services.get(service);
  if (known === undefined) return undefined;
  const readings = [...known.instances]
    .filter(([, shift]) => shift.countIncident >= REQUESTS_MIN)
    .map(([instance, shift]) => readingOf(picture, service, instance, shift));
  if (readings.length < 2) return undefined;
  const ranked = readings
    .map((one) => {
      const others = siblingsOf(one, readings, known);
      return { one, others, contrast: contrastOf(one, others) };
    })
    .sort((a, b) => b.contrast - a.contrast);
  const top = ranked[0];
  if (top === undefined || top.contrast < 1 || top.one.score < 3) return undefined;
  const siblingRatio = median(top.others.map((other) => other.ratio));
  const siblingErrors = median(top.others.map((other) => other.errors));
  const own = Math.max(0, top.one.ratio - 1) + top.one.errors * 5;
  const rest = Math.max(0, siblingRatio - 1) + Math.max(0, siblingErrors) * 5;
  const version = known.versionOf.get(top.one.instance);
  const siblings = top.others.map((other) => known.versionOf.get(other.instance));
  // While a version rolls out its replicas are not equally old: the most sick of them is no sicker than it.
  const isFresh = version !== undefined && !known.versionsBefore.has(version);
  const isShared = isFresh && siblingRatio + 5 * siblingErrors > SICK_RATIO;
  return {
    instance: top.one.instance,
    service,
    share: Math.max(0, Math.min(1, (own - rest) / Math.max(1e-6, own))),
    ratio: top.one.ratio,
    siblingRatio,
    errorIncident: top.one.errors,
    siblingErrors,
    score: top.one.score,
    ...(top.one.onsetMs === undefined ? {} : { onsetMs: top.one.onsetMs }),
    ownVersion: version !== undefined && (isShared || !siblings.includes(version)),
  };
}
