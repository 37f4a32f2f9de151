import type { EdgeId, EntityId } from "../entity.ts";
import type { Quantity, Window } from "../quantity.ts";
import type { Change } from "../view.ts";

export type HypothesisType =
  | "version"
  | "service"
  | "capacity"
  | "leak"
  | "instance"
  | "edge"
  | "host"
  | "zone"
  | "store"
  | "external"
  | "traffic"
  | "change"
  | "stopped"
  | "unknown";

/** One raw fact that speaks for or against a hypothesis. `kind` tells how independent two facts are. */
export interface Finding {
  readonly kind:
    | "latency"
    | "errors"
    | "onset"
    | "change"
    | "topology"
    | "saturation"
    | "traffic"
    | "logs"
    | "trace"
    | "absence";
  /** Written by code, one clause, with its numbers in `values`: "self time of cart rose from {{before}} to {{after}}". */
  readonly text: string;
  readonly values: Readonly<Record<string, Quantity>>;
  readonly traceIds: readonly string[];
}

export interface Hypothesis {
  readonly id: string;
  readonly type: HypothesisType;
  /** What would have to be mended: an entity, or a link. */
  readonly root: EntityId | EdgeId;
  /** How answers name it (CASE_FORMAT): `cart`, `instance:cart-0`, `a->b`, `traffic:OPERATION`. */
  readonly name: string;
  /** One clause: "cart 1.4.0 became slower". Written by code. */
  readonly title: string;
  readonly probability: number;
  readonly supporting: readonly Finding[];
  readonly opposing: readonly Finding[];
  /** Changes that may have brought it about, most likely first. */
  readonly changes: readonly Change[];
  readonly onsetMs?: number;
  /** From cause to symptom. */
  readonly path: readonly PathStep[];
  /** Share of the shift of the SLI that this cause reproduces when applied to healthy traces; undefined: not computable. */
  readonly reproduced?: number;
  /** The cheapest observation that would decide between this and its rival. */
  readonly decidedBy?: string;
}

export interface PathStep {
  readonly entity: EntityId | EdgeId;
  readonly onsetMs?: number;
  /** How much it moved: latency factor or error share. */
  readonly magnitude: Quantity;
}

export interface Symptom {
  readonly sloId?: string;
  readonly operation: EntityId;
  readonly service: EntityId;
  readonly kind: "latency" | "errors" | "both" | "absent" | "none";
  readonly onsetMs: number;
  readonly badRatio: number;
  readonly errorRatio: number;
  readonly requestRate: number;
  readonly p95Ms: number;
  readonly healthyP95Ms: number;
  readonly healthyBadRatio: number;
}

export interface Diagnosis {
  readonly asOfMs: number;
  readonly healthy: Window;
  readonly incident: Window;
  readonly symptom: Symptom;
  /** Sorted; probabilities with `none` sum to 1. */
  readonly hypotheses: readonly Hypothesis[];
  /** None of these, or nothing is wrong. */
  readonly noneProbability: number;
  /** `true` while too few outcomes on this system back the probabilities. */
  readonly uncalibrated: boolean;
  readonly blastRadius: {
    readonly operations: readonly {
      readonly operation: EntityId;
      readonly badRatio: number;
      readonly requestRate: number;
    }[];
    readonly services: readonly EntityId[];
    readonly badPerMinute: number;
  };
  /** Changes in the half hour before onset, newest first. */
  readonly recentChanges: readonly Change[];
  /** What the model could not see, written by code. */
  readonly blindSpots: readonly string[];
}
