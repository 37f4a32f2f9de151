import type { Diagnosis } from "../causes/diagnosis.ts";
import type { WorldView } from "../view.ts";
import type { Intervention } from "./intervention.ts";

export interface Candidate {
  readonly intervention: Intervention;
  /** One clause, written by code. */
  readonly why: string;
  readonly hypothesisId: string;
}

/** The sensible interventions for the leading hypotheses, best first, with observed names and values only. */
export function proposeCandidates(_view: WorldView, _diagnosis: Diagnosis): readonly Candidate[] {
  return [];
}
