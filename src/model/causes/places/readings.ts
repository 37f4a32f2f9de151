import type { EntityId } from "../../entity.ts";
import type { SeriesWindow } from "../../view.ts";

/** Log records of one sender that say the same, by the step in which they came. */
export interface LogReading {
  readonly entity: EntityId;
  /** OTLP's number; 17 and above is an error, 0 is unknown. */
  readonly severity: number;
  /** One of them as it was written, bounded. Untrusted. */
  readonly text: string;
  readonly timesMs: Float64Array;
  readonly counts: Float64Array;
}

/** Metrics and logs around a symptom, each at its own resolution: from one second to minutes, over minutes or days. */
export interface Readings {
  readonly series: readonly SeriesWindow[];
  readonly logs: readonly LogReading[];
}
