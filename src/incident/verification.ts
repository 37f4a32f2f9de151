import type { SloDefinition } from "../model/slo/slo.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type { SettleTimes } from "../model/whatif/verify.ts";
import type { ProposalRecord } from "./contract.ts";
import { isUnsettled } from "./proposal.ts";

/** For an action whose incident names no objective: three minutes to effect, five observed. */
const DEFAULT_SETTLE: SloDefinition["settle"] = { effectMs: 180_000, observeMs: 300_000 };

/** An action that has to be held against its prediction. */
export interface Verification {
  readonly record: ProposalRecord;
  /** The one that was computed at the click. */
  readonly prediction: Prediction;
  readonly times: SettleTimes;
  /** All that is to be observed has been seen once the last closed bucket ends here or later. */
  readonly dueMs: number;
}

/** Undefined: nothing was done, or it has been settled. An action of unknown outcome counts from its start. */
export function verificationOf(
  record: ProposalRecord,
  slos: readonly SloDefinition[],
): Verification | undefined {
  const actedAtMs = record.finishedMs ?? record.startedMs ?? record.approvedMs;
  if (!isUnsettled(record) || actedAtMs === undefined) return undefined;
  const { proposal, repredicted } = record;
  const settle = slos.find((slo) => slo.id === proposal.sloId)?.settle ?? DEFAULT_SETTLE;
  return {
    record,
    prediction: repredicted ?? proposal.prediction,
    times: { actedAtMs, ...settle },
    dueMs: actedAtMs + settle.effectMs + settle.observeMs,
  };
}

/** Those of the records whose time has come, the longest waiting first. */
export function dueVerifications(
  records: readonly ProposalRecord[],
  seen: { readonly slos: readonly SloDefinition[]; readonly closedMs: number },
): readonly Verification[] {
  return records
    .flatMap((record) => verificationOf(record, seen.slos) ?? [])
    .filter(({ dueMs }) => dueMs <= seen.closedMs)
    .sort((a, b) => a.dueMs - b.dueMs);
}
