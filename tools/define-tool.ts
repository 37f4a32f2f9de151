import type { z } from "zod";
import type { Action } from "../src/incident/action.ts";
import type { Outcome, Proposal, RecordedHypothesis } from "../src/incident/events.ts";
import type { Diagnosis } from "../src/model/causes/diagnosis.ts";
import type { Quantity, Window } from "../src/model/quantity.ts";
import type { WorldView } from "../src/model/view.ts";
import type { Intervention } from "../src/model/whatif/intervention.ts";
import type { Prediction } from "../src/model/whatif/prediction.ts";

/** What a tool may do: look, put something before a human, or tell somebody. Never change production. */
export type ToolEffect = "read" | "propose" | "notify";

/** One citable fact. The run gives it an id (`e1`, `e2` …); answers cite `{{e1.key}}` and code renders the value. */
export interface EvidenceDraft {
  readonly kind:
    | "slo"
    | "series"
    | "service"
    | "edge"
    | "trace"
    | "change"
    | "topology"
    | "cause"
    | "prediction"
    | "outcome"
    | "log";
  /** The entity or link that it is about, as named in answers. */
  readonly about: string;
  /** One clause written by code; may hold `{{key}}` of its own values. */
  readonly text: string;
  readonly values: Readonly<Record<string, Quantity | string>>;
  readonly window?: Window;
}

export interface ToolOutcome<Output> {
  readonly ok: true;
  readonly data: Output;
  readonly evidence: readonly EvidenceDraft[];
  /** What was cut, sampled or not seen; empty when the answer is whole. */
  readonly notes: readonly string[];
}

/** A typed refusal that the model reads and can act on. Never prose from an exception, never a stack trace. */
export interface ToolRefusal {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  readonly didYouMean?: readonly string[];
}

export type ToolResult<Output> = ToolOutcome<Output> | ToolRefusal;

/** Everything that a tool needs and may not import. One for the calls of a message: `view` never changes under its reader. */
export interface ToolContext {
  readonly view: WorldView;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** Who asks: a Slack user id, or "orrery" for the page's own investigation. */
  readonly speaker: string;
  readonly incidentId?: string;
  /** The view at another instant within retention; refuses with what is retained. */
  viewAt(atMs: number): WorldView;
  diagnose(
    view: WorldView,
    query: { readonly sloId?: string; readonly operation?: string; readonly service?: string },
  ): Diagnosis;
  predict(
    view: WorldView,
    interventions: readonly Intervention[],
    operations?: readonly string[],
  ): Promise<Prediction>;
  /** Identity of this tool call, the same after a restart: what is proposed or recorded under it happens once. */
  readonly callKey?: string;
  /** Evidence of this conversation by id; undefined: no such id was ever minted. */
  evidence?(id: string): EvidenceDraft | undefined;
  /** Checks and renders a sentence of the model's (`{{e3.p95Ms}}` and bare digits) against the evidence that it cites. */
  vouch?(text: string, evidenceIds: readonly string[]): VouchedText;
  /** Writes the proposal with its prediction to the ledger, or says why the gate refused. */
  propose(
    request: ProposalRequest,
  ): Promise<{ readonly ok: true; readonly proposal: Proposal } | ToolRefusal>;
  /** The same `key` twice records once. */
  recordHypothesis(hypothesis: RecordedHypothesis, key?: string): Promise<void>;
  /** Proposals, actions and outcomes of an incident, or the track record over all. */
  ledger(incidentId?: string): Promise<readonly LedgerEntry[]>;
  /** Short written procedures by name, from prompts/playbook. */
  playbook(name: string): string | undefined;
  playbookNames(): readonly string[];
}

export interface ProposalRequest {
  readonly action: Action;
  readonly reason: string;
  readonly evidenceIds: readonly string[];
  /** Of what kinds the cited items are: text of logs and traces alone carries no proposal. */
  readonly evidenceKinds: readonly EvidenceDraft["kind"][];
  /** The same key twice gives the same proposal. */
  readonly key?: string;
}

export type VouchedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly string[] };

export interface LedgerEntry {
  readonly proposal: Proposal;
  readonly state: string;
  readonly verdict?: string;
  /** What was observed, once it is settled. */
  readonly outcome?: Outcome;
  /** What the executor said, or why it ended. */
  readonly detail?: string;
}

export interface Tool<Input, Output> {
  /** `verb_noun`; verbs: survey, get, list, query, search, compare, rank, simulate, check, record, propose, page, read, write. */
  readonly name: string;
  /** For the model: when to use it and what it answers. At most 400 characters. */
  readonly description: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  readonly effect: ToolEffect;
  readonly timeoutMs: number;
  /** What is shown while it runs: "Ranking the causes of checkout". At most 80 characters; absent: the name in words. */
  title?(input: Input): string;
  run(context: ToolContext, input: Input): Promise<ToolResult<Output>> | ToolResult<Output>;
}

/** Only checks types: one tool, one file, one schema in, one out. */
export function defineTool<Input, Output>(tool: Tool<Input, Output>): Tool<Input, Output> {
  return tool;
}

/** A tool of any shape, as registry and callers hold it: `input` has parsed what `run` is given. */
export interface AnyTool extends Omit<Tool<never, unknown>, "input" | "output" | "title" | "run"> {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  title?(input: never): string;
  run(context: ToolContext, input: never): Promise<ToolResult<unknown>> | ToolResult<unknown>;
}
