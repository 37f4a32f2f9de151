import type { EntityId } from "../entity.ts";
import type { Quantity, Window } from "../quantity.ts";
import type { Intervention } from "./intervention.ts";

export type Statistic = "mean" | "p50" | "p95" | "p99" | "error_ratio" | "bad_ratio" | "rate";

/** A 90 % interval. */
export interface Interval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface PredictedSli {
  readonly operation: EntityId;
  readonly statistic: Statistic;
  readonly unit: "ms" | "ratio" | "per_second";
  readonly observed: number;
  readonly noAction: Interval;
  readonly after: Interval;
  readonly verdict: "number" | "saturates" | "insufficient_data";
  /** With `saturates`: when. */
  readonly timeToSaturationMs?: number;
}

/** A: 20 outcomes here and coverage 85–95 %; B: backtest or 5 outcomes; C: extrapolates; D: no number. */
export type Grade = "A" | "B" | "C" | "D";

export interface Prediction {
  readonly asOfMs: number;
  readonly interventions: readonly Intervention[];
  readonly horizonMs: number;
  readonly grade: Grade;
  /** Grade D: what is missing to give a number. */
  readonly missing: readonly string[];
  readonly slis: readonly PredictedSli[];
  readonly utilisation: readonly {
    readonly entity: EntityId;
    readonly before: number;
    readonly after: number;
  }[];
  readonly assumptions: readonly string[];
  /** Observations that would prove it wrong. */
  readonly falsifiers: readonly string[];
  readonly sensitivities: readonly { readonly parameter: string; readonly effect: Quantity }[];
  /** The healthy window that it is anchored on. */
  readonly anchor?: Window;
  readonly exemplarCount: number;
}
