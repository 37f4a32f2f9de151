import { metricUnit, type Unit, type Window } from "../../quantity.ts";
import { seriesOf, sumOnGrid } from "./cells.ts";
import { type ErrorSignal, errorSignals } from "./error-signal.ts";
import { type LatencySignal, latencyShift, latencySignal } from "./latency-signal.ts";
import { commonStepMs, type PlacedSeries, type PlaceSeries } from "./place-series.ts";
import type { RoleKind } from "./series-role.ts";
import { type SignalShift, type Stretches, shiftOfSignal } from "./signal-shift.ts";
import { type Grid, gridOf, onGrid, type StepSeries } from "./step-series.ts";

/** What a place's series say, before anything is compared. */
export interface PlaceSignals {
  readonly name: string;
  readonly grid: Grid;
  readonly latency: LatencySignal | undefined;
  readonly errors: readonly ErrorSignal[];
  /** Requests a second, or whatever counts them. */
  readonly traffic: StepSeries | undefined;
  readonly gauges: readonly PlacedSeries[];
  /** The newest reading of the place itself, and how many steps it was heard in. */
  readonly lastMs: number;
  readonly heard: number;
}

/** One gauge that left its usual level. */
export interface GaugeShift {
  readonly metric: string;
  readonly unit: Unit;
  readonly kind: RoleKind;
  readonly shift: SignalShift;
  /** Standard score in the direction that is bad. */
  readonly badness: number;
  /** Share of what is full, where the series says it. */
  readonly level: number | undefined;
}

/** How a place moved from the reference to the incident. */
export interface PlaceShift {
  readonly name: string;
  readonly latency?: {
    readonly shift: SignalShift;
    readonly addedMs: number;
    readonly beforeMs: number;
    readonly isMean: boolean;
  };
  readonly errors?: { readonly shift: SignalShift; readonly isShare: boolean };
  readonly traffic?: SignalShift;
  /** Requests in the incident, in whatever unit: for ratios between places. */
  readonly requests?: number;
  /** Worst first. */
  readonly gauges: readonly GaugeShift[];
  /** Nothing comes from it any more, since then, although it came regularly. */
  readonly silentSinceMs?: number;
}

/** How many of a place's series stand for requests: names of those come first. */
const REQUESTS = /request|\breq|rps|qps|workload|calls|invocation|\.rate$|\bops|hits/i;
const BYTES = /byte|packet|\bby\b/i;
/** Limit: gauges kept of one place. */
const GAUGES_MAX = 12;

function trafficOf(all: readonly PlacedSeries[], grid: Grid): StepSeries | undefined {
  const usable = all.filter(({ series }) => !BYTES.test(`${series.metric} ${series.unit}`));
  const named = usable.filter(({ series }) => REQUESTS.test(series.metric));
  const pool = named.length > 0 ? named : usable;
  const metric = pool[0]?.series.metric;
  if (metric === undefined) return undefined;
  return sumOnGrid(
    pool.filter(({ series }) => series.metric === metric),
    grid,
  );
}

/** Reads the signals of a place, and of the instances that belong to it, on the step that they share. */
export function placeSignals(
  name: string,
  own: PlaceSeries | undefined,
  instances: readonly PlaceSeries[],
  window: Window,
): PlaceSignals | undefined {
  const of = (kind: "latency" | "errors" | "health" | "traffic") => seriesOf(own, instances, kind);
  const [latencies, errors, health, traffic] = [
    of("latency"),
    of("errors"),
    of("health"),
    of("traffic"),
  ];
  const gauges = [...(own?.byKind ?? [])].flatMap(([kind, group]) =>
    kind === "latency" || kind === "traffic" || kind === "errors" ? [] : group,
  );
  const stepMs = commonStepMs([...latencies, ...errors, ...health, ...traffic, ...gauges]);
  if (!Number.isFinite(stepMs)) {
    const isEmpty = gauges.length + latencies.length + errors.length + health.length === 0;
    if (isEmpty) return undefined;
  }
  const grid = gridOf(window.fromMs, window.toMs, Number.isFinite(stepMs) ? stepMs : 60_000);
  const requests = trafficOf(traffic, grid);
  const mine = [...(own?.byKind.values() ?? [])].flat();
  return {
    name,
    grid,
    latency: latencySignal(latencies, traffic, { grid, reference: window }),
    errors: errorSignals({ errors, health, traffic }, requests, grid),
    traffic: requests,
    gauges,
    lastMs: Math.max(Number.NEGATIVE_INFINITY, ...mine.map(({ series }) => lastOf(series.timesMs))),
    heard: Math.max(0, ...mine.map(({ series }) => series.timesMs.length)),
  };
}

const lastOf = (timesMs: Float64Array): number => timesMs.at(-1) ?? Number.NEGATIVE_INFINITY;

/** Steps without a reading that are a silence, and with one before, that make it one. */
const SILENT_STEPS = 2.6;
const HEARD_MIN = 6;

function silentSince(signals: PlaceSignals, newestMs: number): number | undefined {
  const { grid, lastMs, heard } = signals;
  if (heard < HEARD_MIN || !Number.isFinite(lastMs)) return undefined;
  return newestMs - lastMs > SILENT_STEPS * grid.stepMs ? lastMs : undefined;
}

const DIRECTION: Readonly<Partial<Record<RoleKind, 1 | -1>>> = {
  resource: 1,
  restarts: 1,
  health: -1,
  reserve: -1,
};

function gaugeShift(
  { series, role, stepMs }: PlacedSeries,
  window: Window,
  stretches: Stretches,
): GaugeShift {
  const grid = gridOf(window.fromMs, window.toMs, Number.isFinite(stepMs) ? stepMs : 60_000);
  const values = onGrid(grid, series);
  const steps = { fromMs: grid.fromMs, stepMs: grid.stepMs, values };
  const shift = shiftOfSignal(steps, stretches, role.full === undefined ? "plain" : "share");
  const direction = DIRECTION[role.kind];
  return {
    metric: series.metric,
    unit: series.kind === "rate" ? "per_second" : metricUnit(series.unit),
    kind: role.kind,
    shift,
    badness: direction === undefined ? Math.abs(shift.score) : direction * shift.score,
    level: role.full === undefined ? undefined : shift.after / role.full,
  };
}

function worstErrors(
  signals: readonly ErrorSignal[],
  stretches: Stretches,
): PlaceShift["errors"] | undefined {
  return signals
    .map(({ values, isShare }) => ({
      isShare,
      shift: shiftOfSignal(values, stretches, isShare ? "share" : "logged"),
    }))
    .filter(({ shift }) => shift.countAfter > 0)
    .sort((a, b) => Number(b.isShare) - Number(a.isShare) || b.shift.score - a.shift.score)[0];
}

/** Compares a place's incident with its reference. */
export function placeShift(
  signals: PlaceSignals,
  at: { readonly window: Window; readonly newestMs: number },
  stretches: Stretches,
): PlaceShift {
  const { name, grid, latency, traffic } = signals;
  const silentSinceMs = silentSince(signals, at.newestMs);
  const errors = worstErrors(signals.errors, stretches);
  const traffics = traffic === undefined ? undefined : shiftOfSignal(traffic, stretches, "log");
  const gauges = signals.gauges
    .map((one) => gaugeShift(one, at.window, stretches))
    .sort((a, b) => b.badness - a.badness)
    .slice(0, GAUGES_MAX);
  return {
    name,
    ...(latency === undefined
      ? {}
      : { latency: { ...latencyShift(latency, stretches, grid), isMean: latency.isMean } }),
    ...(errors === undefined ? {} : { errors }),
    ...(traffics === undefined ? {} : { traffic: traffics }),
    ...(traffics !== undefined && traffics.after > 0 ? { requests: traffics.after } : {}),
    gauges,
    ...(silentSinceMs === undefined ? {} : { silentSinceMs }),
  };
}
