import fc from "fast-check";
import { expect, test } from "vitest";
import type { Proposal, ProposalEvent } from "../../src/incident/events.ts";
import { foldProposal, isOver, isUnsettled } from "../../src/incident/proposal.ts";
import { newEvent } from "../../src/incident/stored-event.ts";
import type { StoredEvent } from "../../src/store/store.ts";
import { outcome, prediction, proposal } from "../slack/samples.ts";

const MADE_MS = 1_000_000;
const plan: Proposal = proposal(MADE_MS);
const made: ProposalEvent = { type: "proposal-made", proposal: plan };
const approved: ProposalEvent = {
  type: "proposal-approved",
  by: "U0ALICE",
  actionHash: plan.actionHash,
  repredicted: prediction({ grade: "C" }),
};
const started: ProposalEvent = { type: "action-started", executor: "demo" };
const done: ProposalEvent = { type: "action-done", detail: "runs 1.0.0", finishedMs: MADE_MS + 9 };
const settled: ProposalEvent = { type: "outcome-recorded", outcome: outcome() };

function stream(events: readonly ProposalEvent[], stepMs = 10): StoredEvent[] {
  return events.map((event, i) => ({
    ...newEvent(event, MADE_MS + i * stepMs),
    stream: "proposal/p-1",
    version: i + 1,
    position: i + 1,
  }));
}
const state = (...events: readonly ProposalEvent[]): string | undefined =>
  foldProposal(stream(events))?.state;

test("a proposal lives from its making to its verdict", () => {
  const record = foldProposal(stream([made, approved, started, done, settled]));
  expect(record).toMatchObject({
    state: "done",
    approvedBy: "U0ALICE",
    approvedMs: MADE_MS + 10,
    startedMs: MADE_MS + 20,
    finishedMs: MADE_MS + 9,
    detail: "runs 1.0.0",
  });
  expect(record?.repredicted?.grade).toBe("C");
  expect(record?.outcome?.verdict).toBe("inside");
});

test.each<readonly [string, readonly ProposalEvent[], string]>([
  ["rejected", [made, { type: "proposal-rejected", by: "U0BOB" }], "rejected"],
  ["expired while open", [made, { type: "proposal-expired" }], "expired"],
  ["expired while approved", [made, approved, { type: "proposal-expired" }], "expired"],
  ["superseded", [made, { type: "proposal-superseded", reason: "it moved" }], "superseded"],
  [
    "failed",
    [made, approved, started, { type: "action-failed", code: "http", detail: "no answer" }],
    "failed",
  ],
  [
    "unknown, then found done by looking",
    [made, approved, started, { type: "action-unknown", detail: "stopped" }, done],
    "done",
  ],
])("%s", (_name, events, expected) => {
  expect(state(...events)).toBe(expected);
});

test.each<readonly [string, readonly ProposalEvent[], string]>([
  ["a start without an approval", [made, started], "open"],
  ["an approval of another action", [made, { ...approved, actionHash: "00" }, started], "open"],
  [
    "an approval of what was rejected",
    [made, { type: "proposal-rejected", by: "U" }, approved],
    "rejected",
  ],
  [
    "a rejection after the approval",
    [made, approved, { type: "proposal-rejected", by: "U" }],
    "approved",
  ],
  ["an expiry of what runs", [made, approved, started, { type: "proposal-expired" }], "running"],
  ["a verdict on what was not done", [made, approved, settled], "approved"],
])("is not believed: %s", (_name, events, expected) => {
  expect(state(...events)).toBe(expected);
});

test("an approval that came late, or of a plan whose hash is not its own, is not believed", () => {
  const late = stream([made, approved], plan.expiresMs - MADE_MS);
  expect(foldProposal(late)?.state).toBe("open");
  const forged: Proposal = { ...plan, action: { type: "restart", service: "ledger" } };
  expect(state({ type: "proposal-made", proposal: forged }, approved)).toBe("open");
});

const anyEvent = fc.constantFrom<ProposalEvent>(
  made,
  approved,
  { ...approved, actionHash: "ff" },
  { type: "proposal-rejected", by: "U0BOB" },
  { type: "proposal-expired" },
  { type: "proposal-superseded", reason: "it moved" },
  started,
  done,
  { type: "action-failed", code: "http", detail: "no answer" },
  { type: "action-unknown", detail: "stopped" },
  settled,
);

test("whatever a stream holds, an effect is only believed after a valid approval", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 12 }), (events) => {
      const record = foldProposal(stream(events));
      if (record === undefined) return;
      const acted = ["running", "done", "unknown"].includes(record.state);
      if (acted) expect(record.approvedBy).toBe("U0ALICE");
      if (record.outcome !== undefined) expect(acted || record.state === "failed").toBe(true);
      expect(isOver(record) && isUnsettled(record)).toBe(false);
    }),
  );
});
