// What a simulation lets out, as the model takes it in.
import type { MetricPoint, Span } from "../../src/model/signal.ts";
import type { SimulatedSpan, UtilisationSample } from "../../src/simulator/records.ts";

export function spanOf(span: SimulatedSpan): Span {
  const { resource: _, ...rest } = span;
  return rest;
}

export function pointOf(sample: UtilisationSample): MetricPoint {
  return {
    name: sample.metric,
    unit: sample.unit,
    kind: "gauge",
    temporality: "unspecified",
    monotonic: false,
    startMs: 0,
    timeMs: sample.timeMs,
    attributes: sample.attributes,
    value: sample.value,
    count: 0,
  };
}
