import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const iso = (ms: number): string => new Date(ms).toISOString();
const nanos = (ms: number): string => `${BigInt(Math.round(ms * 1000)) * 1000n}`;
const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

export interface WrittenPoint {
  readonly timeMs: number;
  readonly value: number;
}

/** An export request with one gauge of one service. */
export function gauge(service: string, name: string, points: readonly WrittenPoint[]): object {
  return {
    resourceMetrics: [
      {
        resource: { attributes: [text("service.name", service)] },
        scopeMetrics: [
          {
            metrics: [
              {
                name,
                gauge: {
                  dataPoints: points.map(({ timeMs, value }) => ({
                    timeUnixNano: nanos(timeMs),
                    asDouble: value,
                  })),
                },
              },
            ],
          },
        ],
      },
    ],
  };
}

export interface WrittenSpan {
  readonly trace: number;
  readonly span: number;
  readonly parent?: number;
  readonly name: string;
  /** OTLP's number: 2 server, 3 client. */
  readonly kind: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed?: boolean;
  readonly peer?: string;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** An export request with spans of one service. */
export function spans(service: string, list: readonly WrittenSpan[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [text("service.name", service)] },
        scopeSpans: [
          {
            spans: list.map((span) => ({
              traceId: hex(span.trace, 32),
              spanId: hex(span.span, 16),
              ...(span.parent === undefined ? {} : { parentSpanId: hex(span.parent, 16) }),
              name: span.name,
              kind: span.kind,
              startTimeUnixNano: nanos(span.startMs),
              endTimeUnixNano: nanos(span.startMs + span.durationMs),
              attributes: span.peer === undefined ? [] : [text("server.address", span.peer)],
              ...(span.failed === true ? { status: { code: 2 } } : {}),
            })),
          },
        ],
      },
    ],
  };
}

export interface WrittenCase {
  readonly id: string;
  readonly detectedMs: number;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly page?: object;
  readonly head?: object;
  readonly truth?: object;
  readonly topology?: unknown;
  readonly changes?: readonly unknown[];
  /** By file name; `.gz` is packed. Strings are lines as they are. */
  readonly lines?: Readonly<Record<string, readonly (object | string)[]>>;
}

/** An empty folder for cases. */
export const casesFolder = (): string => mkdtempSync(join(tmpdir(), "orrery-cases-"));

/** Writes a case folder below `root` and gives its path. */
export function writeCase(root: string, one: WrittenCase): string {
  const folder = join(root, one.id);
  mkdirSync(folder, { recursive: true });
  const json = (name: string, value: unknown): void =>
    writeFileSync(join(folder, name), JSON.stringify(value));
  json("case.json", {
    id: one.id,
    system: "written",
    from: iso(one.fromMs ?? one.detectedMs - 600_000),
    to: iso(one.toMs ?? one.detectedMs + 600_000),
    detected_at: iso(one.detectedMs),
    page: one.page ?? { title: "something is wrong" },
    ...one.head,
  });
  if (one.truth !== undefined) json("truth.json", one.truth);
  if (one.topology !== undefined) json("topology.json", one.topology);
  const lines = { ...one.lines, ...(one.changes && { "changes.jsonl": one.changes }) };
  for (const [name, content] of Object.entries(lines)) {
    const body = content
      .map((line) => (typeof line === "string" ? line : JSON.stringify(line)))
      .join("\n");
    writeFileSync(join(folder, name), name.endsWith(".gz") ? gzipSync(body) : body);
  }
  return folder;
}
