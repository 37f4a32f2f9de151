import { type Action, actionHash } from "../incident/action.ts";
import type { StoredEvent } from "../store/store.ts";
import {
  parseApproval,
  parseProposal,
  parseStart,
  type RecordedProposal,
  type RecordedStart,
} from "./recorded-proposal.ts";

/** An approval is carried out at once or not at all: what a person saw must not take effect much later. */
export const APPROVAL_FRESH_MAX_MS = 60_000;
/** Two processes of one machine read the same clock. */
const CLOCK_SLACK_MS = 2_000;

export interface Rules {
  readonly approvers: readonly string[];
  readonly actions: readonly Action["type"][];
}

export interface Refusal {
  readonly code: string;
  readonly detail: string;
}

/** What is left for an executor to do about one proposal. */
export type Standing =
  | { readonly type: "nothing" }
  | { readonly type: "refuse"; readonly refusal: Refusal }
  | { readonly type: "run"; readonly proposal: RecordedProposal; readonly approvedMs: number }
  | {
      readonly type: "started";
      /** Undefined when the record cannot be read. */
      readonly proposal: RecordedProposal | undefined;
      readonly start: RecordedStart | undefined;
      readonly event: StoredEvent;
      /** Of the stream now. */
      readonly version: number;
    };

const ENDS: ReadonlySet<string> = new Set(["action-done", "action-failed", "action-unknown"]);
const isStart = ({ type }: StoredEvent): boolean => type === "action-started";

/** How what was started has ended; undefined while it has not. */
export function endOf(events: readonly StoredEvent[]): StoredEvent | undefined {
  return events.slice(events.findLastIndex(isStart) + 1).findLast(({ type }) => ENDS.has(type));
}

/**
 * Reads a proposal's stream and believes nothing: whoever wrote the approval, it runs only if the record is exactly a
 * proposal and then its approval, by an approver of ours, in time, and bound to the hash that we compute ourselves.
 */
export function standingOf(events: readonly StoredEvent[], rules: Rules, nowMs: number): Standing {
  const started = events.findLast(isStart);
  if (started !== undefined)
    return endOf(events) === undefined ? startedStanding(events, started) : { type: "nothing" };
  const last = events.at(-1);
  if (last?.type !== "proposal-approved") return { type: "nothing" };
  const made = events[0];
  const proposal = parseProposal(made?.body);
  const approval = parseApproval(last.body);
  if (made?.type !== "proposal-made" || proposal === undefined || approval === undefined)
    return refuse("proposal_malformed", "The record of this proposal cannot be read.");
  if (made.stream !== `proposal/${proposal.id}`)
    return refuse("proposal_malformed", `${made.stream} holds the proposal ${proposal.id}.`);
  if (events.length !== 2)
    return refuse("not_open", "It was decided on before it was approved. Ask for a new proposal.");
  const refusal =
    approvalRefusal(proposal, { ...approval, atMs: last.atMs }, rules) ??
    ageRefusal(last.atMs, nowMs);
  return refusal === undefined
    ? { type: "run", proposal, approvedMs: last.atMs }
    : { type: "refuse", refusal };
}

function startedStanding(events: readonly StoredEvent[], event: StoredEvent): Standing {
  const proposal = parseProposal(events[0]?.body);
  const start = parseStart(event.body);
  return { type: "started", proposal, start, event, version: events.length };
}

const refusalOf = (code: string, detail: string): Refusal => ({
  code,
  detail: `${detail} Nothing was done.`,
});

const refuse = (code: string, detail: string): Standing => ({
  type: "refuse",
  refusal: refusalOf(code, detail),
});

function approvalRefusal(
  proposal: RecordedProposal,
  approval: { readonly by: string; readonly actionHash: string; readonly atMs: number },
  { approvers, actions }: Rules,
): Refusal | undefined {
  const { action, preconditions, expiresMs, executable } = proposal;
  if (!approvers.includes(approval.by))
    return refusalOf(
      "approver_unknown",
      `${approval.by} is not in the executor's ORRERY_APPROVERS.`,
    );
  const hash = actionHash(action, preconditions);
  if (hash !== proposal.actionHash || hash !== approval.actionHash)
    return refusalOf("hash_mismatch", "The approval is for another action than the recorded one.");
  if (approval.atMs >= expiresMs)
    return refusalOf("approved_late", "The proposal had expired when it was approved.");
  if (!executable)
    return refusalOf("not_executable", "It was proposed as something to be done by hand.");
  if (!actions.includes(action.type))
    return refusalOf("action_unsupported", `The executor cannot do ${action.type}.`);
  return undefined;
}

/** Asked again at the last moment before the effect. */
export function ageRefusal(approvedMs: number, nowMs: number): Refusal | undefined {
  const ageMs = nowMs - approvedMs;
  if (ageMs < -CLOCK_SLACK_MS)
    return refusalOf("clock_disagrees", "The approval is from the future: look at the clocks.");
  if (ageMs >= APPROVAL_FRESH_MAX_MS)
    return refusalOf(
      "approval_stale",
      `The approval is ${Math.round(ageMs / 1_000)} s old, and counts for ${APPROVAL_FRESH_MAX_MS / 1_000} s. Ask for a new proposal.`,
    );
  return undefined;
}
