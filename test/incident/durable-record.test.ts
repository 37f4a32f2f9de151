import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { writeRegistration } from "../../src/incident/executor-registration.ts";
import { newEvent } from "../../src/incident/stored-event.ts";
import { createMeter } from "../../src/meter.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { diagnosis, outcome, page } from "../slack/samples.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ALICE, draftOf, lifeOn, modelOf } from "./proposal-record.ts";
import { NOW_MS } from "./shop.ts";

test("on disk, with the executor at another connection, the record goes on where a stop left it", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "orrery.db");
  const open = (): Promise<Store> =>
    openSqliteStore({ path, clock: systemClock, meter: createMeter() });
  const store = await open();
  const executor = await open();
  await writeRegistration(executor, { id: "x", actions: ["rollback"], beatMs: NOW_MS });
  const first = lifeOn(store);
  const incident = await first.incidents.open({ ...page, atMs: NOW_MS }, "#ops", NOW_MS);
  await first.incidents.recordDiagnosis(incident.id, "first", diagnosis(), NOW_MS);
  const draft = draftOf(incident.id, { key: "turn-1/call-1" });
  const made = await first.proposals.propose(draft, modelOf(), NOW_MS);
  if (!made.ok) throw new Error(made.message);
  const { id, actionHash } = made.data;
  const click = { proposalId: id, by: ALICE, actionHash };
  expect(await first.proposals.approve(click, modelOf(), NOW_MS)).toMatchObject({ ok: true });
  await store.close();

  await executor.append(`proposal/${id}`, 2, [
    newEvent({ type: "action-started", executor: "x" }, NOW_MS),
    newEvent({ type: "action-done", detail: "runs 1.0.0", finishedMs: NOW_MS }, NOW_MS),
  ]);
  await executor.close();

  const again = await open();
  const next = lifeOn(again);
  expect(await next.incidents.read(incident.id)).toMatchObject({
    firstDiagnosis: { asOfMs: diagnosis().asOfMs },
    proposalIds: [id],
  });
  expect(await next.proposals.propose(draft, modelOf(), NOW_MS)).toEqual(made);
  expect(await next.proposals.unsettled()).toMatchObject([
    { state: "done", approvedBy: ALICE, detail: "runs 1.0.0", proposal: made.data },
  ]);
  await next.proposals.recordOutcome(id, outcome(), NOW_MS);
  expect(await next.proposals.trackLine("rollback")).toContain("1 of 1 inside");
  await again.close();
});
