import { expect, test } from "vitest";
import { checkOutcome } from "../../tools/check-outcome.ts";
import type { LedgerEntry } from "../../tools/define-tool.ts";
import * as samples from "../slack/samples.ts";
import { answered, quantityOf } from "./lawful.ts";
import { at, contextOf, sharedShop } from "./tool-world.ts";

const done: LedgerEntry = {
  proposal: samples.proposal(at(0)),
  state: "done",
  outcome: samples.outcome(),
  detail: "rolled back 2 replicas",
};
const open: LedgerEntry = { proposal: samples.proposal(at(60), { id: "p-2" }), state: "open" };
const elsewhere: LedgerEntry = {
  proposal: samples.proposal(at(-600), { id: "p-0", incidentId: "i-0" }),
  state: "done",
  verdict: "outside",
};
const ledger = (incidentId?: string) =>
  Promise.resolve(incidentId === undefined ? [elsewhere, done, open] : [done, open]);

test("tells of this incident's proposals whether their predictions held", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop(), { ledger }), checkOutcome);
  expect(data.proposals.map((one) => [one.proposalId, one.state, one.verdict])).toEqual([
    ["p-2", "open", null],
    ["p-1", "done", "inside"],
  ]);
  expect(data.proposals[1]?.observed[0]).toMatchObject({
    statistic: "p95",
    value: 231,
    inside: true,
  });
  const settled = evidence.find((one) => one.values.proposalId === "p-1");
  expect(settled?.kind).toBe("outcome");
  expect(settled?.text).toContain("the prediction held");
  expect(quantityOf(settled, "observedP95")).toBe(231);
  expect(quantityOf(settled, "p95High")).toBe(350);
});

test("keeps the score of each kind of action over all incidents", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop(), { ledger }), checkOutcome, {
    scope: "all",
  });
  expect(data.proposals).toHaveLength(3);
  expect(data.trackRecord).toEqual([
    {
      action: "rollback",
      settled: 2,
      inside: 1,
      outside: 1,
      recoveredUnpredicted: 0,
      notRecoveredUnpredicted: 0,
      void: 0,
    },
  ]);
  expect(quantityOf(evidence.at(-1), "settled")).toBe(2);
});

test("has nothing to tell of an empty ledger", async () => {
  const { data, evidence } = await answered(contextOf(sharedShop()), checkOutcome);
  expect(data).toEqual({ proposals: [], trackRecord: [] });
  expect(evidence).toEqual([]);
});

test("shows the newest of many, and cleans what an executor said", async () => {
  const many = Array.from({ length: 40 }, (_, index) => ({
    ...done,
    proposal: samples.proposal(at(index), { id: `p-${index}` }),
    detail: `token=abcdef0123456789abcdef\n${"x".repeat(5_000)}`,
  }));
  const context = contextOf(sharedShop(), { ledger: () => Promise.resolve(many) });
  const { data, notes } = await answered(context, checkOutcome);
  expect(data.proposals[0]?.proposalId).toBe("p-39");
  expect(data.proposals[0]?.detail).not.toContain("abcdef0123456789");
  expect(notes).toContain("5 of 40 proposals shown");
});
