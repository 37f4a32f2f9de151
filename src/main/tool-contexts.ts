import type { LedgerEntry, ProposalRequest, ToolContext } from "../../tools/define-tool.ts";
import type { Clock } from "../clock.ts";
import { OperationError } from "../errors.ts";
import type { Incident, Incidents, ProposalRecord, Proposals } from "../incident/contract.ts";
import { recordedDiagnosis } from "../incident/incident-memory.ts";
import { type DiagnoseQuery, diagnose } from "../model/causes/diagnose.ts";
import type { Diagnosis } from "../model/causes/diagnosis.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Prediction } from "../model/whatif/prediction.ts";

export interface ContextDeps {
  readonly incidents: Incidents;
  readonly proposals: Proposals;
  readonly clock: Clock;
  at(atMs: number): WorldView;
  predict(
    view: WorldView,
    interventions: readonly Intervention[],
    operations?: readonly string[],
  ): Promise<Prediction>;
  readonly playbook: Pick<ToolContext, "playbook" | "playbookNames">;
}

export interface TurnScope {
  readonly incidentId?: string;
  readonly speaker: string;
  readonly signal: AbortSignal;
}

/** What the tools see: the system as it is at this moment, and the record of the incident. */
export async function toolContext(deps: ContextDeps, scope: TurnScope): Promise<ToolContext> {
  const { incidentId } = scope;
  const incident = incidentId === undefined ? undefined : await deps.incidents.read(incidentId);
  const nowMs = deps.clock.nowMs();
  const view = deps.at(nowMs);
  return {
    ...scope,
    view,
    nowMs,
    viewAt: (atMs) => {
      const knownFromMs = Math.min(...view.history.map((one) => one.fromMs));
      if (atMs >= knownFromMs) return deps.at(atMs);
      const from = new Date(knownFromMs).toISOString();
      throw new OperationError("time_not_retained", `The model keeps what happened since ${from}.`);
    },
    diagnose: (of, query) => onRecord(of, query, incident) ?? diagnose(of, query),
    predict: deps.predict,
    propose: (request) => propose(deps, view, { incidentId, request }),
    recordHypothesis: async (hypothesis, key) => {
      if (incidentId === undefined)
        throw new OperationError("no_incident", "Hypotheses are recorded in an incident's thread.");
      await deps.incidents.recordHypothesis(incidentId, hypothesis, deps.clock.nowMs(), key);
    },
    ledger: async (of) => (await deps.proposals.list(of)).map(ledgerEntry),
    ...deps.playbook,
  };
}

/** After a restart in the middle of an incident, what was known of it before. */
function onRecord(
  view: WorldView,
  query: DiagnoseQuery,
  incident: Incident | undefined,
): Diagnosis | undefined {
  if (incident === undefined) return undefined;
  const { sloId, operation } = incident.page;
  const isElse =
    (query.sloId !== undefined && query.sloId !== sloId) ||
    (query.operation !== undefined && !operation?.endsWith(query.operation));
  return isElse ? undefined : recordedDiagnosis(view, incident);
}

async function propose(
  deps: ContextDeps,
  view: WorldView,
  {
    incidentId,
    request,
  }: { readonly incidentId: string | undefined; readonly request: ProposalRequest },
): ReturnType<ToolContext["propose"]> {
  const incident = incidentId === undefined ? undefined : await deps.incidents.read(incidentId);
  if (incident === undefined)
    return {
      ok: false,
      code: "no_incident",
      message: "An action is proposed in an incident only.",
    };
  const { sloId } = incident.page;
  const operations = hurtOperations(incident);
  const made = await deps.proposals.propose(
    { ...request, incidentId: incident.id, ...(sloId === undefined ? {} : { sloId }) },
    { view, predict: (interventions) => deps.predict(view, interventions, operations) },
    deps.clock.nowMs(),
  );
  return made.ok ? { ok: true, proposal: made.data } : made;
}

/** What a proposal's prediction is about: the operations that were paged for, not whichever is busiest. */
export function hurtOperations({ page, joined }: Incident): readonly string[] {
  const pages = [page, ...joined.map((one) => one.page)];
  return [...new Set(pages.flatMap(({ operation }) => operation ?? []))];
}

function ledgerEntry({ proposal, state, outcome, detail }: ProposalRecord): LedgerEntry {
  return {
    proposal,
    state,
    ...(outcome === undefined ? {} : { verdict: outcome.verdict, outcome }),
    ...(detail === undefined ? {} : { detail }),
  };
}
