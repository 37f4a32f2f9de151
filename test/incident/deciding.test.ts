// Abuse of approvals as far as it lies in the record: SAFETY's table, one row a case.
import { expect, test } from "vitest";
import { OperationError } from "../../src/errors.ts";
import type { Answer } from "../../src/incident/contract.ts";
import { PROPOSAL_TTL_MS, type Proposal } from "../../src/incident/events.ts";
import { prediction } from "../slack/samples.ts";
import {
  ALICE,
  BOB,
  CAROL,
  type Desk,
  FLAG_OFF,
  lifeOn,
  modelOf,
  openDesk,
  ROLLBACK,
  SCALE,
} from "./proposal-record.ts";
import { CHANGES, NOW_MS, SEEN_S, shopView } from "./shop.ts";

interface Click {
  readonly by?: string;
  readonly actionHash?: string;
  readonly proposalId?: string;
  readonly atMs?: number;
  readonly model?: ReturnType<typeof modelOf>;
}

function click(
  { proposals }: Pick<Desk, "proposals">,
  proposal: Proposal,
  { by = ALICE, actionHash, proposalId, atMs = NOW_MS + 1_000, model = modelOf() }: Click = {},
): Promise<Answer<null>> {
  return proposals.approve(
    {
      by,
      actionHash: actionHash ?? proposal.actionHash,
      proposalId: proposalId ?? proposal.id,
    },
    model,
    atMs,
  );
}
const events = async ({ store }: Desk, { id }: Proposal): Promise<readonly string[]> =>
  (await store.read(`proposal/${id}`)).map(({ type }) => type);

test("an approval is recorded with who, what and the prediction at the click", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const model = modelOf(undefined, prediction({ grade: "A" }));
  expect(await click(desk, proposal, { model })).toEqual({ ok: true, data: null });
  expect(await desk.proposals.read(proposal.id)).toMatchObject({
    state: "approved",
    approvedBy: ALICE,
    approvedMs: NOW_MS + 1_000,
    repredicted: { grade: "A" },
  });
  expect(desk.meter.get("orrery_approvals_total", { outcome: "approved" })).toBe(1);
});

test("two clicks by one person are one approval", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const both = await Promise.all([click(desk, proposal), click(desk, proposal)]);
  expect(both.map(({ ok }) => ok)).toEqual([true, true]);
  expect(await click(desk, proposal)).toMatchObject({ ok: true });
  expect(await events(desk, proposal)).toEqual(["proposal-made", "proposal-approved"]);
});

test("of two people at the same moment one approves, and the other is told who", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const both = await Promise.all([
    click(desk, proposal, { by: CAROL }),
    click(desk, proposal, { by: ALICE }),
  ]);
  expect(both.map(({ ok }) => ok)).toEqual([true, false]);
  expect(both[1]).toMatchObject({ code: "not_open", message: expect.stringContaining(CAROL) });
  expect(await events(desk, proposal)).toEqual(["proposal-made", "proposal-approved"]);
});

test("an approval and a rejection at the same moment: one of them counts", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const both = await Promise.all([
    desk.proposals.reject(proposal.id, CAROL, NOW_MS),
    click(desk, proposal),
  ]);
  expect(both.filter(({ ok }) => ok)).toHaveLength(1);
  expect(await events(desk, proposal)).toHaveLength(2);
});

test.each<readonly [string, Click, string]>([
  ["by somebody who is no approver", { by: BOB }, "not_allowed"],
  ["by the bot itself", { by: "orrery" }, "not_allowed"],
  ["by nobody", { by: "" }, "not_allowed"],
  ["by a name that contains an approver", { by: `${ALICE},${BOB}` }, "not_allowed"],
  ["with the hash of another plan", { actionHash: "ab".repeat(32) }, "hash_mismatch"],
  ["with a part of the hash", { actionHash: "" }, "hash_mismatch"],
  ["of a proposal that never was", { proposalId: "p-forged" }, "unknown_proposal"],
  ["of another stream", { proposalId: "../incident/i-1" }, "unknown_proposal"],
])("refuses a click %s, and nothing changes", async (_name, over, code) => {
  const desk = await openDesk();
  const proposal = await desk.made();
  expect(await click(desk, proposal, over)).toMatchObject({ ok: false, code });
  expect(await events(desk, proposal)).toEqual(["proposal-made"]);
});

test("nobody approves when no approver is configured", async () => {
  const desk = await openDesk({ approvers: [] });
  const proposal = await desk.made();
  for (const by of [ALICE, "", "undefined"])
    expect(await click(desk, proposal, { by })).toMatchObject({ code: "not_allowed" });
});

test("one who is no approver any more does not approve the card that he saw before", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const next = lifeOn(desk.store, [CAROL]);
  expect(await click(next, proposal)).toMatchObject({ code: "not_allowed" });
  expect(await click(next, proposal, { by: CAROL })).toMatchObject({ ok: true });
});

test("a click at the instant of expiry is late, and ends the proposal", async () => {
  const desk = await openDesk();
  const early = await desk.made();
  expect(await click(desk, early, { atMs: NOW_MS + PROPOSAL_TTL_MS - 1 })).toMatchObject({
    ok: true,
  });
  const late = await desk.made({ action: SCALE });
  const atMs = NOW_MS + PROPOSAL_TTL_MS;
  expect(await click(desk, late, { atMs })).toMatchObject({ code: "expired" });
  expect(await desk.proposals.read(late.id)).toMatchObject({ state: "expired" });
  expect(await click(desk, late, { atMs: NOW_MS + 5 })).toMatchObject({ code: "not_open" });
});

test("the hash of one card does not approve another", async () => {
  const desk = await openDesk();
  const one = await desk.made();
  const other = await desk.made({ action: SCALE });
  const swapped = { actionHash: one.actionHash };
  expect(await click(desk, other, swapped)).toMatchObject({ code: "hash_mismatch" });
});

test("drift between card and click supersedes, and the card says what changed", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const back = {
    kind: "deploy",
    entity: "catalog",
    attributes: { version: "1.0.0" },
  } as const;
  const view = shopView({ changes: [...CHANGES, [SEEN_S, back]], seconds: SEEN_S + 10 });
  const answer = await click(desk, proposal, { model: modelOf(view), atMs: view.asOfMs });
  expect(answer).toMatchObject({ code: "superseded" });
  expect(await desk.proposals.read(proposal.id)).toMatchObject({
    state: "superseded",
    detail: "the version of catalog was 1.1.0 and is 1.0.0 now",
  });
  expect(await click(desk, proposal)).toMatchObject({ code: "not_open" });
});

test("a click after the incident was resolved supersedes", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  await desk.incidents.resolve(desk.incidentId, CAROL, NOW_MS);
  expect(await click(desk, proposal)).toMatchObject({ code: "superseded" });
  expect((await desk.proposals.read(proposal.id))?.state).toBe("superseded");
});

test("a click after the incident has recovered supersedes: what it was for is over", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  await desk.incidents.recordRecovered(desk.incidentId, {}, NOW_MS);
  expect(await click(desk, proposal)).toMatchObject({ code: "superseded" });
});

test("what nothing here can execute is not approved, so that no approval lies about", async () => {
  const desk = await openDesk({ executor: [] });
  const proposal = await desk.made();
  expect(await click(desk, proposal)).toMatchObject({ code: "not_executable" });
});

test("a plan that was changed in the record no longer fits its hash and is never approved", async () => {
  const desk = await openDesk();
  const real = await desk.made();
  const forged = { ...real, id: "p-forged", action: { ...ROLLBACK, service: "ledger" } };
  await desk.store.append("proposal/p-forged", 0, [
    { type: "proposal-made", atMs: NOW_MS, body: { type: "proposal-made", proposal: forged } },
  ]);
  expect(await click(desk, forged as Proposal)).toMatchObject({ code: "hash_mismatch" });
  expect((await desk.proposals.read("p-forged"))?.state).toBe("open");
});

test("when the prediction fails at the click, the registered one stands and the approval counts", async () => {
  const desk = await openDesk();
  const proposal = await desk.made();
  const model = {
    ...modelOf(),
    predict: () => Promise.reject(new OperationError("worker_gone", "the worker stopped")),
  };
  expect(await click(desk, proposal, { model })).toMatchObject({ ok: true });
  expect((await desk.proposals.read(proposal.id))?.repredicted).toEqual(proposal.prediction);
  expect(desk.meter.get("orrery_repredictions_failed_total")).toBe(1);
});

test("a rejection needs an approver too, and is repeated without harm", async () => {
  const desk = await openDesk();
  const proposal = await desk.made({ action: FLAG_OFF });
  const { proposals } = desk;
  expect(await proposals.reject(proposal.id, BOB, NOW_MS)).toMatchObject({ code: "not_allowed" });
  expect(await proposals.reject("p-none", ALICE, NOW_MS)).toMatchObject({
    code: "unknown_proposal",
  });
  expect(await proposals.reject(proposal.id, ALICE, NOW_MS)).toMatchObject({ ok: true });
  expect(await proposals.reject(proposal.id, ALICE, NOW_MS)).toMatchObject({ ok: true });
  expect(await proposals.reject(proposal.id, CAROL, NOW_MS)).toMatchObject({ code: "not_open" });
  expect(await click(desk, proposal)).toMatchObject({
    code: "not_open",
    message: expect.stringContaining(ALICE),
  });
  expect(await events(desk, proposal)).toEqual(["proposal-made", "proposal-rejected"]);
});
