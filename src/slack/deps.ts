import type { Investigate } from "../agent/events.ts";
import type { Clock } from "../clock.ts";
import type { Answer } from "../incident/contract.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Diagnosis, Hypothesis } from "../model/causes/diagnosis.ts";
import type { EntityType } from "../model/entity.ts";
import type { Window } from "../model/quantity.ts";
import type { SloStatus } from "../model/slo/slo.ts";
import type { Change } from "../model/view.ts";
import type { Prediction } from "../model/whatif/prediction.ts";
import type { Store } from "../store/store.ts";

export interface SlackConfig {
  readonly botToken: string;
  readonly appToken: string;
  /** Another address than Slack's own: the local workspace, or a test. */
  readonly slackApiUrl?: string;
  /** Slack user ids that may approve. Empty: nobody can. */
  readonly approvers: readonly string[];
  /** Channel id, or name with or without #, where incidents go whose SLO names no channel. */
  readonly defaultChannel: string;
}

/** What a person, or Slack on their behalf, may ask of the incident record. Contract: none of them throws for bad input. */
interface IncidentCommands {
  /**
   * Claims the approval by compare-and-set. `actionHash` is what the person saw. Refusals: `expired`, `hash_mismatch`,
   * `superseded`, `not_open`, `unknown_proposal`. Who may approve was checked at the click, and is checked here again.
   */
  approve(proposalId: string, by: string, actionHash: string): Promise<Answer<null>>;
  reject(proposalId: string, by: string): Promise<Answer<null>>;
  /** Writes `investigation-started` or `investigation-ended` to the incident's stream. */
  recordInvestigation(incidentId: string, investigation: InvestigationRecord): Promise<void>;
}

type InvestigationRecord =
  | { readonly type: "started"; readonly conversationId: string }
  | {
      readonly type: "ended";
      readonly conversationId: string;
      readonly outcome: "complete" | "partial" | "failed";
      readonly llm: string;
    };

export interface StatusQuery {
  /** Service or SLO id; all when absent. */
  readonly about?: string;
  /** As of this instant; now when absent. */
  readonly atMs?: number;
  /** Start of the window whose changes count as recent. */
  readonly sinceMs?: number;
}

/** An objective, and how it was kept over each window that its paging rules look at, the shortest first. */
export interface SloReading {
  readonly status: SloStatus;
  /** Without `goodRatio`: no request. */
  readonly windows: readonly { readonly lengthMs: number; readonly goodRatio?: number }[];
}

/** How something in the system does by itself; what is outside is seen from its callers. Not finite: nothing was seen. */
export interface PlaceReading {
  readonly name: string;
  readonly type: EntityType;
  readonly lastSeenMs: number;
  readonly window: Window;
  readonly count: number;
  readonly requestRate: number;
  readonly errorRatio: number;
  readonly p95Ms: number;
}

export interface PlaceStatus {
  readonly reading: PlaceReading;
  /** Of what is hurt it is one of the likely causes … */
  readonly suspectedOf?: {
    readonly status: SloStatus;
    readonly title: string;
    readonly probability: number;
  };
  /** … or it is none of them. */
  readonly clearedOf?: SloStatus;
}

export interface StatusAnswer {
  readonly asOfMs: number;
  /** All; or those that were named; or those whose requests pass the place that was. */
  readonly objectives: readonly SloReading[];
  /** The service, store or host that was named. */
  readonly place?: PlaceStatus;
  /** The newest change at or before `asOfMs`, of the place when one was named. */
  readonly latestChange?: Change;
  /** Titles of open incidents, with when they opened, and when what paged was over. */
  readonly openIncidents: readonly {
    readonly title: string;
    /** The same of what has passed. */
    readonly pastTitle?: string;
    readonly openedMs: number;
    readonly recoveredMs?: number;
  }[];
  /** What the model could not see, written by code. */
  readonly blindSpots: readonly string[];
}

interface WhyQuery {
  /** Service, store, external, SLO id or entry operation, as a person wrote it. */
  readonly about: string;
  readonly atMs?: number;
}

export interface WhyAnswer {
  readonly diagnosis: Diagnosis;
  /** The objective that is hurt, or was. */
  readonly objective?: SloReading;
  /** Changes after the onset, newest first. */
  readonly changesSince: readonly Change[];
  /** What was named, unless requests enter there; `cause`: the likeliest that stands for it. */
  readonly place?: { readonly reading: PlaceReading; readonly cause?: Hypothesis };
}

export interface ChangesQuery {
  readonly sinceMs: number;
  readonly service?: string;
}

export interface ChangesAnswer {
  readonly window: Window;
  /** When watching began, where that was after the window's start. */
  readonly watchedFromMs?: number;
  /** Newest first. */
  readonly changes: readonly Change[];
}

/** Reads of the live model. Contract: answers within a second, or refuses. */
export interface ModelQueries {
  status(query: StatusQuery): Promise<Answer<StatusAnswer>>;
  why(query: WhyQuery): Promise<Answer<WhyAnswer>>;
  /** Understands "scale cart to 4", "roll back catalog to 1.4.2", "load +30%"; refuses with what it understands. */
  whatIf(text: string): Promise<Answer<Prediction>>;
  changes(query: ChangesQuery): Promise<Answer<ChangesAnswer>>;
}

/** All that the Slack room needs from outside; `main.ts` puts it together. */
export interface SlackDeps {
  readonly config: SlackConfig;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly investigate: Investigate;
  readonly incidents: IncidentCommands;
  readonly queries: ModelQueries;
  /** How predictions of this kind of action have fared here, in one line; "" when nothing has been settled. */
  trackLine(proposalId: string): Promise<string>;
  /** PNG of the incident's first diagnosis; undefined when there is nothing to draw. */
  chartFor(incidentId: string): Promise<Uint8Array | undefined>;
}

export interface SlackApp {
  /** Connects, resumes what a stop interrupted, and follows incidents. Rejects with OperationError when Slack refuses. */
  start(): Promise<void>;
  /** Ends open streams with a visible mark, then closes the socket. */
  stop(): Promise<void>;
}
