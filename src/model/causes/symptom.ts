import { sumIn } from "../dynamics/columns.ts";
import type { EntityId } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { SloDefinition } from "../slo/slo.ts";
import type { EntryWindow, WorldView } from "../view.ts";
import type { Symptom } from "./diagnosis.ts";
import type { Picture } from "./picture.ts";

/** A rise of the bad share below this is not a symptom, whatever its significance: 2 %. */
const BAD_RISE_MIN = 0.02;
const ERROR_RISE_MIN = 0.01;

export interface Health {
  readonly requests: number;
  readonly errorRatio: number;
  readonly badRatio: number;
  readonly p95Ms: number;
  readonly meanMs: number;
}

const NO_HEALTH: Health = { requests: 0, errorRatio: 0, badRatio: 0, p95Ms: 0, meanMs: 0 };

/** How an entry operation did in the window of `entry`. Without an objective, slow means above `slowMs`. */
export function healthOf(entry: EntryWindow | undefined, window: Window, slowMs: number): Health {
  if (entry === undefined) return NO_HEALTH;
  const requests = sumIn(entry, entry.count, window);
  if (requests === 0) return NO_HEALTH;
  const errorRatio = Math.min(1, sumIn(entry, entry.errors, window) / requests);
  const slow = Number.isFinite(slowMs) ? 1 - entry.duration.rank(slowMs) : 0;
  // Failed requests may be slow as well: without more, they are as often slow as the others.
  const badRatio = errorRatio + (1 - errorRatio) * (Number.isFinite(slow) ? slow : 0);
  return {
    requests,
    errorRatio,
    badRatio,
    p95Ms: entry.duration.quantile(0.95),
    meanMs: sumIn(entry, entry.durationMsSum, window) / requests,
  };
}

/** The threshold of the objective, else what one in a hundred healthy requests exceeded by half. */
export function slowThresholdMs(slo?: SloDefinition, healthy?: EntryWindow): number {
  if (slo !== undefined) return slo.latencyThresholdMs ?? Number.POSITIVE_INFINITY;
  return healthy === undefined ? Number.POSITIVE_INFINITY : healthy.duration.quantile(0.99) * 1.5;
}

/** Of what nothing could be measured. */
export const unmeasured = (operation: EntityId, service: EntityId, onsetMs: number): Symptom => ({
  operation,
  service,
  kind: "none",
  onsetMs,
  badRatio: 0,
  errorRatio: 0,
  requestRate: 0,
  p95Ms: 0,
  healthyP95Ms: 0,
  healthyBadRatio: 0,
});

export interface MeasuredSymptom {
  readonly symptom: Symptom;
  /** Share of the excess of bad requests that are failures; the rest is slow. */
  readonly errorWeight: number;
  readonly healthyMeanMs: number;
  readonly meanMs: number;
}

function exact(view: WorldView, picture: Picture, window: Window, health: Health): Health {
  if (picture.slo === undefined || health.requests === 0) return health;
  const sli = view.sli(picture.slo.id, window);
  const all = sli.good + sli.bad;
  return all > 0 ? { ...health, badRatio: sli.bad / all, errorRatio: sli.errors / all } : health;
}

export function symptomOf(picture: Picture): MeasuredSymptom {
  const { view, stretch } = picture;
  const slowMs = slowThresholdMs(picture.slo, picture.entryHealthy);
  const before = exact(
    view,
    picture,
    stretch.healthy,
    healthOf(picture.entryHealthy, stretch.healthy, slowMs),
  );
  const after = exact(
    view,
    picture,
    stretch.incident,
    healthOf(picture.entryIncident, stretch.incident, slowMs),
  );
  const noise = 3 * Math.sqrt((before.badRatio + 0.01) / Math.max(1, after.requests));
  const errorRise = after.errorRatio - before.errorRatio;
  const slowRise = after.badRatio - before.badRatio - errorRise;
  const failing = errorRise > Math.max(ERROR_RISE_MIN, noise);
  const slower = stretch.deviates && before.p95Ms > 0 && after.p95Ms > 1.5 * before.p95Ms;
  const slow = slowRise > Math.max(BAD_RISE_MIN, noise) || (slower && !failing);
  const excess = Math.max(0, errorRise) + Math.max(0, slowRise);
  return {
    symptom: {
      ...(picture.slo === undefined ? {} : { sloId: picture.slo.id }),
      operation: picture.operation,
      service: picture.entryService,
      kind: kindOf({ absent: stretch.absent, failing, slow }),
      onsetMs: stretch.onsetMs,
      badRatio: after.badRatio,
      errorRatio: after.errorRatio,
      requestRate: after.requests / stretch.incidentSeconds,
      p95Ms: after.p95Ms,
      healthyP95Ms: before.p95Ms,
      healthyBadRatio: before.badRatio,
    },
    errorWeight: excess > 0.002 ? Math.max(0, errorRise) / excess : 0,
    healthyMeanMs: before.meanMs,
    meanMs: after.meanMs,
  };
}

function kindOf(seen: { absent: boolean; failing: boolean; slow: boolean }): Symptom["kind"] {
  if (seen.absent) return "absent";
  if (seen.failing) return seen.slow ? "both" : "errors";
  return seen.slow ? "latency" : "none";
}

/** The entry operation in question: the objective's, the one named, else the one that is worst off. */
export function operationAsked(
  view: WorldView,
  asked: { readonly service?: string; readonly operation?: string; readonly slo?: SloDefinition },
  window: Window,
): EntityId | undefined {
  const entries = view.entries(window);
  const named = asked.slo?.operation ?? asked.operation;
  const service = asked.slo?.service ?? asked.service;
  const matching = entries.filter(
    (entry) =>
      (service === undefined ||
        entry.service === `service:${service}` ||
        entry.service === service) &&
      (named === undefined ||
        entry.operation === named ||
        entry.operation === `operation:${named}` ||
        entry.operation.endsWith(` ${named}`)),
  );
  const worth = (entry: EntryWindow): number =>
    sumIn(entry, entry.errors, window) * 1e6 + sumIn(entry, entry.count, window);
  return [...matching].sort((a, b) => worth(b) - worth(a))[0]?.operation;
}
