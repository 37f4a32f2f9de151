import type { EntityId } from "../../entity.ts";
import { BUCKET_MS, type EdgeWindow, type StationWindow, type WorldView } from "../../view.ts";
import type { HostCapacity, Slice, Station } from "../problem.ts";
import { attributesOf, factOf, hostOf, instancesOf, isService } from "./facts.ts";
import { sliceSums } from "./slices.ts";
import { addKnown, hostCores, instanceCores, limitByMetrics, sliceMeans } from "./usage.ts";

/** Limit: stations of one problem; the busiest are kept. */
const STATIONS_MAX = 400;
/** Server durations as the conventions name them, newest first; their `.rate` counts all requests, sampled or not. */
const RATE_METRICS = [
  "http.server.request.duration.rate",
  "http.server.duration.rate",
  "rpc.server.call.duration.rate",
  "rpc.server.duration.rate",
] as const;

/** Own time of one kind of work at a station, by slice. */
interface Work {
  readonly counts: Float64Array;
  readonly timed: Float64Array;
  readonly ms: Float64Array;
}

/** What is measured of all stations before any is described. */
export interface Measured {
  readonly work: ReadonlyMap<EntityId, readonly Work[]>;
  /** Instances that served in the last slice, by service. */
  readonly serving: ReadonlyMap<EntityId, ReadonlySet<EntityId>>;
}

/** Own time by station and operation: of services their self time, of others all that their callers waited. */
export function measure(
  stations: readonly StationWindow[],
  edges: readonly EdgeWindow[],
  slices: readonly Slice[],
): Measured {
  const work = new Map<EntityId, Map<string, Work>>();
  const serving = new Map<EntityId, Set<EntityId>>();
  const recentMs = (slices.at(-1)?.toMs ?? 0) - 30_000;
  const add = (
    at: readonly [EntityId, string],
    window: { readonly fromMs: number; readonly length: number },
    columns: {
      readonly count: Float64Array;
      readonly timed: Float64Array;
      readonly ms: Float64Array;
    },
  ): void => {
    const [station, operation] = at;
    const own = work.get(station) ?? new Map<string, Work>();
    work.set(station, own);
    const into = own.get(operation) ?? {
      counts: new Float64Array(slices.length),
      timed: new Float64Array(slices.length),
      ms: new Float64Array(slices.length),
    };
    own.set(operation, into);
    plus(into.counts, sliceSums(window, columns.count, slices));
    plus(into.timed, sliceSums(window, columns.timed, slices));
    plus(into.ms, sliceSums(window, columns.ms, slices));
  };
  for (const one of stations) {
    const { service, operation, instance } = one;
    add([service, operation], one, { count: one.count, timed: one.selfCount, ms: one.selfMsSum });
    if (instance === undefined || !servesAfter(one, recentMs)) continue;
    const own = serving.get(service) ?? new Set<EntityId>();
    serving.set(service, own);
    own.add(instance);
  }
  for (const edge of edges) {
    if (isService(edge.callee) && work.has(edge.callee)) continue;
    const { callee, caller, calleeOperation } = edge;
    add([callee, `${caller} ${calleeOperation}`], edge, {
      count: edge.count,
      timed: edge.count,
      ms: edge.durationMsSum,
    });
  }
  return { work: new Map([...work].map(([id, own]) => [id, [...own.values()]])), serving };
}

function servesAfter(one: StationWindow, sinceMs: number): boolean {
  const from = Math.max(0, Math.floor((sinceMs - one.fromMs) / BUCKET_MS));
  for (let at = from; at < one.length; at += 1) if ((one.count[at] ?? 0) > 0) return true;
  return false;
}

function plus(into: Float64Array, added: Float64Array): void {
  for (let at = 0; at < into.length; at += 1) into[at] = (into[at] ?? 0) + (added[at] ?? 0);
}

const sumOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0);

const secondsOf = ({ fromMs, toMs }: Slice): number => (toMs - fromMs) / 1000;

/** Requests a second by slice as a service's own metrics count them; undefined: they do not. */
function ratesByMetrics(
  view: WorldView,
  service: EntityId,
  slices: readonly Slice[],
): Float64Array | undefined {
  const known = new Set(view.metrics(service).map((one) => one.metric));
  const metric = RATE_METRICS.find((name) => known.has(name));
  if (metric === undefined) return undefined;
  const window = { fromMs: slices[0]?.fromMs ?? 0, toMs: slices.at(-1)?.toMs ?? 0 };
  const total = new Float64Array(slices.length);
  for (const series of view.series({ entity: service, metric, window })) {
    const means = sliceMeans(series, slices);
    for (let at = 0; at < total.length; at += 1)
      total[at] = (total[at] ?? 0) + (Number.isNaN(means[at]) ? 0 : (means[at] ?? 0));
  }
  return total.map((rate) => (rate > 0 ? rate : Number.NaN));
}

/** Spans over requests: what share of all requests was traced, by the services that count theirs. */
export interface Counting {
  readonly sampling: number;
  readonly byMetrics: ReadonlyMap<EntityId, Float64Array>;
}

export function countRequests(
  view: WorldView,
  measured: Measured,
  {
    slices,
    sampling,
  }: { readonly slices: readonly Slice[]; readonly sampling: number | undefined },
): Counting {
  const byMetrics = new Map<EntityId, Float64Array>();
  let spans = 0;
  let requests = 0;
  for (const [station, work] of measured.work) {
    if (!isService(station)) continue;
    const rates = ratesByMetrics(view, station, slices);
    if (rates === undefined) continue;
    byMetrics.set(station, rates);
    slices.forEach((slice, at) => {
      const rate = rates[at] ?? Number.NaN;
      if (Number.isNaN(rate)) return;
      requests += rate * secondsOf(slice);
      spans += work.reduce((sum, one) => sum + (one.counts[at] ?? 0), 0);
    });
  }
  const share = requests > 0 ? Math.min(1, spans / requests) : 1;
  // A service whose metrics count other things than its spans must not scale all the others.
  return { sampling: sampling ?? (share < 0.8 ? share : 1), byMetrics };
}

interface Described {
  readonly station: Station;
  readonly hosts: readonly (EntityId | undefined)[];
}

/** Slices that tell what is now: of the present regime, the newest two minutes. */
export function presentSlices(slices: readonly Slice[]): readonly number[] {
  const toMs = slices.at(-1)?.toMs ?? 0;
  const all = slices.flatMap((slice, at) => (slice.regime === "now" ? [at] : []));
  const recent = all.filter((at) => (slices[at]?.fromMs ?? 0) >= toMs - 125_000);
  return recent.length > 0 ? recent : all.slice(-1);
}

function rateNow(rates: Float64Array, slices: readonly Slice[]): number {
  let requests = 0;
  let seconds = 0;
  for (const at of presentSlices(slices)) {
    const rate = rates[at] ?? Number.NaN;
    const slice = slices[at];
    if (Number.isNaN(rate) || slice === undefined) continue;
    requests += rate * secondsOf(slice);
    seconds += secondsOf(slice);
  }
  return seconds > 0 ? requests / seconds : 0;
}

/** Own time relative to the history's mean of the same operations, so that a changed mix is no change of speed. */
function relativeOf(
  work: readonly Work[],
  length: number,
): { readonly relative: Float64Array; readonly counts: Float64Array; readonly meanMs: number } {
  const observed = new Float64Array(length);
  const expected = new Float64Array(length);
  const counts = new Float64Array(length);
  for (const one of work) {
    const timed = sumOf(one.timed);
    if (timed === 0) continue;
    const mean = sumOf(one.ms) / timed;
    for (let at = 0; at < length; at += 1) {
      observed[at] = (observed[at] ?? 0) + (one.ms[at] ?? 0);
      expected[at] = (expected[at] ?? 0) + mean * (one.timed[at] ?? 0);
      counts[at] = (counts[at] ?? 0) + (one.timed[at] ?? 0);
    }
  }
  const timed = sumOf(counts);
  return {
    relative: observed.map((ms, at) =>
      (expected[at] ?? 0) > 0 ? ms / (expected[at] ?? 1) : Number.NaN,
    ),
    counts,
    meanMs: timed > 0 ? sumOf(observed) / timed : 0,
  };
}

interface DescribeInput {
  readonly measured: Measured;
  readonly counting: Counting;
  readonly slices: readonly Slice[];
}

/** What a station runs on, and how much of it its replicas may use. */
interface Ground {
  readonly instances: readonly EntityId[];
  readonly hosts: readonly (EntityId | undefined)[];
  /** Cores of one replica. */
  readonly cores: number | undefined;
  readonly workers: number | undefined;
}

const hostCoresOf = (view: WorldView, host: EntityId | undefined): number | undefined =>
  host === undefined ? undefined : factOf(attributesOf(view, host), "cpu_cores");

function groundOf(view: WorldView, id: EntityId, { measured, slices }: DescribeInput): Ground {
  const instances = [...(measured.serving.get(id) ?? instancesOf(view, id))];
  const hosts = instances.map((instance) => hostOf(view, instance));
  const fact = (name: string): number | undefined =>
    factOf(attributesOf(view, id), name) ??
    instances.flatMap((one) => factOf(attributesOf(view, one), name) ?? [])[0];
  const limit =
    fact("cpu_limit_cores") ??
    instances.flatMap((one) => limitByMetrics(view, one, slices) ?? [])[0];
  return {
    instances,
    hosts,
    cores: limit ?? hosts.flatMap((host) => hostCoresOf(view, host) ?? [])[0],
    workers: fact("workers"),
  };
}

/** By slice: cores in use by all replicas. */
function coresUsed(
  view: WorldView,
  { instances, hosts, cores }: Ground,
  slices: readonly Slice[],
): Float64Array {
  const cpu = new Float64Array(slices.length).fill(Number.NaN);
  instances.forEach((instance, at) => {
    const known = { limitCores: cores, hostCores: hostCoresOf(view, hosts[at]) ?? cores };
    const used = instanceCores(view, instance, { known, slices });
    if (used !== undefined) addKnown(cpu, used);
  });
  return cpu;
}

function ratesOf(id: EntityId, work: readonly Work[], { counting, slices }: DescribeInput) {
  const known = counting.byMetrics.get(id);
  if (known !== undefined) return known;
  const counted = new Float64Array(slices.length);
  for (const one of work) plus(counted, one.counts);
  return counted.map((count, at) => {
    const slice = slices[at];
    return slice === undefined ? Number.NaN : count / counting.sampling / secondsOf(slice);
  });
}

function describe(view: WorldView, id: EntityId, input: DescribeInput): Described {
  const { slices } = input;
  const work = input.measured.work.get(id) ?? [];
  const attributes = attributesOf(view, id);
  const ground = groundOf(view, id, input);
  const { instances, hosts, cores, workers } = ground;
  const cpu = coresUsed(view, ground, slices);
  const rates = ratesOf(id, work, input);
  const replicas = instances.length > 0 ? instances.length : (factOf(attributes, "replicas") ?? 1);
  const { relative, counts, meanMs } = relativeOf(work, slices.length);
  const isMeasured = cpu.some((value) => !Number.isNaN(value));
  const held = attributes.workers_held ?? (isMeasured ? "request" : "work");
  return {
    station: {
      id,
      type: isService(id) ? "service" : "store",
      replicas: Array.from({ length: Math.max(1, replicas) }, () => -1),
      ...(cores === undefined || cores === 0 ? {} : { cores }),
      ...(workers === undefined || workers === 0 ? {} : { workers }),
      held: held === "request" ? "request" : "work",
      rate: rateNow(rates, slices),
      rates,
      cpu,
      relative,
      counts,
      selfMs: meanMs,
    },
    hosts,
  };
}

/** All stations in which something happened, with the hosts that they run on. */
export function describeStations(
  view: WorldView,
  input: DescribeInput,
): { readonly stations: readonly Station[]; readonly hosts: readonly HostCapacity[] } {
  const all = [...input.measured.work.keys()]
    .map((id) => describe(view, id, input))
    .filter(({ station }) => sumOf(station.counts) > 0)
    .sort((a, b) => b.station.rate - a.station.rate)
    .slice(0, STATIONS_MAX);
  const indexOf = new Map<EntityId, number>();
  for (const { hosts } of all)
    for (const host of hosts)
      if (host !== undefined && !indexOf.has(host)) indexOf.set(host, indexOf.size);
  for (const { id } of view.entities({ type: "host" }))
    if (!indexOf.has(id) && indexOf.size < STATIONS_MAX) indexOf.set(id, indexOf.size);
  const stations = all.map(({ station, hosts }) => ({
    ...station,
    replicas: station.replicas.map((_, at) => {
      const host = hosts[at];
      return host === undefined ? -1 : (indexOf.get(host) ?? -1);
    }),
  }));
  return {
    stations,
    hosts: describeHosts(view, [...indexOf.keys()], { stations, slices: input.slices }),
  };
}

/** What else keeps a host busy: all that is used less what the stations use. */
function describeHosts(
  view: WorldView,
  ids: readonly EntityId[],
  {
    stations,
    slices,
  }: { readonly stations: readonly Station[]; readonly slices: readonly Slice[] },
): readonly HostCapacity[] {
  const own = ids.map(() => new Float64Array(slices.length));
  for (const { cpu, replicas } of stations) {
    for (const host of replicas) {
      const into = own[host];
      if (into === undefined) continue;
      cpu.forEach((value, at) => {
        if (!Number.isNaN(value)) into[at] = (into[at] ?? 0) + value / replicas.length;
      });
    }
  }
  return ids.map((id, index) => {
    const cores = factOf(attributesOf(view, id), "cpu_cores");
    const known = { limitCores: undefined, hostCores: cores };
    const used = hostCores(view, id, { known, slices });
    const background = Float64Array.from(slices, (_, at) =>
      used === undefined ? 0 : Math.max(0, (used[at] ?? Number.NaN) - (own[index]?.[at] ?? 0)),
    );
    return { id, ...(cores === undefined ? {} : { cores }), background };
  });
}
