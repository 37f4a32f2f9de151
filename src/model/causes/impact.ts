import { capacityOf, explainedRatio } from "../dynamics/station.ts";
import type { EdgeId, EntityId } from "../entity.ts";
import type { Picture } from "./picture.ts";
import type { Traced } from "./traced.ts";

/** What one place adds to the symptom: a service's own time, or a link. */
export interface Impact {
  readonly place: EntityId | EdgeId;
  /** Added milliseconds per entry request, what load explains taken off. */
  readonly addedMs: number;
  /** Part of the added time that more load explains. */
  readonly loadMs: number;
  /** Added share of requests whose failure began here. */
  readonly addedFailures: number;
}

/** Traced requests below which the critical path says too little; the stations' own columns answer instead. */
const TRACED_MIN = 8;
/** Rates closer than this are the same load. */
const LOAD_RISE_MIN = 1.15;

function perRequest(
  traced: Traced,
  column: "criticalMs" | "failedAt",
): (place: EntityId | EdgeId) => number {
  return (place) => (traced.count > 0 ? (traced[column].get(place) ?? 0) / traced.count : 0);
}

/** Share of a service's added self time that follows from more requests at its known (or assumed) capacity. */
function loadShare(picture: Picture, service: EntityId): number {
  const own = picture.services.get(service)?.shift;
  if (own === undefined || own.ratio <= 1.02) return 0;
  const rise = own.rateIncident / Math.max(1e-6, own.rateHealthy);
  if (!(rise > LOAD_RISE_MIN)) return 0;
  const capacity = capacityOf(picture.view, service, {
    window: picture.stretch.incident,
    stations: picture.stations,
  });
  const expected = explainedRatio(capacity, {
    rateBefore: own.rateHealthy,
    rateAfter: own.rateIncident,
    observedMs: own.meanHealthyMs,
  });
  // Capacity unknown: time that grows no faster than load does is as well explained by load as not.
  const ratio = expected ?? 1 + 0.6 * (rise - 1);
  return Math.max(0, Math.min(1, (ratio - 1) / (own.ratio - 1)));
}

function fromColumns(picture: Picture): Map<EntityId | EdgeId, number> {
  const added = new Map<EntityId | EdgeId, number>();
  const entryRate = picture.services.get(picture.entryService)?.shift.rateIncident ?? 0;
  const note = (
    place: EntityId | EdgeId,
    shift: { rateIncident: number; meanIncidentMs: number; meanHealthyMs: number },
  ) => {
    const visits = entryRate > 0 ? shift.rateIncident / entryRate : 0;
    const ms = visits * (shift.meanIncidentMs - shift.meanHealthyMs);
    if (Number.isFinite(ms)) added.set(place, ms);
  };
  for (const [service, one] of picture.services) note(service, one.shift);
  for (const [edge, one] of picture.edges) note(edge, one.shift);
  return added;
}

/** Where the symptom's added time and failures arise, measured on the entry operation's own critical paths. */
export function impactsOf(picture: Picture): readonly Impact[] {
  const { healthy, incident } = picture.traced;
  const traced = incident.count >= TRACED_MIN;
  const msBefore = perRequest(healthy, "criticalMs");
  const msAfter = perRequest(incident, "criticalMs");
  const failedBefore = perRequest(healthy, "failedAt");
  const failedAfter = perRequest(incident, "failedAt");
  const columns = traced ? undefined : fromColumns(picture);
  const places = new Set<EntityId | EdgeId>([
    ...picture.services.keys(),
    ...picture.edges.keys(),
    ...incident.criticalMs.keys(),
    ...incident.failedAt.keys(),
  ]);
  return [...places].map((place) => {
    const added = Math.max(0, columns?.get(place) ?? msAfter(place) - msBefore(place));
    const share = picture.services.has(place as EntityId)
      ? loadShare(picture, place as EntityId)
      : 0;
    return {
      place,
      addedMs: added * (1 - share),
      loadMs: added * share,
      addedFailures: Math.max(0, failedAfter(place) - failedBefore(place)),
    };
  });
}
