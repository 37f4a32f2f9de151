/** What a simulated system lets out, close to OTLP's own shape. Times are epoch milliseconds with fraction. */

export type RecordAttributes = Readonly<Record<string, string | number | boolean>>;

/** Who sends: one object for the life of an instance, so that senders can be told apart by reference. */
export interface SimulatedResource {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly host: string;
  readonly zone: string;
  /** By the OpenTelemetry semantic conventions. */
  readonly attributes: RecordAttributes;
}

/** OTLP's span kinds and status codes, as on the wire. */
export const KIND = { server: 2, client: 3, producer: 4, consumer: 5 } as const;
export const CODE = { unset: 0, error: 2 } as const;

export interface SimulatedSpan {
  readonly resource: SimulatedResource;
  readonly traceId: string;
  readonly spanId: string;
  /** "" for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly status: number;
  readonly statusMessage: string;
  readonly attributes: RecordAttributes;
}

/** One request as the customer saw it, sampled or not. */
export interface RequestTruth {
  readonly service: string;
  readonly operation: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly ok: boolean;
}

/** What somebody did to the system, as a deploy pipeline posts it (CASE_FORMAT words). */
export interface SimulatedChange {
  readonly id: string;
  readonly timeMs: number;
  readonly kind: "deploy" | "config" | "flag" | "scale" | "restart" | "limit";
  readonly entity: string;
  readonly summary: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** One point of a gauge. */
export interface UtilisationSample {
  /** The sending instance, or the host that it is about. */
  readonly resource: SimulatedResource | { readonly attributes: RecordAttributes };
  readonly timeMs: number;
  readonly metric: string;
  readonly unit: string;
  readonly value: number;
  readonly attributes: RecordAttributes;
}

/** Who listens to a simulation. */
export interface Sink {
  span?(span: SimulatedSpan): void;
  request?(request: RequestTruth): void;
  change?(change: SimulatedChange): void;
  sample?(sample: UtilisationSample): void;
}
