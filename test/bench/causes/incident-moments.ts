import { caseQuery } from "../../../src/cases/cause-answer.ts";
import type { DiagnoseQuery } from "../../../src/model/causes/diagnose.ts";
import type { MetricsSignal } from "../../../src/model/signal.ts";
import type { WorldView } from "../../../src/model/view.ts";
import { createWorld } from "../../../src/model/world.ts";
import type { IncidentRun } from "./incident-run.ts";
import { incidentSignals, sloId } from "./incident-signals.ts";

/** Answers are asked for so long after the page, in seconds. */
const DELAYS_S = [0, 60, 180] as const;

/** `live`: by the objective that burns, as the running product asks; `record`: by the page, as a recorded case asks. */
export type Asking = "live" | "record";

/** One instant at which questions about an incident are asked. */
export interface Moment {
  readonly delayS: number;
  readonly cutMs: number;
  readonly view: WorldView;
  readonly query: (asking: Asking) => DiagnoseQuery;
}

const TITLES = { latency: "is slow", error_ratio: "is failing" } as const;

function recordQuery(
  run: IncidentRun,
  metrics: readonly MetricsSignal[],
  cutMs: number,
): DiagnoseQuery {
  const { page, detectedMs } = run;
  return caseQuery({
    head: {
      id: String(run.seed),
      system: run.spec.name,
      fromMs: 0,
      toMs: run.endMs,
      detectedMs,
      page: {
        title: `${page.operation} ${TITLES[page.signal]}`,
        detail: "",
        entity: page.service,
        signal: page.signal,
        labels: { operation: page.operation },
      },
      traceSampling: 1,
    },
    cutMs,
    changes: run.changes.filter(({ timeMs }) => timeMs <= cutMs),
    telemetry: {
      spans: [],
      metrics: metrics.filter(({ receivedMs }) => receivedMs <= cutMs),
      logs: [],
      traceShare: 1,
    },
    traceSampling: 1,
    faults: new Map(),
  });
}

/** Folds an incident as the product would have received it, and stops where the questions are asked. */
export function* incidentMoments(run: IncidentRun): Generator<Moment, void, undefined> {
  const signals = incidentSignals(run);
  const world = createWorld();
  world.apply(signals.objectives);
  const { page, spec, detectedMs } = run;
  const slo = sloId(spec.load.findIndex(({ operation }) => operation === page.operation));
  let at = 0;
  for (const delayS of DELAYS_S) {
    const cutMs = detectedMs + delayS * 1000;
    for (let one = signals.all[at]; one !== undefined && one.receivedMs <= cutMs; ) {
      world.advance(one.receivedMs);
      world.apply(one);
      at += 1;
      one = signals.all[at];
    }
    world.advance(cutMs);
    yield {
      delayS,
      cutMs,
      view: world.at(cutMs),
      query: (asking) =>
        asking === "live" ? { sloId: slo, atMs: cutMs } : recordQuery(run, signals.metrics, cutMs),
    };
  }
}
