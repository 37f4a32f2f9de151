import type { LogStore } from "./log-store.ts";
import type { MetricStore } from "./metric-store.ts";
import type { OpenTraces } from "./open-traces.ts";
import type { SiteResolver } from "./site-resolver.ts";
import type { Topology } from "./topology.ts";

/** Limit: services named for their many operations. */
const SERVICES_NAMED_MAX = 5;

/** What the model's limits have left out since its start, as sentences for people. */
export function intakeNotes(of: {
  readonly topology: Topology;
  readonly resolver: SiteResolver;
  readonly traces: OpenTraces;
  readonly metrics: MetricStore;
  readonly logs: LogStore;
}): string[] {
  const { topology, resolver } = of;
  const notes: string[] = [];
  const crowded = [...resolver.overflowed].sort((a, b) => b[1] - a[1]);
  for (const [service, count] of crowded.slice(0, SERVICES_NAMED_MAX)) {
    const name = topology.name(service);
    notes.push(`${name} has more operations than are told apart: ${count} spans count together`);
  }
  const { entities, relations, sendersRefused } = topology;
  const isFull = entities.refused > 0 || relations.refused > 0 || sendersRefused > 0;
  if (isFull)
    notes.push("there are more services, instances or relations than fit: some are left out");
  const cellsRefused = resolver.stationCells.refused + resolver.edgeCells.refused;
  if (cellsRefused > 0) notes.push("some spans are in no column: there are too many kinds of work");
  if (of.metrics.refused > 0) notes.push("some metric series are beyond the limit");
  if (of.logs.overflowed > 0) notes.push("some log records fit no template");
  if (of.traces.unassembled > 0) notes.push("some spans were counted without their trace");
  return notes;
}
