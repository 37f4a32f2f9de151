// The executor believes no approval that it has not checked itself.
import { expect, test } from "vitest";
import type { Action } from "../../src/incident/action.ts";
import type { Proposal, ProposalEvent } from "../../src/incident/events.ts";
import { APPROVAL_FRESH_MAX_MS, ageRefusal, standingOf } from "../../src/remediation/standing.ts";
import type { StoredEvent } from "../../src/store/store.ts";
import { ALICE, approved, MALLORY, made, NOW_MS, proposal, rollback, stored } from "./proposals.ts";

const rules = { approvers: [ALICE], actions: ["rollback", "scale"] as const };

function verdict(events: readonly StoredEvent[], nowMs = NOW_MS + 1_000): string {
  const standing = standingOf(events, rules, nowMs);
  return standing.type === "refuse" ? standing.refusal.code : standing.type;
}

const withProposal = (over: Partial<Proposal>): readonly StoredEvent[] =>
  stored([made(over), approved(proposal(over))]);

test("a fresh approval by an approver, bound to the recorded action, is carried out", () => {
  expect(verdict(stored([made(), approved()]))).toBe("run");
  expect(verdict(stored([made(), approved()]), NOW_MS + APPROVAL_FRESH_MAX_MS - 1)).toBe("run");
  expect(verdict(stored([made(), approved()]), NOW_MS + APPROVAL_FRESH_MAX_MS)).toBe(
    "approval_stale",
  );
});

const other: Action = { type: "rollback", service: "gateway", toVersion: "1.4.2" };

test.each<[string, readonly StoredEvent[]]>([
  ["approver_unknown", stored([made(), approved(proposal(), { by: MALLORY })])],
  ["hash_mismatch", stored([made(), approved(proposal({ action: other }))])],
  // The proposal says one hash and holds another action; the approval repeats what it says.
  [
    "hash_mismatch",
    stored([
      made({ action: other, actionHash: proposal().actionHash }),
      approved(proposal(), { actionHash: proposal().actionHash }),
    ]),
  ],
  [
    "hash_mismatch",
    stored([
      made({
        preconditions: { facts: {} },
        actionHash: proposal().actionHash,
      }),
      approved(),
    ]),
  ],
  ["approved_late", withProposal({ expiresMs: NOW_MS })],
  ["not_executable", withProposal({ executable: false })],
  ["action_unsupported", withProposal({ action: { type: "restart", service: "catalog" } })],
  ["proposal_malformed", withProposal({ id: "p-2" })],
  [
    "proposal_malformed",
    withProposal({ action: { type: "rollback", service: "catalog", toVersion: "" } }),
  ],
  ["proposal_malformed", withProposal({ action: { type: "rm", path: "/" } as never })],
  ["proposal_malformed", withProposal({ action: { ...rollback, force: true } as never })],
  ["proposal_malformed", withProposal({ action: { type: "scale", service: "a", replicas: 0 } })],
  ["proposal_malformed", withProposal({ preconditions: { facts: {}, unless: 1 } as never })],
  ["proposal_malformed", stored([approved()])],
  ["proposal_malformed", stored([made(), { type: "proposal-approved" } as never])],
])("%s", (code, events) => {
  expect(verdict(events)).toBe(code);
});

test.each<readonly ProposalEvent[]>([
  [{ type: "proposal-rejected", by: ALICE }],
  [{ type: "proposal-expired" }],
  [{ type: "proposal-superseded", reason: "drift" }],
  [{ type: "action-failed", code: "approval_stale", detail: "" }],
  [approved()],
])("an approval after a decision is none: $type", (...before) => {
  expect(verdict(stored([made(), ...before, approved()]))).toBe("not_open");
});

test("what was decided after the approval, or never approved, needs nothing", () => {
  for (const last of [
    { type: "proposal-superseded", reason: "drift" },
    { type: "proposal-expired" },
    { type: "action-failed", code: "x", detail: "" },
    { type: "action-done", detail: "", finishedMs: NOW_MS },
    { type: "action-unknown", detail: "" },
  ] as const)
    expect(verdict(stored([made(), approved(), last]))).toBe("nothing");
  const done = { type: "action-done", detail: "", finishedMs: NOW_MS } as const;
  const start = { type: "action-started", executor: "another" } as const;
  expect(verdict(stored([made(), approved(), start, done, approved()]))).toBe("nothing");
  expect(verdict(stored([made(), approved(), start, approved()]))).toBe("started");
  expect(verdict(stored([made()]))).toBe("nothing");
  expect(verdict([])).toBe("nothing");
});

test("a start without an end is there to be settled, with what was so before", () => {
  const before = { "instance:catalog.catalog-1": "present" };
  const standing = standingOf(
    stored([made(), approved(), { type: "action-started", executor: "e-1", before }]),
    rules,
    NOW_MS,
  );
  expect(standing).toMatchObject({
    type: "started",
    proposal: { id: "p-1" },
    start: { executor: "e-1", before },
  });
});

test("an approval counts for a minute, and not before it was given", () => {
  expect(ageRefusal(NOW_MS, NOW_MS)).toBeUndefined();
  expect(ageRefusal(NOW_MS, NOW_MS + 59_999)).toBeUndefined();
  expect(ageRefusal(NOW_MS, NOW_MS + 60_000)?.code).toBe("approval_stale");
  expect(ageRefusal(NOW_MS, NOW_MS + 86_400_000)?.code).toBe("approval_stale");
  expect(ageRefusal(NOW_MS, NOW_MS - 60_000)?.code).toBe("clock_disagrees");
});
