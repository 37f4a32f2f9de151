import type { Attributes, AttributeValue, EntityType } from "./entity.ts";
import type { RelationType } from "./relation.ts";
import type { SloDefinition } from "./slo/slo.ts";

/** The input vocabulary of the model: `state = fold(signals)`. Every field that came from outside is already bounded. */
export type Signal =
  | SpansSignal
  | MetricsSignal
  | LogsSignal
  | {
      readonly type: "change";
      readonly source: string;
      readonly receivedMs: number;
      readonly change: ChangeRecord;
    }
  | TopologySignal
  | {
      readonly type: "slos";
      readonly source: string;
      readonly receivedMs: number;
      readonly slos: readonly SloDefinition[];
    };

export interface SpansSignal {
  readonly type: "spans";
  /** Who sent it, for provenance and per-source limits: `otlp`, `replay`, … */
  readonly source: string;
  readonly receivedMs: number;
  /** Resource attributes by the OpenTelemetry semantic conventions. */
  readonly resource: Attributes;
  readonly spans: readonly Span[];
}

/** OTLP span kinds, numbered as on the wire. */
export const SPAN_KIND = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
} as const;
/** OTLP status codes, numbered as on the wire. */
export const STATUS = { unset: 0, ok: 1, error: 2 } as const;

export interface Span {
  /** Lower-case hex: 32 digits, 16 digits, and 16 digits or "". */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  /** Epoch milliseconds with fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly status: number;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  /** Linked spans of other traces (a consumer's producers). */
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

export interface MetricsSignal {
  readonly type: "metrics";
  readonly source: string;
  readonly receivedMs: number;
  readonly resource: Attributes;
  readonly points: readonly MetricPoint[];
}

export interface MetricPoint {
  readonly name: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram" | "exponential_histogram" | "summary";
  readonly temporality: "unspecified" | "delta" | "cumulative";
  readonly monotonic: boolean;
  readonly startMs: number;
  readonly timeMs: number;
  readonly attributes: Attributes;
  /** Gauge and sum: the value. Others: the sum of observations. */
  readonly value: number;
  /** Observations; 0 for gauge and sum. */
  readonly count: number;
  /** Explicit-bounds histogram only. `bucketCounts.length === bounds.length + 1`. */
  readonly bounds?: readonly number[];
  readonly bucketCounts?: readonly number[];
  /** Exponential histogram only: base `2^(2^-scale)`; index of the first count is `offset`. */
  readonly scale?: number;
  readonly zeroCount?: number;
  readonly positive?: { readonly offset: number; readonly counts: readonly number[] };
  readonly negative?: { readonly offset: number; readonly counts: readonly number[] };
  /** Summary only: quantile in [0, 1] and value. */
  readonly quantiles?: readonly { readonly quantile: number; readonly value: number }[];
}

export interface LogsSignal {
  readonly type: "logs";
  readonly source: string;
  readonly receivedMs: number;
  readonly resource: Attributes;
  readonly records: readonly LogRecord[];
}

export interface LogRecord {
  readonly timeMs: number;
  /** OTLP severity number, 1 (trace) to 24 (fatal); 0 unknown. 17 and above is an error. */
  readonly severity: number;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export type ChangeKind =
  | "deploy"
  | "config"
  | "flag"
  | "scale"
  | "restart"
  | "commit"
  | "limit"
  | "other";

/** Something that somebody (or something) did to the system. */
export interface ChangeRecord {
  /** From the source where it has one, else minted from its content: same content, same id. */
  readonly id: string;
  readonly timeMs: number;
  readonly kind: ChangeKind;
  /** The changed entity as the source names it: a service name, `service:NAME`, a flag key. "" when unknown. */
  readonly entity: string;
  /** Untrusted text. */
  readonly summary: string;
  /** Known keys: `version`, `previous_version`, `setting`, `value`, `previous_value`, `flag`, `variant`, `previous_variant`, `replicas`, `previous_replicas`, `author`, `link`. */
  readonly attributes: Attributes;
}

/** Known structure and capacity facts, from a topology file or an inventory (CASE_FORMAT's `topology.json`). */
export interface TopologySignal {
  readonly type: "topology";
  readonly source: string;
  readonly receivedMs: number;
  readonly entities: readonly {
    readonly id: string;
    readonly kind: EntityType;
    readonly name: string;
    readonly attributes: Readonly<Record<string, AttributeValue>>;
  }[];
  readonly relations: readonly {
    readonly from: string;
    readonly to: string;
    readonly type: RelationType;
  }[];
}
