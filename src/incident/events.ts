import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { EntityId } from "../model/entity.ts";
import type { Quantity } from "../model/quantity.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type { Action, Preconditions } from "./action.ts";

/** Why somebody was called. */
export interface Page {
  readonly type: "burn" | "absent" | "blind";
  readonly sloId?: string;
  readonly service?: EntityId;
  readonly operation?: EntityId;
  /** Written by code: "POST /checkout is burning its error budget 21×". */
  readonly title: string;
  /** The same once it is over; absent on records of older versions. */
  readonly pastTitle?: string;
  readonly atMs: number;
  readonly values: Readonly<Record<string, Quantity>>;
  /** "60 s and 10 s windows at 14.4×; an action is judged 60 s after it", as configured. */
  readonly ruleText: string;
}

/** Stream `incident/ID`. */
export type IncidentEvent =
  | { readonly type: "incident-opened"; readonly page: Page; readonly channel: string }
  | { readonly type: "page-joined"; readonly page: Page; readonly reason: string }
  /** It had recovered, and fires again: a new episode, with a diagnosis of its own. */
  | { readonly type: "reopened"; readonly page: Page }
  | {
      readonly type: "diagnosis-recorded";
      readonly which: "first" | "updated";
      readonly diagnosis: Diagnosis;
    }
  | { readonly type: "investigation-started"; readonly conversationId: string }
  | {
      readonly type: "investigation-ended";
      readonly conversationId: string;
      readonly outcome: "complete" | "partial" | "failed";
      readonly llm: string;
    }
  | {
      readonly type: "hypothesis-recorded";
      readonly hypothesis: RecordedHypothesis;
      /** What is recorded again under the same key after a crash is not recorded twice. */
      readonly key?: string;
    }
  | { readonly type: "proposal-made"; readonly proposalId: string }
  | {
      readonly type: "recovered";
      readonly atMs: number;
      readonly values: Readonly<Record<string, Quantity>>;
    }
  | { readonly type: "resolved"; readonly atMs: number; readonly by: string };

export interface RecordedHypothesis {
  readonly title: string;
  readonly stance: "leading" | "weakened" | "ruled-out";
  readonly evidenceFor: readonly string[];
  readonly evidenceAgainst: readonly string[];
}

/** Stream `proposal/ID`. The append with its expected version is the claim: one click wins. */
export type ProposalEvent =
  | { readonly type: "proposal-made"; readonly proposal: Proposal }
  | {
      readonly type: "proposal-approved";
      readonly by: string;
      readonly actionHash: string;
      readonly repredicted: Prediction;
    }
  | { readonly type: "proposal-rejected"; readonly by: string }
  | { readonly type: "proposal-expired" }
  | { readonly type: "proposal-superseded"; readonly reason: string }
  /** The executor has claimed it; durable before any effect. */
  | {
      readonly type: "action-started";
      readonly executor: string;
      /** Facts by which the executor can tell later whether it took effect. */
      readonly before?: Readonly<Record<string, string | number>>;
    }
  | { readonly type: "action-done"; readonly detail: string; readonly finishedMs: number }
  | { readonly type: "action-failed"; readonly code: string; readonly detail: string }
  /** The executor stopped between intent and answer; found on restart and settled by looking, never by doing again. */
  | { readonly type: "action-unknown"; readonly detail: string }
  | { readonly type: "outcome-recorded"; readonly outcome: Outcome };

export interface Proposal {
  readonly id: string;
  readonly incidentId: string;
  readonly action: Action;
  readonly preconditions: Preconditions;
  readonly actionHash: string;
  /** Registered before anybody can approve it; immutable. */
  readonly prediction: Prediction;
  readonly sloId?: string;
  readonly reason: string;
  readonly evidenceIds: readonly string[];
  readonly madeMs: number;
  readonly expiresMs: number;
  /** `false`: no executor can do this here; a person must, by hand. */
  readonly executable: boolean;
}

/** A prediction against what happened. */
export interface Outcome {
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
  /** Why it is void, or what else moved. */
  readonly note: string;
}

export type ProposalState =
  | "open"
  | "approved"
  | "rejected"
  | "expired"
  | "superseded"
  | "running"
  | "done"
  | "failed"
  | "unknown";

/** An approval lapses after this long. */
export const PROPOSAL_TTL_MS = 12 * 60_000;
