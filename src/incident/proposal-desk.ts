import { isOperationError } from "../errors.ts";
import type { Meter } from "../meter.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type { Store } from "../store/store.ts";
import type { Incidents } from "./contract.ts";
import type { ProposalEvent } from "./events.ts";
import { type IndexedProposal, type ProposalIndex, proposalStream } from "./proposal-index.ts";
import { newEvent } from "./stored-event.ts";

/** What proposing, deciding and sweeping share. */
export interface ProposalDesk {
  readonly store: Store;
  readonly meter: Meter;
  readonly incidents: Incidents;
  /** Ids of the people who may decide. Empty: nobody. */
  readonly approvers: readonly string[];
  readonly index: ProposalIndex;
}

/** The model at one instant, and what it says would happen. */
export interface ModelNow {
  readonly view: WorldView;
  predict(interventions: readonly Intervention[]): Promise<Prediction>;
}

/** Appends to the proposal as it was found; `false`: somebody else was first, and nothing was written. */
export async function appendTo(
  { store }: ProposalDesk,
  { record, version }: IndexedProposal,
  event: ProposalEvent,
  nowMs: number,
): Promise<boolean> {
  try {
    await store.append(proposalStream(record.proposal.id), version, [newEvent(event, nowMs)]);
    return true;
  } catch (error) {
    if (isOperationError(error, "version_conflict")) return false;
    throw error;
  }
}
