import type { EntityId } from "./entity.ts";

export type RelationType =
  | "calls"
  | "runs_on"
  | "hosted_in"
  | "instance_of"
  | "exposes"
  | "depends_on"
  | "produces"
  | "consumes"
  | "version_of"
  | "guarded_by"
  | "owned_by"
  | "measured_by";

/** A typed edge of logical or physical topology, with when it held and when we knew. */
export interface Relation {
  readonly type: RelationType;
  readonly from: EntityId;
  readonly to: EntityId;
  readonly validFromMs: number;
  /** `Infinity` while it holds. */
  readonly validToMs: number;
  readonly recordedFromMs: number;
  /** `Infinity` unless a later record replaced this one. */
  readonly recordedToMs: number;
  /** Where we learned it: `traces`, `resource`, `topology-file`, `change`. */
  readonly source: string;
}
