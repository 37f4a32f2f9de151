import { HISTORY_MS, type Stretch, stretchOf } from "../../dynamics/stretch.ts";
import type { EntityId } from "../../entity.ts";
import type { EntryWindow, StationWindow, WorldView } from "../../view.ts";
import type { EntryLoad, Problem, Slice } from "../problem.ts";
import { countedBy } from "./counted.ts";
import { describeLinks } from "./links.ts";
import { describePlace } from "./places.ts";
import { ProgramBuilder } from "./program-builder.ts";
import { sliceSums, slicesOf, versionBoundary } from "./slices.ts";
import {
  type Counting,
  countRequests,
  describeStations,
  measure,
  presentSlices,
} from "./stations.ts";

/** Limit: nodes of all exemplars together, shared out over the operations. */
const NODES_MAX = 16_000;
/** Limit: exemplars of one operation. */
const TRACES_MAX = 600;

export interface CompileRequest {
  /** Operations and services that the answer is about. */
  readonly places: readonly EntityId[];
  /** Share of traces that is kept; undefined: told by metrics where they count requests, else all. */
  readonly sampling?: number;
  readonly horizonMs: number;
  readonly seed: number;
}

/** Compiles what the view knows; undefined: no requests were ever seen. */
export function compileProblem(view: WorldView, request: CompileRequest): Problem | undefined {
  const stretch = worstStretch(view, request.places);
  if (stretch === undefined) return undefined;
  const { history } = stretch;
  const stationWindows = view.stations(history);
  const edgeWindows = view.edges(history);
  const slices = slicesOf(view, {
    stretch,
    boundary: versionBoundary(stationWindows, servicesOf(stationWindows), history.toMs),
  });
  const measured = measure(stationWindows, edgeWindows, slices);
  const counting = countRequests(view, measured, { slices, sampling: request.sampling });
  const { stations, hosts } = describeStations(view, { measured, counting, slices });
  const indexOf = new Map(stations.map((station, at) => [station.id, at] as const));
  const links = describeLinks(view, edgeWindows, indexOf);
  const entryWindows = view.entries(history);
  const entries = entryLoads(view, entryWindows, { slices, counting, indexOf });
  const linkOf = new Map<string, number>(links.map(({ from, to }, at) => [`${from} ${to}`, at]));
  const builder = new ProgramBuilder({
    station: (id) => indexOf.get(id),
    link: (caller, callee) => linkOf.get(`${indexOf.get(caller)} ${indexOf.get(callee)}`),
  });
  addExemplars(view, builder, { entries, slices });
  return {
    stations,
    hosts,
    links,
    entries,
    places: request.places.flatMap(
      (id) =>
        describePlace(id, {
          view,
          slices,
          indexOf,
          entries: entryWindows,
          sampling: counting.sampling,
        }) ?? [],
    ),
    slices,
    program: builder.build(),
    horizonMs: request.horizonMs,
    seed: request.seed,
  };
}

const servicesOf = (stations: readonly StationWindow[]): ReadonlySet<EntityId> =>
  new Set(stations.map((one) => one.service));

/** The operation whose trouble began last stands for all: what is "now" must be so for every one of them. */
function worstStretch(view: WorldView, places: readonly EntityId[]): Stretch | undefined {
  const slos = view.slos();
  const window = { fromMs: view.closedMs - HISTORY_MS, toMs: view.closedMs };
  const entries = view.entries(window);
  const own = entries.filter(
    (one) => places.includes(one.operation) || places.includes(one.service),
  );
  const operations = (own.length > 0 ? own : entries).map((one) => one.operation);
  const stretches = operations.flatMap((operation) => {
    const slo = slos.find((one) => operation === `operation:${one.service} ${one.operation}`);
    const options = { atMs: view.closedMs, ...(slo === undefined ? {} : { slo }) };
    return stretchOf(view, operation, options) ?? [];
  });
  const troubled = stretches.filter((one) => one.deviates);
  return troubled.sort((a, b) => b.onsetMs - a.onsetMs)[0] ?? stretches[0];
}

function entryLoads(
  view: WorldView,
  windows: readonly EntryWindow[],
  input: {
    readonly slices: readonly Slice[];
    readonly counting: Counting;
    readonly indexOf: ReadonlyMap<EntityId, number>;
  },
): readonly EntryLoad[] {
  const { slices, counting, indexOf } = input;
  const now = presentSlices(slices);
  const window = { fromMs: slices[now[0] ?? 0]?.fromMs ?? 0, toMs: slices.at(-1)?.toMs ?? 0 };
  return windows.flatMap((entry): readonly EntryLoad[] => {
    if (!indexOf.has(entry.service)) return [];
    const counts = sliceSums(entry, entry.count, slices);
    const rates = counts.map((count, at) => {
      const slice = slices[at];
      if (slice === undefined) return Number.NaN;
      return count / counting.sampling / ((slice.toMs - slice.fromMs) / 1000);
    });
    const seconds = now.reduce((sum, at) => sum + secondsAt(slices, at), 0);
    const traced = now.reduce((sum, at) => sum + (rates[at] ?? 0) * secondsAt(slices, at), 0);
    const counted = countedBy(view, entry.service, { window, operation: entry.operation });
    const requests =
      counted !== undefined && counted.requests > 0.5 * traced ? counted.requests : traced;
    return [{ operation: entry.operation, rate: seconds > 0 ? requests / seconds : 0, rates }];
  });
}

const secondsAt = (slices: readonly Slice[], at: number): number => {
  const slice = slices[at];
  return slice === undefined ? 0 : (slice.toMs - slice.fromMs) / 1000;
};

const REGIMES = ["healthy", "now"] as const;

/**
 * Traces of every entry operation, newest first: of the time before the trouble and of now each their half, so that a
 * flood of the ones leaves room for the others.
 */
function addExemplars(
  view: WorldView,
  builder: ProgramBuilder,
  {
    entries,
    slices,
  }: { readonly entries: readonly EntryLoad[]; readonly slices: readonly Slice[] },
): void {
  const windows = REGIMES.flatMap((regime) => {
    const own = slices.filter((slice) => slice.regime === regime);
    const [first, last] = [own[0], own.at(-1)];
    return first === undefined || last === undefined
      ? []
      : [{ fromMs: first.fromMs, toMs: last.toMs }];
  });
  const shares = entries.length * windows.length;
  const limit = Math.ceil(TRACES_MAX / Math.max(1, windows.length));
  entries.forEach(({ operation }, entry) => {
    windows.forEach((window, at) => {
      const room = ((entry * windows.length + at + 1) * NODES_MAX) / shares;
      for (const trace of view.traces({ window, operation, reservoir: "uniform", limit })) {
        if (builder.nodes >= room) break;
        const endMs = trace.startMs + trace.durationMs;
        const slice = slices.findIndex((one) => endMs >= one.fromMs && endMs < one.toMs);
        if (slice >= 0) builder.add(trace, { entry, slice });
      }
    });
  });
}
