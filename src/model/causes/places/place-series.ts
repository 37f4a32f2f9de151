import { median } from "../../dynamics/robust.ts";
import { entityName } from "../../entity.ts";
import type { SeriesWindow } from "../../view.ts";
import type { Readings } from "./readings.ts";
import { type RoleKind, roleOf, type SeriesRole } from "./series-role.ts";
import { stepOf } from "./step-series.ts";
import type { SystemMap } from "./system-map.ts";

/** A series with its role, under the name of the place that it tells of. */
export interface PlacedSeries {
  readonly series: SeriesWindow;
  readonly role: SeriesRole;
  readonly stepMs: number;
}

/** All series of one place, its instances' not included. */
export interface PlaceSeries {
  readonly name: string;
  readonly byKind: ReadonlyMap<RoleKind, readonly PlacedSeries[]>;
}

/** Attributes by which a caller's series names whom it calls. */
const PEERS = [
  "peer.service",
  "server.address",
  "db.client.connection.pool.name",
  "destination",
  "destination_service",
  "destination_service_name",
  "upstream",
  "callee",
  "net.peer.name",
  "rpc.service",
];
/** Limit: series read; further ones are left out. */
const SERIES_MAX = 60_000;

/** `caller->callee` when the series tells of calls to a known place, else the place itself. */
function placeOf(series: SeriesWindow, map: SystemMap): string {
  const own = entityName(series.entity);
  for (const key of PEERS) {
    const peer = series.attributes[key];
    if (typeof peer !== "string") continue;
    const callee = map.places.has(peer) ? peer : peer.split(/[.:]/)[0];
    if (callee === undefined || callee === own || !map.places.has(callee)) continue;
    return `${map.ownerOf.get(own) ?? own}->${callee}`;
  }
  return own;
}

/** Sorts series by place and role. */
export function placeSeriesOf(
  { series }: Readings,
  map: SystemMap,
): ReadonlyMap<string, PlaceSeries> {
  const places = new Map<string, Map<RoleKind, PlacedSeries[]>>();
  for (const one of series.slice(0, SERIES_MAX)) {
    if (one.values.length === 0) continue;
    const name = placeOf(one, map);
    const role = roleOf(one);
    const kinds = places.get(name) ?? new Map<RoleKind, PlacedSeries[]>();
    const placed = { series: one, role, stepMs: stepOf(one.timesMs) };
    kinds.set(role.kind, [...(kinds.get(role.kind) ?? []), placed]);
    places.set(name, kinds);
  }
  return new Map([...places].map(([name, byKind]) => [name, { name, byKind }]));
}

/** The step that most series of some places share; NaN when there is none. */
export function commonStepMs(all: Iterable<PlacedSeries>): number {
  return median(Array.from(all, ({ stepMs }) => stepMs));
}
