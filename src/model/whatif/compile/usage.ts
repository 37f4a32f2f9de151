import type { EntityId } from "../../entity.ts";
import type { SeriesWindow, WorldView } from "../../view.ts";
import type { Slice } from "../problem.ts";

/** What tells how many cores a process used, in the order in which it is believed. */
const INSTANCE_METRICS = [
  { metric: "k8s.pod.cpu.usage", counts: "cores" },
  { metric: "container.cpu.usage", counts: "cores" },
  { metric: "container.cpu.time", counts: "cores" },
  { metric: "process.cpu.time", counts: "cores" },
  { metric: "k8s.pod.cpu_limit_utilization", counts: "limits" },
  { metric: "k8s.container.cpu_limit_utilization", counts: "limits" },
  { metric: "container.cpu.utilization", counts: "limits" },
  { metric: "process.cpu.utilization", counts: "hosts" },
] as const;
const HOST_METRICS = [
  { metric: "k8s.node.cpu.usage", counts: "cores" },
  { metric: "system.cpu.utilization", counts: "hosts" },
] as const;

/** What a share is of. */
interface Known {
  readonly limitCores: number | undefined;
  readonly hostCores: number | undefined;
}

/** Attributes whose value says that nothing was done in this part of the time. */
const IDLE = new Set(["idle", "iowait", "steal"]);

const isWork = ({ attributes }: SeriesWindow): boolean =>
  !IDLE.has(String(attributes["cpu.mode"] ?? attributes["system.cpu.state"] ?? attributes.state));

/** Mean of each slice over the points in it; NaN where there is none. */
export function sliceMeans(series: SeriesWindow, slices: readonly Slice[]): Float64Array {
  const sums = new Float64Array(slices.length);
  const counts = new Float64Array(slices.length);
  let slice = 0;
  for (let at = 0; at < series.values.length; at += 1) {
    const value = series.values[at] ?? Number.NaN;
    const timeMs = series.timesMs[at] ?? 0;
    while (slice < slices.length && timeMs >= (slices[slice]?.toMs ?? 0)) slice += 1;
    if (slice >= slices.length) break;
    if (Number.isNaN(value) || timeMs < (slices[slice]?.fromMs ?? 0)) continue;
    sums[slice] = (sums[slice] ?? 0) + value;
    counts[slice] = (counts[slice] ?? 0) + 1;
  }
  return sums.map((sum, at) => ((counts[at] ?? 0) > 0 ? sum / (counts[at] ?? 1) : Number.NaN));
}

/** Adds what is known of `added`; a slice in which nobody was seen stays unknown. */
export function addKnown(total: Float64Array, added: Float64Array): void {
  for (let at = 0; at < total.length; at += 1) {
    const value = added[at] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const before = total[at] ?? Number.NaN;
    total[at] = Number.isNaN(before) ? value : before + value;
  }
}

function coresBy(
  metrics: readonly { readonly metric: string; readonly counts: "cores" | "limits" | "hosts" }[],
  read: (metric: string) => readonly SeriesWindow[],
  { known, slices }: { readonly known: Known; readonly slices: readonly Slice[] },
): Float64Array | undefined {
  for (const { metric, counts } of metrics) {
    const unit = { cores: 1, limits: known.limitCores, hosts: known.hostCores }[counts];
    if (unit === undefined) continue;
    const series = read(metric).filter(isWork);
    if (series.length === 0) continue;
    const total = new Float64Array(slices.length).fill(Number.NaN);
    for (const one of series) addKnown(total, sliceMeans(one, slices));
    if (total.some((value) => !Number.isNaN(value))) return total.map((value) => value * unit);
  }
  return undefined;
}

function reader(view: WorldView, entity: EntityId, slices: readonly Slice[]) {
  const window = { fromMs: slices[0]?.fromMs ?? 0, toMs: slices.at(-1)?.toMs ?? 0 };
  const names = new Set(view.metrics(entity).map((one) => one.metric));
  return (metric: string): readonly SeriesWindow[] =>
    names.has(metric) ? view.series({ entity, metric, window }) : [];
}

/** Cores that a process used in each slice; undefined: nothing tells. */
export function instanceCores(
  view: WorldView,
  instance: EntityId,
  of: { readonly known: Known; readonly slices: readonly Slice[] },
): Float64Array | undefined {
  return coresBy(INSTANCE_METRICS, reader(view, instance, of.slices), of);
}

/** Cores in use on a host in each slice; undefined: nothing tells. */
export function hostCores(
  view: WorldView,
  host: EntityId,
  of: { readonly known: Known; readonly slices: readonly Slice[] },
): Float64Array | undefined {
  return coresBy(HOST_METRICS, reader(view, host, of.slices), of);
}

/** The cores that a process may use, told by its use and the share of the limit that this is. */
export function limitByMetrics(
  view: WorldView,
  instance: EntityId,
  slices: readonly Slice[],
): number | undefined {
  const read = reader(view, instance, slices);
  const latest = (metric: string): number | undefined => {
    const means = read(metric).flatMap((one) => [...sliceMeans(one, slices)]);
    const known = means.filter((value) => value > 0);
    return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0) / known.length;
  };
  const limit = latest("k8s.pod.cpu.limit") ?? latest("container.cpu.limit");
  if (limit !== undefined) return limit;
  const used = latest("k8s.pod.cpu.usage") ?? latest("container.cpu.usage");
  const share =
    latest("k8s.pod.cpu_limit_utilization") ?? latest("k8s.container.cpu_limit_utilization");
  return used === undefined || share === undefined ? undefined : used / share;
}
