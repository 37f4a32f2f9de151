import { OperationError } from "../errors.ts";
import type { Meter } from "../meter.ts";
import type { Store } from "../store/store.ts";
import { causeRecordOf } from "./cause-record.ts";
import type { Incidents, ProposalRecord, Proposals } from "./contract.ts";
import { approve, reject } from "./deciding.ts";
import type { Outcome } from "./events.ts";
import { Ledger, type SettledPrediction, trackLine, trackRecordOf } from "./ledger.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { isUnsettled } from "./proposal.ts";
import { appendTo, type ProposalDesk } from "./proposal-desk.ts";
import { ProposalIndex } from "./proposal-index.ts";
import { type Proposing, propose } from "./proposing.ts";
import { sweep } from "./sweeping.ts";

/** Limit: attempts to record an outcome while the executor writes to the same stream. */
const ATTEMPTS_MAX = 5;

export interface ProposalsDeps {
  readonly store: Store;
  readonly meter: Meter;
  readonly incidents: Incidents;
  /** Ids of the people who may decide. Empty: nobody. */
  readonly approvers: readonly string[];
}

/** The record of proposals on a store, and the gate before it. */
export function createProposals(deps: ProposalsDeps): Proposals {
  const ledger = new Ledger();
  const index = new ProposalIndex(deps, (after, before) => {
    if (before?.outcome === undefined) ledger.add(after);
  });
  const desk: Proposing = { ...deps, index, queue: new OneAtATime() };
  const settled = async (): Promise<readonly SettledPrediction[]> => {
    await index.all();
    return ledger.settled;
  };
  return {
    read: async (proposalId) => (await index.find(proposalId))?.record,
    list: (incidentId) => list(desk, incidentId),
    propose: (draft, model, nowMs) => propose(desk, draft, model, nowMs),
    approve: (click, model, nowMs) => approve(desk, click, model, nowMs),
    reject: (proposalId, by, nowMs) => reject(desk, proposalId, by, nowMs),
    sweep: async (view, nowMs) => {
      await sweep(desk, view, nowMs);
      ledger.expose(deps.meter);
    },
    unsettled: async () => (await index.all()).map(({ record }) => record).filter(isUnsettled),
    recordOutcome: (proposalId, outcome, nowMs) => recordOutcome(desk, proposalId, outcome, nowMs),
    trackRecord: async () => trackRecordOf(await settled()),
    trackLine: async (interventionType) => trackLine(await settled(), interventionType),
  };
}

async function list(desk: ProposalDesk, incidentId?: string): Promise<readonly ProposalRecord[]> {
  const all = (await desk.index.all()).map(({ record }) => record);
  if (incidentId === undefined) return all;
  const own = all.filter(({ proposal }) => proposal.incidentId === incidentId);
  const ids = (await desk.incidents.read(incidentId))?.proposalIds ?? [];
  const old = ids.filter((id) => !own.some(({ proposal }) => proposal.id === id));
  const found = await Promise.all(old.map((id) => desk.index.find(id)));
  return [...found.flatMap((one) => one?.record ?? []), ...own];
}

/** How well the first diagnosis knew what helped in the end. */
async function countCause(desk: ProposalDesk, record: ProposalRecord): Promise<void> {
  const incident = await desk.incidents.read(record.proposal.incidentId);
  const cause = incident === undefined ? undefined : causeRecordOf(incident, record);
  if (cause === undefined) return;
  const rank = cause.rank === undefined ? "none" : cause.rank > 3 ? "later" : String(cause.rank);
  desk.meter.add("orrery_causes_confirmed_total", 1, { rank });
}

async function recordOutcome(
  desk: ProposalDesk,
  proposalId: string,
  outcome: Outcome,
  nowMs: number,
): Promise<void> {
  for (let tried = 0; tried < ATTEMPTS_MAX; tried += 1) {
    // biome-ignore lint/performance/noAwaitInLoops: a retry reads what the winner wrote
    const found = await desk.index.find(proposalId);
    if (found === undefined)
      throw new OperationError("unknown_proposal", `there is no proposal ${proposalId}`);
    const { record } = found;
    if (record.outcome !== undefined) return;
    if (!isUnsettled(record))
      throw new OperationError(
        "not_acted_on",
        `proposal ${proposalId} is ${record.state}: there is no outcome to record`,
      );
    if (await appendTo(desk, found, { type: "outcome-recorded", outcome }, nowMs)) {
      await countCause(desk, { ...record, outcome });
      return;
    }
  }
  throw new OperationError("record_contended", `proposal ${proposalId} keeps changing; try again`);
}
