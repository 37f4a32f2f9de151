import type { Proposals } from "../incident/contract.ts";
import { dueVerifications } from "../incident/verification.ts";
import type { Log } from "../log.ts";
import type { WorldView } from "../model/view.ts";
import { settle } from "../model/whatif/verify.ts";

/** Compares every finished action with what was predicted for it, once what was to be observed has been seen. */
export async function verifyActions(
  view: WorldView,
  deps: { readonly proposals: Proposals; readonly log: Log },
  nowMs: number,
): Promise<void> {
  const unsettled = await deps.proposals.unsettled();
  const seen = { slos: view.slos(), closedMs: view.closedMs };
  for (const { record, prediction, times } of dueVerifications(unsettled, seen)) {
    const { id } = record.proposal;
    const outcome = settle(view, prediction, times);
    // biome-ignore lint/performance/noAwaitInLoops: one or two at a time, and their order is the order of the record
    await deps.proposals.recordOutcome(id, outcome, nowMs);
    deps.log.info("prediction_settled", { proposalId: id, verdict: outcome.verdict });
  }
}
