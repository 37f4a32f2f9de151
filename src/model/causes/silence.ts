import { indexRange, sumIn } from "../dynamics/columns.ts";
import type { EntityId } from "../entity.ts";
import { BUCKET_MS } from "../view.ts";
import type { Picture } from "./picture.ts";

/** Telemetry comes at least this often from a process that lives (metrics every 5 to 10 s). */
const SILENT_MS = 15_000;

export interface Silence {
  readonly service: EntityId;
  readonly sinceMs: number;
  /** Instances that have gone. */
  readonly instances: readonly EntityId[];
  /** Others are still heard from: the silence is the service's, not the telemetry's. */
  readonly othersHeard: boolean;
}

interface Heard {
  readonly service: EntityId;
  readonly lastMs: number;
}

function lastHeard(picture: Picture): readonly Heard[] {
  const { view, stretch } = picture;
  const unwatched = view.unwatched(stretch.history);
  return view.entities({ type: "service" }).map((entity) => {
    const instances = view
      .relations({ type: "instance_of", to: entity.id })
      .map((relation) => view.entity(relation.from)?.lastSeenMs ?? 0);
    const lastMs = Math.max(entity.lastSeenMs, ...instances);
    // Who was there when we stopped watching may have been until we began again.
    const gap = unwatched.find(({ fromMs, toMs }) => lastMs >= fromMs - SILENT_MS && lastMs < toMs);
    return { service: entity.id, lastMs: gap?.toMs ?? lastMs };
  });
}

/** Spans that a silence must have swallowed to be one. */
const MISSED_MIN = 9;

/** End of the newest bucket in which a service did work. */
function lastWork(picture: Picture): ReadonlyMap<EntityId, number> {
  const last = new Map<EntityId, number>();
  for (const { service, count, fromMs } of picture.stations) {
    let at = count.length - 1;
    while (at >= 0 && (count[at] ?? 0) === 0) at -= 1;
    const endMs = fromMs + (at + 1) * BUCKET_MS;
    if (at >= 0 && endMs > (last.get(service) ?? 0)) last.set(service, endMs);
  }
  return last;
}

/** In a record: services whose spans end while those of others go on. */
function recordedSilences(picture: Picture): readonly Silence[] {
  const last = lastWork(picture);
  const newestMs = Math.max(...last.values());
  return [...picture.services.values()].flatMap(({ service, shift, instances }) => {
    const sinceMs = last.get(service) ?? newestMs;
    const silentMs = newestMs - sinceMs;
    if (silentMs < SILENT_MS || (shift.rateHealthy * silentMs) / 1000 < MISSED_MIN) return [];
    return [{ service, sinceMs, instances: [...instances.keys()], othersHeard: true }];
  });
}

/** Services that had work in the history and from which nothing at all comes any more. */
export function silences(picture: Picture): readonly Silence[] {
  if (picture.isRecorded) return recordedSilences(picture);
  const { view, stretch } = picture;
  const heard = lastHeard(picture);
  const reported = new Set(view.coverage(stretch.history).silentServices);
  const nowMs = stretch.history.toMs;
  const silent = heard.filter(
    (one) =>
      (picture.services.has(one.service) || one.service === picture.entryService) &&
      (reported.has(one.service) || nowMs - one.lastMs > SILENT_MS),
  );
  return silent.map((one) => ({
    service: one.service,
    sinceMs: one.lastMs,
    instances: [...(picture.services.get(one.service)?.instances.keys() ?? [])],
    othersHeard: heard.some((other) => other !== one && nowMs - other.lastMs <= SILENT_MS),
  }));
}

/** Instances that served, serve no more, and whose siblings still do, although nothing replaced them. */
export function silentInstances(picture: Picture, service: EntityId): readonly EntityId[] {
  const { stretch } = picture;
  const known = picture.services.get(service);
  if (known === undefined || known.instances.size < 2) return [];
  const tail = { fromMs: stretch.history.toMs - 3 * BUCKET_MS, toMs: stretch.history.toMs };
  const counts = new Map<EntityId, { before: number; tail: number }>();
  for (const station of picture.stations) {
    if (station.service !== service || station.instance === undefined) continue;
    const entry = counts.get(station.instance) ?? { before: 0, tail: 0 };
    const range = indexRange(station, stretch.healthy);
    entry.before += range.to > range.from ? sumIn(station, station.count, stretch.healthy) : 0;
    entry.tail += sumIn(station, station.count, tail);
    counts.set(station.instance, entry);
  }
  const alive = [...counts.values()].filter((entry) => entry.tail > 0);
  const replaced = alive.some((entry) => entry.before === 0);
  if (alive.length === 0 || replaced) return [];
  return [...counts]
    .filter(([, entry]) => entry.before >= 10 && entry.tail === 0)
    .map(([instance]) => instance);
}
