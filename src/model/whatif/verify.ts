import type { EntityId } from "../entity.ts";
import type { WorldView } from "../view.ts";
import type { Prediction } from "./prediction.ts";

export interface SettleTimes {
  readonly actedAtMs: number;
  readonly effectMs: number;
  readonly observeMs: number;
}

/** Same shape as the incident's Outcome: the model may not import it. */
export interface SettledOutcome {
  readonly settledMs: number;
  readonly verdict: "inside" | "outside" | "void" | "recovered" | "not-recovered";
  readonly observed: readonly {
    readonly operation: EntityId;
    readonly statistic: string;
    readonly unit: string;
    readonly predicted?: { readonly median: number; readonly low: number; readonly high: number };
    readonly value: number;
    readonly inside?: boolean;
  }[];
  readonly note: string;
}

/** Compares what was predicted with what was observed after the time to effect. */
export function settle(
  view: WorldView,
  _prediction: Prediction,
  times: SettleTimes,
): SettledOutcome {
  return {
    settledMs: Math.min(view.closedMs, times.actedAtMs + times.effectMs + times.observeMs),
    verdict: "void",
    observed: [],
    note: "no statistic was observed",
  };
}
