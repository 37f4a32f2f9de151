import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { Quantity } from "../model/quantity.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type { TrackRecord } from "../model/whatif/track-record.ts";
import type { Action } from "./action.ts";
import type { Outcome, Page, Proposal, ProposalState, RecordedHypothesis } from "./events.ts";

/** An answer, or a typed refusal that is fit to be shown to a person or to the model. */
export type Answer<T> =
  | { readonly ok: true; readonly data: T }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly didYouMean?: readonly string[];
    };

/** An incident, folded from its stream. */
export interface Incident {
  readonly id: string;
  readonly openedMs: number;
  readonly channel: string;
  /** 1; one more each time that it fires again after a recovery. Pages and diagnoses are those of this episode. */
  readonly episode: number;
  readonly episodeMs: number;
  readonly page: Page;
  readonly joined: readonly { readonly page: Page; readonly reason: string }[];
  /** Pages of the episodes before, oldest first. */
  readonly earlier: readonly Page[];
  readonly firstDiagnosis?: Diagnosis;
  /** The newest. */
  readonly diagnosis?: Diagnosis;
  readonly hypotheses: readonly RecordedHypothesis[];
  readonly proposalIds: readonly string[];
  readonly investigation: "none" | "running" | "complete" | "partial" | "failed";
  /** Undefined again once it is reopened. */
  readonly recovered?: {
    readonly atMs: number;
    readonly values: Readonly<Record<string, Quantity>>;
  };
  readonly resolved?: { readonly atMs: number; readonly by: string };
}

/** A proposal with its life so far, folded from its stream. */
export interface ProposalRecord {
  readonly proposal: Proposal;
  readonly state: ProposalState;
  readonly approvedBy?: string;
  readonly approvedMs?: number;
  readonly rejectedBy?: string;
  /** Computed again at the click. */
  readonly repredicted?: Prediction;
  readonly startedMs?: number;
  readonly finishedMs?: number;
  /** Why it was superseded, what the executor said, or how it failed. */
  readonly detail?: string;
  readonly outcome?: Outcome;
}

/**
 * The record of incidents. This process is their only writer. Every method may be repeated after a crash. Errors:
 * `OperationError("incident_unknown")` from all that write to an incident that was never opened.
 */
export interface Incidents {
  read(incidentId: string): Promise<Incident | undefined>;
  /** Opened and not resolved, oldest first. */
  unresolved(): Promise<readonly Incident[]>;
  /** The same page of the same instant opens one incident, also after a crash in between. */
  open(page: Page, channel: string, nowMs: number): Promise<Incident>;
  /** Errors: `incident_resolved`: a page must not vanish in what is closed. */
  join(incidentId: string, page: Page, reason: string, nowMs: number): Promise<void>;
  /** Takes a recovery back and begins an episode. Errors: `incident_resolved`. Not recovered: changes nothing. */
  reopen(incidentId: string, page: Page, nowMs: number): Promise<void>;
  /** The first of an episode stays the first; an updated one of the same instant as the newest changes nothing. */
  recordDiagnosis(
    incidentId: string,
    which: "first" | "updated",
    diagnosis: Diagnosis,
    nowMs: number,
  ): Promise<void>;
  /** The same `key` twice records once. */
  recordHypothesis(
    incidentId: string,
    hypothesis: RecordedHypothesis,
    nowMs: number,
    key?: string,
  ): Promise<void>;
  recordInvestigation(
    incidentId: string,
    investigation:
      | { readonly type: "started"; readonly conversationId: string }
      | {
          readonly type: "ended";
          readonly conversationId: string;
          readonly outcome: "complete" | "partial" | "failed";
          readonly llm: string;
        },
    nowMs: number,
  ): Promise<void>;
  recordProposal(incidentId: string, proposalId: string, nowMs: number): Promise<void>;
  recordRecovered(
    incidentId: string,
    values: Readonly<Record<string, Quantity>>,
    nowMs: number,
  ): Promise<void>;
  resolve(incidentId: string, by: string, nowMs: number): Promise<void>;
}

/** What the model (or the offline investigator) wants to put before a human. */
export interface ProposalDraft {
  readonly incidentId: string;
  readonly sloId?: string;
  readonly action: Action;
  /** The model's words, already vouched for. */
  readonly reason: string;
  readonly evidenceIds: readonly string[];
  /** Kinds of the evidence cited (`cause`, `change`, `log`, …): log and trace text alone carries no proposal. */
  readonly evidenceKinds: readonly string[];
  /** The same key twice gives the same proposal. */
  readonly key?: string;
}

export interface Proposals {
  read(proposalId: string): Promise<ProposalRecord | undefined>;
  /** In any state, oldest first; of one incident, or of all that are not over and the last that are. */
  list(incidentId?: string): Promise<readonly ProposalRecord[]>;
  /**
   * The gate. Checks that every argument names something observed (service, instance, version that served, flag variant
   * and setting value from the history of changes, bounded replicas), that the evidence carries it, that it is predicted
   * to help (or that a cause, a change or topology speaks for it while its effect is unknown), and that the incident goes
   * on and its budget of proposals is not spent; registers the prediction before anybody can approve, with the facts that
   * must still hold. A like proposal that waits or runs is given back. Refusals: those of `checkAction`, `checkEvidence`
   * and `checkEffect`, `incident_unknown`, `incident_resolved`, `budget_spent`, `open_excessive`, `being_verified`,
   * `prediction_unavailable`.
   */
  propose(
    draft: ProposalDraft,
    model: {
      readonly view: WorldView;
      predict(interventions: readonly Intervention[]): Promise<Prediction>;
    },
    nowMs: number,
  ): Promise<Answer<Proposal>>;
  /**
   * Claims the approval by compare-and-set, after checking approver, hash, expiry, and that the incident goes on and the
   * preconditions still hold in `view` (drift supersedes). The prediction computed at the click is registered with it.
   * The same click again is answered as it was. Refusals: `unknown_proposal`, `not_allowed`, `not_open` (says who was
   * first), `hash_mismatch`, `expired`, `not_executable`, `superseded`.
   */
  approve(
    click: { readonly proposalId: string; readonly by: string; readonly actionHash: string },
    model: {
      readonly view: WorldView;
      predict(interventions: readonly Intervention[]): Promise<Prediction>;
    },
    nowMs: number,
  ): Promise<Answer<null>>;
  /** Refusals: `unknown_proposal`, `not_allowed`, `not_open`. */
  reject(proposalId: string, by: string, nowMs: number): Promise<Answer<null>>;
  /**
   * Ends what is past its time, whose preconditions no longer hold in `view`, whose incident is resolved, and what runs on
   * without a sign of life of its executor.
   */
  sweep(view: WorldView, nowMs: number): Promise<void>;
  /** Done (or unknown) and not yet settled: what verification has to watch. */
  unsettled(): Promise<readonly ProposalRecord[]>;
  /** The first outcome stands. Errors: `unknown_proposal`, `not_acted_on`. */
  recordOutcome(proposalId: string, outcome: Outcome, nowMs: number): Promise<void>;
  /** Scores of the settled predictions on this system. */
  trackRecord(): Promise<TrackRecord>;
  /** "rollback predictions here: 7 of 8 inside the 90 % band, median error 6 %". */
  trackLine(interventionType: string): Promise<string>;
}
