import { expect, test } from "vitest";
import type { ProposalRecord } from "../../src/incident/contract.ts";
import { dueVerifications, verificationOf } from "../../src/incident/verification.ts";
import { outcome, prediction, proposal } from "../slack/samples.ts";
import { CHECKOUT } from "./shop.ts";

const DONE_MS = 1_000_000;
const done = (over: Partial<ProposalRecord> = {}): ProposalRecord => ({
  proposal: proposal(DONE_MS - 9_000),
  state: "done",
  approvedMs: DONE_MS - 5_000,
  startedMs: DONE_MS - 4_000,
  finishedMs: DONE_MS,
  ...over,
});

test("is due when the settle times of its objective have passed since it was done", () => {
  expect(verificationOf(done(), [CHECKOUT])).toMatchObject({
    times: { actedAtMs: DONE_MS, effectMs: 20_000, observeMs: 40_000 },
    dueMs: DONE_MS + 60_000,
  });
});

test("without an objective it waits longer", () => {
  expect(verificationOf(done(), [])?.dueMs).toBe(DONE_MS + 480_000);
});

test("an action of unknown outcome counts from its start", () => {
  const { finishedMs: _none, ...unknown } = done({ state: "unknown" });
  expect(verificationOf(unknown, [CHECKOUT])?.times.actedAtMs).toBe(DONE_MS - 4_000);
});

test("what was predicted at the click is what is held against the outcome", () => {
  const repredicted = prediction({ grade: "A" });
  expect(verificationOf(done({ repredicted }), [])?.prediction).toBe(repredicted);
  expect(verificationOf(done(), [])?.prediction.grade).toBe("B");
});

test.each<readonly [string, Partial<ProposalRecord>]>([
  ["settled", { outcome: outcome() }],
  ["failed", { state: "failed" }],
  ["running", { state: "running" }],
  ["open", { state: "open" }],
])("nothing is verified of what is %s", (_name, over) => {
  expect(verificationOf(done(over), [CHECKOUT])).toBeUndefined();
});

test("only those whose time has come are due, the longest waiting first", () => {
  const later = done({ finishedMs: DONE_MS + 10_000 });
  const records = [later, done(), done({ finishedMs: DONE_MS + 90_000 })];
  const due = dueVerifications(records, { slos: [CHECKOUT], closedMs: DONE_MS + 70_000 });
  expect(due.map(({ times }) => times.actedAtMs)).toEqual([DONE_MS, DONE_MS + 10_000]);
  expect(dueVerifications(records, { slos: [CHECKOUT], closedMs: DONE_MS + 59_999 })).toEqual([]);
});
