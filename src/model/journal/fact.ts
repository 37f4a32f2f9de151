import type { SavedChange } from "../change-log.ts";
import type { EntityId } from "../entity.ts";
import type { EntityRow } from "../entity-store.ts";
import type { StoredTemplate } from "../log-store.ts";
import type { SavedRelation } from "../relation-store.ts";
import type { SliSnapshot } from "../slo/sli-history.ts";

/**
 * One thing that the model knows beside its columns, as plain JSON. A fact says how things stand: told again it changes
 * nothing, and a later one about the same thing replaces it.
 */
export type Fact =
  | { readonly type: "entity"; readonly row: EntityRow }
  | { readonly type: "forgotten"; readonly id: EntityId }
  | { readonly type: "relation"; readonly row: SavedRelation }
  | { readonly type: "change"; readonly row: SavedChange }
  | { readonly type: "versions"; readonly row: VersionsRow }
  /** A service that sends telemetry itself, and since when. */
  | { readonly type: "heard"; readonly service: EntityId; readonly sinceMs: number }
  /** Something outside the telemetry that was a service after all. */
  | {
      readonly type: "alias";
      readonly ghost: EntityId;
      readonly service: EntityId;
      readonly knownMs: number;
    }
  /** Who answers behind an address. */
  | { readonly type: "peer"; readonly key: string; readonly services: readonly EntityId[] }
  | { readonly type: "operation"; readonly row: OperationRow }
  | { readonly type: "template"; readonly row: TemplateRow }
  | { readonly type: "sli"; readonly row: SliRow };

export interface VersionsRow {
  readonly service: EntityId;
  readonly sinceMs: number;
  /** Oldest first. */
  readonly versions: readonly string[];
}

/** By what an operation is judged to be an entry. */
export interface OperationRow {
  readonly service: EntityId;
  readonly name: string;
  readonly served: number;
  readonly entered: number;
  readonly orphans: number;
}

export interface TemplateRow extends Omit<StoredTemplate, "service"> {
  readonly service: EntityId;
  /** Texts that are compared with it. */
  readonly group: string;
  /** It takes what fits no other. */
  readonly isOverflow: boolean;
}

export interface SliRow extends SliSnapshot {
  /** What it counts: objective, service, operation and threshold. */
  readonly key: string;
  readonly latencyThresholdMs: number | null;
}
