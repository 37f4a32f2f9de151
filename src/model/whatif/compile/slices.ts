import { floorToBucket, sumIn } from "../../dynamics/columns.ts";
import { HISTORY_MS, type Stretch } from "../../dynamics/stretch.ts";
import type { EntityId } from "../../entity.ts";
import { BUCKET_MS, type StationWindow, type WorldView } from "../../view.ts";
import type { Regime, Slice } from "../problem.ts";

/** Slices are this short, or as long as it takes for no more than `SLICES_MAX`. */
const SLICE_MS = 20_000;
const SLICES_MAX = 24;
/** An old version that still serves so near the end is not about to go. */
const MIXED_MS = 10_000;
/** A difference of own times (as a log ratio) or failures by which versions are told apart, beyond their noise. */
const APART_LOG = 0.12;
const APART_FAILURES = 0.01;
const APART_Z = 4;

/** When the system last became another one. */
export interface Boundary {
  readonly healthyToMs: number;
  readonly nowFromMs: number;
}

interface Versioned {
  count: number;
  errors: number;
  ms: number;
  timed: number;
  firstMs: number;
  lastMs: number;
}

function byVersion(stations: readonly StationWindow[]): ReadonlyMap<string, Versioned> {
  const versions = new Map<string, Versioned>();
  for (const station of stations) {
    if (station.version === undefined) continue;
    const found = versions.get(station.version) ?? {
      count: 0,
      errors: 0,
      ms: 0,
      timed: 0,
      firstMs: Number.POSITIVE_INFINITY,
      lastMs: Number.NEGATIVE_INFINITY,
    };
    versions.set(station.version, found);
    for (let at = 0; at < station.length; at += 1) {
      const count = station.count[at] ?? 0;
      if (count === 0) continue;
      const atMs = station.fromMs + at * BUCKET_MS;
      found.count += count;
      found.errors += station.originErrors[at] ?? 0;
      found.ms += station.selfMsSum[at] ?? 0;
      found.timed += station.selfCount[at] ?? 0;
      found.firstMs = Math.min(found.firstMs, atMs);
      found.lastMs = Math.max(found.lastMs, atMs);
    }
  }
  return versions;
}

function areApart(a: Versioned, b: Versioned): boolean {
  if (Math.min(a.count, b.count, a.timed, b.timed) < 8) return false;
  const failures = Math.abs(a.errors / a.count - b.errors / b.count);
  const all = (a.errors + b.errors + 1) / (a.count + b.count + 2);
  const failureNoise = Math.sqrt(all * (1 - all) * (1 / a.count + 1 / b.count));
  if (failures > Math.max(APART_FAILURES, APART_Z * failureNoise)) return true;
  const log = Math.abs(Math.log((a.ms / a.timed + 0.01) / (b.ms / b.timed + 0.01)));
  return log > Math.max(APART_LOG, APART_Z * Math.sqrt(1 / a.timed + 1 / b.timed));
}

/** The latest change of a version of these services after which it worked otherwise. */
export function versionBoundary(
  stations: readonly StationWindow[],
  services: ReadonlySet<EntityId>,
  toMs: number,
): Boundary | undefined {
  let found: Boundary | undefined;
  const own = Map.groupBy(
    stations.filter((one) => services.has(one.service)),
    (one) => one.service,
  );
  for (const group of own.values()) {
    const versions = [...byVersion(group).values()].sort((a, b) => a.firstMs - b.firstMs);
    const [last, before] = [versions.at(-1), versions.at(-2)];
    if (last === undefined || before === undefined || !areApart(last, before)) continue;
    const goneMs = before.lastMs + BUCKET_MS;
    const isMixed = goneMs > toMs - MIXED_MS;
    const nowFromMs = isMixed ? last.firstMs + 2 * BUCKET_MS : Math.max(goneMs, last.firstMs);
    if (found === undefined || nowFromMs > found.nowFromMs)
      found = { healthyToMs: Math.min(last.firstMs, goneMs), nowFromMs };
  }
  return found;
}

/** The history in slices, each told whether the system was then as it is now. */
export function slicesOf(
  view: WorldView,
  { stretch, boundary }: { readonly stretch: Stretch; readonly boundary: Boundary | undefined },
): readonly Slice[] {
  const toMs = floorToBucket(view.closedMs);
  const fromMs = floorToBucket(Math.max(view.retainedFromMs, toMs - HISTORY_MS));
  const steps = Math.max(1, Math.min(SLICES_MAX, Math.floor((toMs - fromMs) / SLICE_MS)));
  const lengthMs = Math.max(BUCKET_MS, Math.ceil((toMs - fromMs) / steps / BUCKET_MS) * BUCKET_MS);
  const onset: Boundary | undefined = stretch.deviates
    ? { healthyToMs: stretch.healthy.toMs, nowFromMs: stretch.incident.fromMs }
    : undefined;
  // Both see the same trouble in most cases; then the version tells its time better.
  const border = laterOf(boundary, onset);
  const regimeOf = (from: number, to: number): Regime => {
    if (border === undefined) return "now";
    if (from >= border.nowFromMs) return "now";
    const healthyFrom = stretch.deviates ? stretch.healthy.fromMs : fromMs;
    return to <= border.healthyToMs && from >= healthyFrom ? "healthy" : "between";
  };
  const slices: Slice[] = [];
  const cut = border === undefined ? [] : [border.healthyToMs, border.nowFromMs];
  for (let end = toMs; end > fromMs; ) {
    const bound = cut.filter((one) => one < end && one > end - lengthMs).at(-1);
    const begin = Math.max(fromMs, bound ?? end - lengthMs);
    slices.push({ fromMs: begin, toMs: end, regime: regimeOf(begin, end) });
    end = begin;
  }
  return slices.reverse();
}

function laterOf(a: Boundary | undefined, b: Boundary | undefined): Boundary | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.nowFromMs >= b.nowFromMs - 60_000 ? a : b;
}

/** A column's sum by slice. */
export function sliceSums(
  buckets: { readonly fromMs: number; readonly length: number },
  column: Float64Array,
  slices: readonly Slice[],
): Float64Array {
  return Float64Array.from(slices, (slice) => sumIn(buckets, column, slice));
}
