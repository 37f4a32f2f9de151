import type { ProposalRecord, Proposals } from "../incident/contract.ts";
import type { Log } from "../log.ts";
import type { SloDefinition } from "../model/slo/slo.ts";
import type { WorldView } from "../model/view.ts";
import { settle } from "../model/whatif/verify.ts";

/** For an action whose incident names no objective (WORLD_MODEL: three minutes to effect, five observed). */
const DEFAULT_SETTLE: SloDefinition["settle"] = { effectMs: 180_000, observeMs: 300_000 };

function timesOf(view: WorldView, { proposal }: ProposalRecord): SloDefinition["settle"] {
  return view.slos().find((slo) => slo.id === proposal.sloId)?.settle ?? DEFAULT_SETTLE;
}

/** Compares every finished action with what was predicted for it, once what was to be observed has been seen. */
export async function verifyActions(
  view: WorldView,
  deps: { readonly proposals: Proposals; readonly log: Log },
  nowMs: number,
): Promise<void> {
  for (const record of await deps.proposals.unsettled()) {
    const { proposal, repredicted } = record;
    const actedAtMs = record.finishedMs ?? record.startedMs;
    const times = timesOf(view, record);
    if (actedAtMs === undefined || view.closedMs < actedAtMs + times.effectMs + times.observeMs)
      continue;
    const outcome = settle(view, repredicted ?? proposal.prediction, { actedAtMs, ...times });
    // biome-ignore lint/performance/noAwaitInLoops: one or two at a time, and their order is the order of the record
    await deps.proposals.recordOutcome(proposal.id, outcome, nowMs);
    deps.log.info("prediction_settled", { proposalId: proposal.id, verdict: outcome.verdict });
  }
}
