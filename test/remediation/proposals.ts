import { type Action, actionHash, type Preconditions } from "../../src/incident/action.ts";
import type { Proposal, ProposalEvent } from "../../src/incident/events.ts";
import type { Prediction } from "../../src/model/whatif/prediction.ts";
import type { Store, StoredEvent, StreamName } from "../../src/store/store.ts";

export const ALICE = "U0ALICE00";
export const MALLORY = "U0MALLORY";
export const NOW_MS = Date.UTC(2026, 10, 24, 2, 14, 7);

const prediction: Prediction = {
  asOfMs: NOW_MS,
  interventions: [],
  horizonMs: 60_000,
  grade: "D",
  missing: [],
  slis: [],
  utilisation: [],
  assumptions: [],
  falsifiers: [],
  sensitivities: [],
  exemplarCount: 0,
};

export const rollback: Action = { type: "rollback", service: "catalog", toVersion: "1.4.2" };
const asSeen: Preconditions = { facts: { "version:catalog": "1.5.0", "replicas:catalog": 2 } };

export function proposal(over: Partial<Proposal> = {}): Proposal {
  const action = over.action ?? rollback;
  const preconditions = over.preconditions ?? asSeen;
  return {
    id: "p-1",
    incidentId: "i-1",
    action,
    preconditions,
    actionHash: actionHash(action, preconditions),
    prediction,
    reason: "catalog 1.5.0 is slower",
    evidenceIds: ["e1"],
    madeMs: NOW_MS - 60_000,
    expiresMs: NOW_MS + 600_000,
    executable: true,
    ...over,
  };
}

export const made = (over: Partial<Proposal> = {}): ProposalEvent => ({
  type: "proposal-made",
  proposal: proposal(over),
});

export const approved = (
  of: Proposal = proposal(),
  over: { readonly by?: string; readonly actionHash?: string } = {},
): ProposalEvent => ({
  type: "proposal-approved",
  by: ALICE,
  actionHash: of.actionHash,
  repredicted: prediction,
  ...over,
});

export function stored(
  events: readonly ProposalEvent[],
  over: Partial<StoredEvent> = {},
): readonly StoredEvent[] {
  return events.map((event, i) => ({
    stream: "proposal/p-1",
    version: i + 1,
    position: i + 1,
    type: event.type,
    atMs: NOW_MS,
    body: event,
    ...over,
  }));
}

/** Appends to a proposal's stream at `atMs`, as the gate does. */
export async function record(
  store: Store,
  id: string,
  events: readonly ProposalEvent[],
  atMs: number,
): Promise<void> {
  const stream: StreamName = `proposal/${id}`;
  const version = (await store.read(stream)).length;
  await store.append(
    stream,
    version,
    events.map((event) => ({ type: event.type, atMs, body: event })),
  );
}

export async function typesOf(store: Store, id = "p-1"): Promise<readonly string[]> {
  return (await store.read(`proposal/${id}`)).map(({ type }) => type);
}
