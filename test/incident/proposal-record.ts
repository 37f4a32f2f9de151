import type { Action } from "../../src/incident/action.ts";
import type { Answer, Incidents, ProposalDraft, Proposals } from "../../src/incident/contract.ts";
import type { Proposal } from "../../src/incident/events.ts";
import { writeRegistration } from "../../src/incident/executor-registration.ts";
import { createIncidents } from "../../src/incident/incidents.ts";
import type { ModelNow } from "../../src/incident/proposal-desk.ts";
import { createProposals } from "../../src/incident/proposals.ts";
import { createMeter, type Meter } from "../../src/meter.ts";
import type { WorldView } from "../../src/model/view.ts";
import type { Prediction } from "../../src/model/whatif/prediction.ts";
import type { Store } from "../../src/store/store.ts";
import { page, prediction } from "../slack/samples.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { NOW_MS, sharedShop } from "./shop.ts";

export const ALICE = "U0ALICE";
export const CAROL = "U0CAROL";
export const BOB = "U0BOB";
export const ROLLBACK: Action = { type: "rollback", service: "catalog", toVersion: "1.0.0" };
export const RESTART: Action = { type: "restart", service: "cart", instance: "cart-0" };
export const SCALE: Action = { type: "scale", service: "cart", replicas: 4 };
export const FLAG_OFF: Action = {
  type: "set_flag",
  flag: "catalog-review-highlights",
  variant: "off",
};

export interface Desk {
  readonly store: Store;
  readonly meter: Meter;
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  readonly incidentId: string;
  /** Proposes with evidence that carries; the defaults are a rollback at `NOW_MS`. */
  propose(over?: Partial<ProposalDraft>, nowMs?: number): Promise<Answer<Proposal>>;
  /** The same, for what is expected to get through. */
  made(over?: Partial<ProposalDraft>, nowMs?: number): Promise<Proposal>;
}

/** A process on the store: another life when the store has one already. */
export function lifeOn(
  store: Store,
  approvers: readonly string[] = [ALICE, CAROL],
): Pick<Desk, "store" | "meter" | "incidents" | "proposals"> {
  const meter = createMeter();
  const incidents = createIncidents({ store, meter });
  return {
    store,
    meter,
    incidents,
    proposals: createProposals({ store, meter, incidents, approvers }),
  };
}

export function modelOf(
  view: WorldView = sharedShop(),
  predicted: Prediction = prediction(),
): ModelNow {
  return { view, predict: async (interventions) => ({ ...predicted, interventions }) };
}

export function draftOf(incidentId: string, over: Partial<ProposalDraft> = {}): ProposalDraft {
  return {
    incidentId,
    sloId: "checkout",
    action: ROLLBACK,
    reason: "catalog 1.1.0 is slow",
    evidenceIds: ["e1"],
    evidenceKinds: ["cause"],
    ...over,
  };
}

/** An incident, a living executor, and nothing proposed. */
export async function openDesk(
  options: { readonly approvers?: readonly string[]; readonly executor?: readonly string[] } = {},
): Promise<Desk> {
  const store = createMemoryStore();
  const life = lifeOn(store, options.approvers);
  const actions = options.executor ?? ["rollback", "scale", "restart", "set_flag"];
  await writeRegistration(store, { id: "x", actions, beatMs: NOW_MS });
  const incident = await life.incidents.open({ ...page, atMs: NOW_MS }, "#ops", NOW_MS);
  const propose: Desk["propose"] = (over, nowMs = NOW_MS) =>
    life.proposals.propose(draftOf(incident.id, over), modelOf(), nowMs);
  return {
    ...life,
    incidentId: incident.id,
    propose,
    made: async (over, nowMs) => {
      const answer = await propose(over, nowMs);
      if (!answer.ok) throw new Error(`${answer.code}: ${answer.message}`);
      return answer.data;
    },
  };
}
