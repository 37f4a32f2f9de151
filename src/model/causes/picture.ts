import { sumIn } from "../dynamics/columns.ts";
import { type KnownOnset, type Stretch, stretchOf } from "../dynamics/stretch.ts";
import type { EdgeId, EntityId } from "../entity.ts";
import { entityType } from "../entity.ts";
import type { Window } from "../quantity.ts";
import type { SloDefinition } from "../slo/slo.ts";
import {
  BUCKET_MS,
  type EdgeWindow,
  type EntryWindow,
  type StationWindow,
  type WorldView,
} from "../view.ts";
import { edgePiece, groupBy, healthyMeans, type Shift, shiftOf, stationPiece } from "./measure.ts";
import { type TracedPair, tracedPair } from "./traced.ts";

export interface ServicePicture {
  readonly service: EntityId;
  readonly shift: Shift;
  readonly instances: ReadonlyMap<EntityId, Shift>;
  /** By version, each against the service's healthy past. */
  readonly versions: ReadonlyMap<string, Shift>;
  /** Versions that served in the healthy window. */
  readonly versionsBefore: ReadonlySet<string>;
  /** The version that each instance served in the incident. */
  readonly versionOf: ReadonlyMap<EntityId, string>;
}

export interface EdgePicture {
  readonly id: EdgeId;
  readonly caller: EntityId;
  readonly callee: EntityId;
  readonly shift: Shift;
  readonly byOperation: ReadonlyMap<string, Shift>;
  readonly byCallerInstance: ReadonlyMap<EntityId, Shift>;
  readonly byCalleeInstance: ReadonlyMap<EntityId, Shift>;
  /** Attempts per request of the caller, and the share of attempts that repeat a failed one. */
  readonly callsHealthy: number;
  readonly callsIncident: number;
  readonly retryHealthy: number;
  readonly retryIncident: number;
  /** The callee reports nothing of its own: the gap is the whole duration. */
  readonly outside: boolean;
}

/** Everything that the ranking reads, measured once. */
export interface Picture {
  readonly view: WorldView;
  readonly stretch: Stretch;
  /** Columns over the whole history. */
  readonly stations: readonly StationWindow[];
  readonly services: ReadonlyMap<EntityId, ServicePicture>;
  readonly edges: ReadonlyMap<EdgeId, EdgePicture>;
  readonly entryHealthy?: EntryWindow;
  readonly entryIncident?: EntryWindow;
  readonly entries: readonly { healthy?: EntryWindow; incident: EntryWindow }[];
  readonly operation: EntityId;
  /** The requests in question: of the operation, or of all operations that were asked for. */
  readonly traced: TracedPair;
  readonly entryService: EntityId;
  readonly slo?: SloDefinition;
  /** Spans were recorded, maybe with gaps and thinned: their absence says less than it does live. */
  readonly isRecorded: boolean;
}

export interface PictureOptions {
  readonly atMs: number;
  readonly slo?: SloDefinition;
  /** When the trouble began, where that is known from elsewhere. */
  readonly since?: KnownOnset;
  /** Entry operations in question together with the leading one. */
  readonly operations?: ReadonlySet<EntityId>;
}

const isServing = (window: { readonly count: Float64Array }): boolean =>
  window.count.some((count) => count > 0);

function servicePicture(
  service: EntityId,
  stations: readonly StationWindow[],
  stretch: Stretch,
): ServicePicture {
  const pieces = stations.map(stationPiece);
  const prior = healthyMeans(pieces, stretch);
  const by = (key: (station: StationWindow) => string | undefined) =>
    [...groupBy(stations, key)].map(
      ([name, group]) => [name, shiftOf(group.map(stationPiece), stretch, prior)] as const,
    );
  const versions = new Map(by((station) => station.version));
  const instances = new Map<EntityId, Shift>();
  for (const [, group] of groupBy(stations, (station) => station.instance)) {
    const instance = group[0]?.instance;
    if (instance !== undefined) {
      instances.set(instance, shiftOf(group.map(stationPiece), stretch, prior));
    }
  }
  const versionsBefore = new Set(
    [...versions].filter(([, shift]) => shift.rateHealthy > 0).map(([version]) => version),
  );
  const versionOf = new Map<EntityId, string>();
  for (const station of stations) {
    const { instance, version } = station;
    const serves = sumIn(station, station.count, stretch.incident) > 0;
    if (serves && instance !== undefined && version !== undefined) versionOf.set(instance, version);
  }
  return {
    service,
    shift: shiftOf(pieces, stretch),
    instances,
    versions,
    versionsBefore,
    versionOf,
  };
}

function instanceShifts(
  edges: readonly EdgeWindow[],
  stretch: Stretch,
  key: (edge: EdgeWindow) => EntityId | undefined,
): Map<EntityId, Shift> {
  const prior = healthyMeans(edges.map(edgePiece), stretch);
  const shifts = new Map<EntityId, Shift>();
  for (const [, group] of groupBy(edges, key)) {
    const instance = group[0] === undefined ? undefined : key(group[0]);
    if (instance !== undefined) {
      shifts.set(instance, shiftOf(group.map(edgePiece), stretch, prior));
    }
  }
  return shifts;
}

function edgePicture(
  edges: readonly EdgeWindow[],
  first: EdgeWindow,
  context: { readonly stretch: Stretch; readonly services: ReadonlyMap<EntityId, ServicePicture> },
): EdgePicture {
  const { stretch, services } = context;
  const shift = shiftOf(edges.map(edgePiece), stretch);
  const retries = shiftOf(
    edges.map((edge) => ({ ...edgePiece(edge), errors: edge.retries })),
    stretch,
  );
  const caller = services.get(first.caller)?.shift;
  return {
    id: first.id,
    caller: first.caller,
    callee: first.callee,
    shift,
    byOperation: new Map(
      [...groupBy(edges, (edge) => edge.calleeOperation)].map(([name, group]) => [
        name,
        shiftOf(group.map(edgePiece), stretch),
      ]),
    ),
    byCallerInstance: instanceShifts(edges, stretch, (edge) => edge.callerInstance),
    byCalleeInstance: instanceShifts(edges, stretch, (edge) => edge.calleeInstance),
    callsHealthy: shift.rateHealthy / Math.max(1e-6, caller?.rateHealthy ?? Number.NaN),
    callsIncident: shift.rateIncident / Math.max(1e-6, caller?.rateIncident ?? Number.NaN),
    retryHealthy: retries.errorHealthy,
    retryIncident: retries.errorIncident,
    outside: entityType(first.callee) !== "service" || !services.has(first.callee),
  };
}

function entryIn(view: WorldView, window: Window): ReadonlyMap<EntityId, EntryWindow> {
  if (window.toMs - window.fromMs < BUCKET_MS) return new Map();
  return new Map(view.entries(window).map((entry) => [entry.operation, entry]));
}

/** Measures a view around the symptom of one entry operation. Undefined: it was never seen. */
export function pictureOf(
  view: WorldView,
  operation: EntityId,
  options: PictureOptions,
): Picture | undefined {
  const stretch = stretchOf(view, operation, options);
  if (stretch === undefined) return undefined;
  const services = new Map<EntityId, ServicePicture>();
  const stations = view.stations(stretch.history).filter(isServing);
  for (const group of groupBy(stations, (station) => station.service).values()) {
    const service = group[0]?.service;
    if (service !== undefined) services.set(service, servicePicture(service, group, stretch));
  }
  const edges = new Map<EdgeId, EdgePicture>();
  const links = view
    .edges(stretch.history)
    .filter((edge) => edge.kind === "sync" && isServing(edge));
  for (const group of groupBy(links, (edge) => `${edge.caller}>${edge.callee}`).values()) {
    const first = group[0];
    if (first !== undefined) edges.set(first.id, edgePicture(group, first, { stretch, services }));
  }
  const before = entryIn(view, stretch.healthy);
  const after = entryIn(view, stretch.incident);
  const entryHealthy = before.get(operation);
  const entryIncident = after.get(operation);
  const known = entryHealthy ?? entryIncident;
  const entryService =
    known?.service ?? view.entries(stretch.history).find((e) => e.operation === operation)?.service;
  if (entryService === undefined) return undefined;
  const entries = [...after.values()].map((incident) => {
    const healthy = before.get(incident.operation);
    return { incident, ...(healthy === undefined ? {} : { healthy }) };
  });
  const asked = entries.filter(
    ({ incident }) =>
      incident.operation === operation || options.operations?.has(incident.operation) === true,
  );
  return {
    view,
    stretch,
    stations,
    services,
    edges,
    ...(entryHealthy === undefined ? {} : { entryHealthy }),
    ...(entryIncident === undefined ? {} : { entryIncident }),
    entries,
    operation,
    traced: tracedPair(asked),
    isRecorded: options.since !== undefined,
    entryService,
    ...(options.slo === undefined ? {} : { slo: options.slo }),
  };
}
