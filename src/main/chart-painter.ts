import { incidentChart } from "../chart/incident-chart.ts";
import { incidentSpec } from "../chart/incident-spec.ts";
import type { PngRenderer } from "../chart/png-renderer.ts";
import type { Incidents } from "../incident/contract.ts";
import type { WorldView } from "../model/view.ts";

/** Draws the newest diagnosis of an incident on what is known now; undefined when there is nothing to draw. */
export function chartPainter(deps: {
  readonly incidents: Incidents;
  now(): WorldView;
  readonly renderer: PngRenderer;
}): (incidentId: string) => Promise<Uint8Array | undefined> {
  return async (incidentId) => {
    const diagnosis = (await deps.incidents.read(incidentId))?.diagnosis;
    if (diagnosis === undefined) return undefined;
    const spec = incidentSpec(deps.now(), diagnosis);
    return deps.renderer.renderPng(incidentChart(spec));
  };
}
