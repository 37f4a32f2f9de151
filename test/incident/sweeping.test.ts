import { expect, test } from "vitest";
import { PROPOSAL_TTL_MS, type ProposalEvent } from "../../src/incident/events.ts";
import { writeRegistration } from "../../src/incident/executor-registration.ts";
import { newEvent } from "../../src/incident/stored-event.ts";
import { ABANDONED_AFTER_MS } from "../../src/incident/sweeping.ts";
import { ALICE, type Desk, modelOf, openDesk, RESTART, SCALE } from "./proposal-record.ts";
import { CHANGES, NOW_MS, SEEN_S, sharedShop, shopView } from "./shop.ts";

const LAPSED_MS = NOW_MS + PROPOSAL_TTL_MS;

async function approved(desk: Desk): Promise<string> {
  const { id, actionHash } = await desk.made({ action: SCALE });
  await desk.proposals.approve({ proposalId: id, by: ALICE, actionHash }, modelOf(), NOW_MS);
  return id;
}
async function append(desk: Desk, id: string, event: ProposalEvent): Promise<void> {
  const { length } = await desk.store.read(`proposal/${id}`);
  await desk.store.append(`proposal/${id}`, length, [newEvent(event, NOW_MS)]);
}
const stateOf = async ({ proposals }: Desk, id: string): Promise<string | undefined> =>
  (await proposals.read(id))?.state;

test("what still holds and is not past its time is left alone", async () => {
  const desk = await openDesk();
  const open = await desk.made();
  const waiting = await approved(desk);
  await desk.proposals.sweep(sharedShop(), LAPSED_MS - 1);
  expect(await stateOf(desk, open.id)).toBe("open");
  expect(await stateOf(desk, waiting)).toBe("approved");
});

test("what is past its time ends, also an approval that no executor has taken up", async () => {
  const desk = await openDesk();
  const open = await desk.made();
  const waiting = await approved(desk);
  await desk.proposals.sweep(sharedShop(), LAPSED_MS);
  expect(await stateOf(desk, open.id)).toBe("expired");
  expect(await stateOf(desk, waiting)).toBe("expired");
  expect(desk.meter.get("orrery_proposals_ended_total", { how: "proposal-expired" })).toBe(2);
  await desk.proposals.sweep(sharedShop(), LAPSED_MS + 1);
  expect(await desk.store.read(`proposal/${open.id}`)).toHaveLength(2);
});

test("what no longer holds is superseded, and the others are not", async () => {
  const desk = await openDesk();
  const rollback = await desk.made();
  const restart = await desk.made({ action: RESTART });
  const back = { kind: "deploy", entity: "catalog", attributes: { version: "1.0.0" } } as const;
  const view = shopView({ changes: [...CHANGES, [SEEN_S, back]], seconds: SEEN_S + 10 });
  await desk.proposals.sweep(view, view.asOfMs);
  expect(await desk.proposals.read(rollback.id)).toMatchObject({
    state: "superseded",
    detail: "the version of catalog was 1.1.0 and is 1.0.0 now",
  });
  expect(await stateOf(desk, restart.id)).toBe("open");
});

test("a resolved incident takes its open and approved proposals along", async () => {
  const desk = await openDesk();
  const open = await desk.made();
  const waiting = await approved(desk);
  await desk.incidents.resolve(desk.incidentId, ALICE, NOW_MS);
  await desk.proposals.sweep(sharedShop(), NOW_MS);
  for (const id of [open.id, waiting]) expect(await stateOf(desk, id)).toBe("superseded");
});

test("a recovery takes along what was proposed before it, not what is proposed after it", async () => {
  const desk = await openDesk();
  const open = await desk.made();
  const waiting = await approved(desk);
  await desk.incidents.recordRecovered(desk.incidentId, {}, NOW_MS);
  const after = await desk.made({ action: RESTART }, NOW_MS + 1);
  await desk.proposals.sweep(sharedShop(), NOW_MS + 2);
  for (const id of [open.id, waiting])
    expect(await desk.proposals.read(id)).toMatchObject({
      state: "superseded",
      detail: "the incident has recovered since",
    });
  expect(await stateOf(desk, after.id)).toBe("open");
});

test("what runs is left to its executor, whatever the view and the clock say, while that one lives", async () => {
  const desk = await openDesk();
  const id = await approved(desk);
  await append(desk, id, { type: "action-started", executor: "x" });
  await desk.proposals.sweep(sharedShop(), NOW_MS + ABANDONED_AFTER_MS - 1);
  expect(await stateOf(desk, id)).toBe("running");
  const beatMs = LAPSED_MS + ABANDONED_AFTER_MS;
  await writeRegistration(desk.store, { id: "x", actions: ["scale"], beatMs });
  await desk.proposals.sweep(sharedShop(), beatMs);
  expect(await stateOf(desk, id)).toBe("running");
});

test("what an executor began before it died is known to be unknown, and can still be found done", async () => {
  const desk = await openDesk();
  const id = await approved(desk);
  await append(desk, id, { type: "action-started", executor: "x" });
  await desk.proposals.sweep(sharedShop(), NOW_MS + ABANDONED_AFTER_MS);
  expect(await stateOf(desk, id)).toBe("unknown");
  expect((await desk.proposals.unsettled()).map(({ proposal }) => proposal.id)).toEqual([id]);
  await append(desk, id, { type: "action-done", detail: "found", finishedMs: NOW_MS });
  expect(await stateOf(desk, id)).toBe("done");
});
