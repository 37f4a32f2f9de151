import { gzipSync } from "node:zlib";
import { metricsProtobuf, tracesJson, tracesProtobuf } from "../system/otlp-body.ts";
import { metricsAt } from "../system/synthetic-metrics.ts";
import { type ResourceSpans, SyntheticSystem, sizeOf } from "../system/synthetic-system.ts";

export interface Payload {
  readonly kind: "traces" | "metrics";
  readonly encoding: "protobuf" | "json";
  /** Spans or points in all bodies together. */
  readonly items: number;
  readonly bodies: readonly Buffer[];
  readonly zipped: readonly Buffer[];
}

const SPANS_PER_BODY = 512;
const BENCH_SERVICES = 50;

/** Requests of so many spans, the resources of a trace side by side, as a collector sends them. */
function batches(groups: readonly ResourceSpans[]): ResourceSpans[][] {
  const found: ResourceSpans[][] = [];
  let batch: ResourceSpans[] = [];
  let room = SPANS_PER_BODY;
  for (const { resource, spans } of groups) {
    for (let from = 0; from < spans.length; ) {
      const part = spans.slice(from, from + room);
      batch.push({ resource, spans: part });
      room -= part.length;
      from += part.length;
      if (room > 0) continue;
      found.push(batch);
      batch = [];
      room = SPANS_PER_BODY;
    }
  }
  if (batch.length > 0) found.push(batch);
  return found;
}

const payload = (
  kind: Payload["kind"],
  encoding: Payload["encoding"],
  bodies: readonly Buffer[],
  items: number,
): Payload => ({ kind, encoding, bodies, items, zipped: bodies.map((body) => gzipSync(body)) });

/** The traces of some seconds that end at `endMs`, and what their instances say of themselves at that rate. */
export function payloads(
  endMs: number,
  seconds: number,
  spansPerSecond: number,
): readonly Payload[] {
  const system = new SyntheticSystem(sizeOf(BENCH_SERVICES));
  const lists = Array.from({ length: seconds }, (_, index) => {
    const fromMs = endMs - (seconds - index) * 1000;
    return batches(system.spans(fromMs, fromMs + 1000, spansPerSecond));
  }).flat();
  const spans = lists.flat().reduce((sum, { spans: list }) => sum + list.length, 0);
  const metrics = Array.from({ length: seconds }, (_, index) =>
    metricsAt(system, endMs - (seconds - index) * 1000),
  );
  const points = metrics.flat().reduce((sum, one) => sum + one.points.length, 0);
  const metricBodies = metrics.flatMap((groups) =>
    Array.from({ length: Math.ceil(groups.length / 50) }, (_, at) =>
      metricsProtobuf(groups.slice(at * 50, at * 50 + 50)),
    ),
  );
  return [
    payload("traces", "protobuf", lists.map(tracesProtobuf), spans),
    payload("traces", "json", lists.map(tracesJson), spans),
    payload("metrics", "protobuf", metricBodies, points),
  ];
}
