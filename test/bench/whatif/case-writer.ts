import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { RecordAttributes, SimulatedSpan } from "../../../src/simulator/records.ts";
import type { BenchHistory } from "./bench-history.ts";

/** Lines of one file hold this many spans or points. */
const LINE_ITEMS = 5_000;

const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n);

function anyValue(value: string | number | boolean): Readonly<Record<string, unknown>> {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

const attributesOf = (attributes: RecordAttributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

const spanRow = (span: SimulatedSpan) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name,
  kind: span.kind,
  startTimeUnixNano: nanos(span.startMs),
  endTimeUnixNano: nanos(span.endMs),
  attributes: attributesOf(span.attributes),
  ...(span.status === 0 ? {} : { status: { code: span.status } }),
});

function* chunks<T>(items: readonly T[]): Generator<readonly T[], void, void> {
  for (let at = 0; at < items.length; at += LINE_ITEMS) yield items.slice(at, at + LINE_ITEMS);
}

function traceLines({ spans }: BenchHistory): string {
  const lines = [...chunks(spans)].map((chunk) => ({
    resourceSpans: [...Map.groupBy(chunk, (span) => span.resource)].map(([resource, own]) => ({
      resource: { attributes: attributesOf(resource.attributes) },
      scopeSpans: [{ scope: { name: "bench" }, spans: own.map(spanRow) }],
    })),
  }));
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

function metricLines({ samples, histograms }: BenchHistory): string {
  const gauges = [...chunks(samples)].map((chunk) => ({
    resourceMetrics: chunk.map(({ resource, metric, unit, value, timeMs, attributes }) => ({
      resource: { attributes: attributesOf(resource.attributes) },
      scopeMetrics: [
        {
          scope: { name: "bench" },
          metrics: [
            {
              name: metric,
              unit,
              gauge: {
                dataPoints: [
                  {
                    timeUnixNano: nanos(timeMs),
                    asDouble: value,
                    attributes: attributesOf(attributes),
                  },
                ],
              },
            },
          ],
        },
      ],
    })),
  }));
  const durations = [...chunks(histograms.points)].map((chunk) => ({
    resourceMetrics: [...Map.groupBy(chunk, (point) => point.resource)].map(([resource, own]) => ({
      resource: { attributes: attributesOf(resource.attributes) },
      scopeMetrics: [
        {
          scope: { name: "bench" },
          metrics: [
            {
              name: "http.server.request.duration",
              unit: "s",
              histogram: {
                aggregationTemporality: 2,
                dataPoints: own.map((point) => ({
                  attributes: attributesOf(point.attributes),
                  startTimeUnixNano: nanos(point.startMs),
                  timeUnixNano: nanos(point.timeMs),
                  count: String(point.counts.reduce((sum, one) => sum + one, 0)),
                  sum: point.sumS,
                  explicitBounds: histograms.bounds,
                  bucketCounts: point.counts.map(String),
                })),
              },
            },
          ],
        },
      ],
    })),
  }));
  return [...gauges, ...durations].map((line) => `${JSON.stringify(line)}\n`).join("");
}

export interface BenchCase {
  readonly id: string;
  readonly history: BenchHistory;
  readonly sampling: number;
  readonly topology: unknown;
  readonly questions: readonly unknown[];
  readonly answers: readonly unknown[];
}

/** Writes a case folder in the format of recorded cases. */
export function writeCase(root: string, one: BenchCase): void {
  const folder = join(root, one.id);
  mkdirSync(folder, { recursive: true });
  const iso = (ms: number): string => new Date(ms).toISOString();
  const { history } = one;
  const head = {
    id: one.id,
    system: one.id,
    from: iso(history.fromMs),
    to: iso(history.toMs),
    detected_at: iso(history.toMs),
    page: { title: "Capacity review", entity: "svc-0" },
    has: ["metrics", "traces", "topology", "changes"],
    trace_sampling: one.sampling,
  };
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const pack = (name: string, text: string): void =>
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text, { level: 1 }));
  write("case.json", JSON.stringify(head));
  write("topology.json", JSON.stringify(one.topology));
  write("questions.json", JSON.stringify(one.questions));
  const changes = history.changes.map(({ id, timeMs, kind, entity, summary, attributes }) => ({
    time: iso(timeMs),
    kind,
    entity,
    summary,
    attributes: { ...attributes, id },
  }));
  write("changes.jsonl", changes.map((change) => `${JSON.stringify(change)}\n`).join(""));
  pack("traces.jsonl", traceLines(history));
  pack("metrics.jsonl", metricLines(history));
  write(
    "truth.json",
    JSON.stringify({ healthy: true, roots: [], purpose: "what-if", answers: one.answers }),
  );
}
