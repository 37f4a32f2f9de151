import { expect, test } from "vitest";
import type { Proposal, ProposalEvent } from "../../src/incident/events.ts";
import { PROPOSALS_KEPT_MAX } from "../../src/incident/proposal-index.ts";
import { newEvent } from "../../src/incident/stored-event.ts";
import type { Store } from "../../src/store/store.ts";
import { outcome, page, proposal } from "../slack/samples.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { ALICE, lifeOn } from "./proposal-record.ts";

async function made(store: Store, over: Partial<Proposal>, ...then: readonly ProposalEvent[]) {
  const plan = proposal(1_000, over);
  const events = [{ type: "proposal-made", proposal: plan } as const, ...then];
  await store.append(
    `proposal/${plan.id}`,
    0,
    events.map((event) => newEvent(event, 1_000)),
  );
  return plan;
}

test("what is long over leaves memory, and is still read and listed with its incident", async () => {
  const store = createMemoryStore();
  const { incidents, proposals, meter } = lifeOn(store);
  const { id: incidentId } = await incidents.open(page, "#ops", 1_000);
  const open = await made(store, { id: "p-open", incidentId });
  const old = await made(store, { id: "p-old", incidentId }, { type: "proposal-expired" });
  for (const id of [open.id, old.id]) await incidents.recordProposal(incidentId, id, 1_000);
  for (let n = 0; n < PROPOSALS_KEPT_MAX; n += 1)
    await made(store, { id: `p-${n}`, incidentId: "i-other" }, { type: "proposal-expired" });
  const all = await proposals.list();
  expect(all).toHaveLength(PROPOSALS_KEPT_MAX);
  expect(all.map((record) => record.proposal.id)).toContain("p-open");
  expect(all.map((record) => record.proposal.id)).not.toContain("p-old");
  expect(meter.get("orrery_proposals_in_memory")).toBe(PROPOSALS_KEPT_MAX);
  expect(await proposals.read("p-old")).toMatchObject({ state: "expired" });
  const own = await proposals.list(incidentId);
  expect(own.map((record) => record.proposal.id)).toEqual(["p-old", "p-open"]);
});

test("what another process writes is seen by the next question, in any number", async () => {
  const store = createMemoryStore();
  const { proposals } = lifeOn(store);
  expect(await proposals.list()).toEqual([]);
  for (let n = 0; n < 120; n += 1) await made(store, { id: `p-${n}` });
  const [asked, again] = await Promise.all([proposals.list(), proposals.list()]);
  expect(asked).toHaveLength(120);
  expect(again).toHaveLength(120);
  const { actionHash } = proposal(1_000);
  const repredicted = proposal(1_000).prediction;
  const approved = { type: "proposal-approved", by: ALICE, actionHash, repredicted } as const;
  await store.append("proposal/p-7", 1, [
    newEvent(approved, 1_500),
    newEvent({ type: "action-started", executor: "x" }, 1_600),
    newEvent({ type: "action-done", detail: "", finishedMs: 1_700 }, 1_700),
  ]);
  expect((await proposals.unsettled()).map((one) => one.proposal.id)).toEqual(["p-7"]);
  await proposals.recordOutcome("p-7", outcome(), 2_000);
  expect((await proposals.trackRecord()).types).toMatchObject([{ outcomes: 1 }]);
});
