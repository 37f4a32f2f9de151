import type { WorldView } from "../view.ts";
import type { Diagnosis } from "./diagnosis.ts";

/** What is asked: an objective, or an operation, or neither (then the worst entry operation). */
export interface DiagnoseQuery {
  readonly sloId?: string;
  /** Service as people or telemetry name it. */
  readonly service?: string;
  /** Operation as people or telemetry name it: `POST /checkout`. */
  readonly operation?: string;
  /** Instant of interest; the view's last closed bucket when absent. */
  readonly atMs?: number;
  readonly calibration?: Calibration;
}

/** What settled incidents on this system say about our probabilities. */
export interface Calibration {
  /** Divides scores: above 1 flattens. */
  readonly temperature: number;
  readonly outcomes: number;
}

/** Ranks what may have caused the symptom. Pure; deterministic. */
export function diagnose(view: WorldView, query: DiagnoseQuery): Diagnosis {
  const window = { fromMs: view.retainedFromMs, toMs: query.atMs ?? view.closedMs };
  const entry = view.entries(window)[0];
  const nothing = "operation:none" as Diagnosis["symptom"]["operation"];
  return {
    asOfMs: view.asOfMs,
    healthy: window,
    incident: window,
    symptom: {
      operation: entry?.operation ?? nothing,
      service: entry?.service ?? nothing,
      kind: "none",
      onsetMs: window.toMs,
      badRatio: 0,
      errorRatio: 0,
      requestRate: 0,
      p95Ms: 0,
      healthyP95Ms: 0,
      healthyBadRatio: 0,
    },
    hypotheses: [],
    noneProbability: 1,
    uncalibrated: true,
    blastRadius: { operations: [], services: [], badPerMinute: 0 },
    recentChanges: [],
    blindSpots: [],
  };
}
