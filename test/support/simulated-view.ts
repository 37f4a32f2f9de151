import type { Signal } from "../../src/model/signal.ts";
import type { SloDefinition } from "../../src/model/slo/slo.ts";
import type { WorldView } from "../../src/model/view.ts";
import { createWorld } from "../../src/model/world.ts";
import type { Intervention } from "../../src/simulator/intervention.ts";
import type { SimulatedResource, SimulatedSpan } from "../../src/simulator/records.ts";
import { createSimulation } from "../../src/simulator/simulation.ts";
import type { SystemSpec } from "../../src/simulator/system-spec.ts";

const ORIGIN_MS = Date.UTC(2026, 0, 5, 9, 0, 0);
const BATCH_MS = 1_000;
/** By then every bucket of the time that was simulated is closed. */
const CLOSING_MS = 10_000;

/** What the model has made of a simulated system's spans and changes, after so many seconds. */
export function simulatedView(
  spec: SystemSpec,
  options: {
    readonly seconds: number;
    readonly seed: number;
    readonly slos: readonly SloDefinition[];
    /** By second. */
    readonly interventions?: readonly (readonly [number, Intervention])[];
  },
): WorldView {
  const world = createWorld();
  const batches = new Map<SimulatedResource, SimulatedSpan[]>();
  let nowMs = ORIGIN_MS;
  const apply = (signal: Signal): void => world.apply(signal);
  const simulation = createSimulation(spec, {
    seed: options.seed,
    originMs: ORIGIN_MS,
    sink: {
      span: (span) => {
        const batch = batches.get(span.resource);
        if (batch === undefined) batches.set(span.resource, [span]);
        else batch.push(span);
      },
      change: (change) =>
        apply({ type: "change", source: "changes", receivedMs: change.timeMs, change }),
    },
  });
  apply({ type: "slos", source: "file", receivedMs: nowMs, slos: options.slos });
  for (const [atS, intervention] of options.interventions ?? [])
    simulation.at(ORIGIN_MS + atS * 1000, intervention);
  for (const endMs = ORIGIN_MS + options.seconds * 1000; nowMs < endMs; ) {
    nowMs += BATCH_MS;
    simulation.runUntil(nowMs);
    for (const [{ attributes }, spans] of batches)
      apply({ type: "spans", source: "otlp", receivedMs: nowMs, resource: attributes, spans });
    batches.clear();
    world.advance(nowMs);
  }
  world.advance(nowMs + CLOSING_MS);
  return world.at(nowMs);
}
