import type { MetricsSignal, Signal, SpansSignal } from "../../../src/model/signal.ts";
import type { SloDefinition } from "../../../src/model/slo/slo.ts";
import type { SimulatedSpan, UtilisationSample } from "../../../src/simulator/records.ts";
import { pointOf, spanOf } from "../../support/simulated-signals.ts";
import { RequestHistograms } from "../whatif/request-histograms.ts";
import type { IncidentRun } from "./incident-run.ts";

/** An exporter sends so often, and its batch is on its way for so long. */
const TICK_MS = 1_000;
const TRANSPORT_MS = 30;

const receivedMs = (knownMs: number): number =>
  Math.ceil(knownMs / TICK_MS) * TICK_MS + TRANSPORT_MS;

function spanSignals(spans: readonly SimulatedSpan[]): SpansSignal[] {
  const ticks = Map.groupBy(spans, ({ endMs }) => receivedMs(endMs));
  return [...ticks].flatMap(([tickMs, own]) =>
    [...Map.groupBy(own, ({ resource }) => resource)].map(
      ([{ attributes }, batch]): SpansSignal => ({
        type: "spans",
        source: "otlp",
        receivedMs: tickMs,
        resource: attributes,
        spans: batch.map(spanOf),
      }),
    ),
  );
}

const metricSignal = (sample: UtilisationSample): MetricsSignal => ({
  type: "metrics",
  source: "otlp",
  receivedMs: sample.timeMs + TRANSPORT_MS,
  resource: sample.resource.attributes,
  points: [pointOf(sample)],
});

const METERED_EVERY_MS = 10_000;

/** What every server reports of its requests' durations. */
function durationSignals(spans: readonly SimulatedSpan[]): MetricsSignal[] {
  const histograms = new RequestHistograms(METERED_EVERY_MS);
  let dueMs = Number.NaN;
  for (const span of spans.toSorted((a, b) => a.endMs - b.endMs)) {
    if (!(span.endMs <= dueMs)) {
      if (dueMs > 0) histograms.close(dueMs);
      dueMs = Math.ceil(span.endMs / METERED_EVERY_MS) * METERED_EVERY_MS;
    }
    histograms.add(span);
  }
  return histograms.points.map(
    ({ resource, attributes, startMs, timeMs, sumS, counts }): MetricsSignal => ({
      type: "metrics",
      source: "otlp",
      receivedMs: timeMs + TRANSPORT_MS,
      resource: resource.attributes,
      points: [
        {
          name: "http.server.request.duration",
          unit: "s",
          kind: "histogram",
          temporality: "cumulative",
          monotonic: false,
          startMs,
          timeMs,
          attributes,
          value: sumS,
          count: counts.reduce((sum, one) => sum + one, 0),
          bounds: histograms.bounds,
          bucketCounts: counts,
        },
      ],
    }),
  );
}

export const sloId = (at: number): string => `entry-${at}`;

function objectives({ spec, slowMs }: IncidentRun): readonly SloDefinition[] {
  return spec.load.map(({ service, operation }, at) => ({
    id: sloId(at),
    description: "",
    service,
    operation,
    objective: 0.99,
    latencyThresholdMs: slowMs.get(operation) ?? Number.POSITIVE_INFINITY,
    rules: [],
    absentAfterMs: 60_000,
    settle: { effectMs: 30_000, observeMs: 60_000 },
  }));
}

/** Everything that was told of an incident, in the order in which it came. */
export interface IncidentSignals {
  readonly objectives: Signal;
  readonly spans: readonly SpansSignal[];
  readonly metrics: readonly MetricsSignal[];
  readonly all: readonly Signal[];
}

export function incidentSignals(run: IncidentRun): IncidentSignals {
  const spans = spanSignals(run.spans);
  const metrics = [...run.samples.map(metricSignal), ...durationSignals(run.spans)];
  const changes = run.changes.map(
    (change): Signal => ({
      type: "change",
      source: "changes",
      receivedMs: change.timeMs + TRANSPORT_MS,
      change,
    }),
  );
  const all = [...spans, ...metrics, ...changes].sort((a, b) => a.receivedMs - b.receivedMs);
  const first = all[0]?.receivedMs ?? 0;
  return {
    objectives: { type: "slos", source: "file", receivedMs: first, slos: objectives(run) },
    spans,
    metrics,
    all,
  };
}
