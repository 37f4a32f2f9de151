import fc from "fast-check";
import { expect, test } from "vitest";
import { OperationError } from "../../src/errors.ts";
import type { Incidents } from "../../src/incident/contract.ts";
import type { Page } from "../../src/incident/events.ts";
import { foldIncident } from "../../src/incident/incident.ts";
import { RESOLVED_KEPT_MAX } from "../../src/incident/incident-index.ts";
import { createIncidents } from "../../src/incident/incidents.ts";
import { createMeter } from "../../src/meter.ts";
import type { Store } from "../../src/store/store.ts";
import { diagnosis, page } from "../slack/samples.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const pageAt = (atMs: number, over: Partial<Page> = {}): Page => ({ ...page, atMs, ...over });
const recordOn = (store: Store): Incidents => createIncidents({ store, meter: createMeter() });
const hypothesis = { title: "t", stance: "leading", evidenceFor: [], evidenceAgainst: [] } as const;

/** Everything that is ever recorded of an incident, once. */
async function live(incidents: Incidents, first: Page): Promise<string> {
  const { id } = await incidents.open(first, "#ops", 1_000);
  await incidents.recordDiagnosis(id, "first", diagnosis(), 1_100);
  await incidents.recordInvestigation(id, { type: "started", conversationId: "c" }, 1_200);
  await incidents.recordHypothesis(id, hypothesis, 1_300, "k1");
  await incidents.recordProposal(id, "p-1", 1_400);
  await incidents.recordInvestigation(
    id,
    { type: "ended", conversationId: "c", outcome: "complete", llm: "offline" },
    1_500,
  );
  await incidents.recordRecovered(id, {}, 1_600);
  await incidents.join(id, pageAt(first.atMs + 1, { sloId: "home" }), "together", 1_700);
  await incidents.recordDiagnosis(id, "updated", diagnosis({ asOfMs: 1_800 }), 1_800);
  await incidents.recordRecovered(id, {}, 1_900);
  await incidents.resolve(id, "U0ALICE", 2_000);
  return id;
}
const EVENTS = 11;

test("what is in memory is what the store tells", async () => {
  const store = createMemoryStore();
  const incidents = recordOn(store);
  const id = await live(incidents, pageAt(500));
  const told = foldIncident(await store.read(`incident/${id}`));
  expect(await incidents.read(id)).toEqual(told);
  expect(await recordOn(store).read(id)).toEqual(told);
  expect(told).toMatchObject({ investigation: "complete", proposalIds: ["p-1"] });
  expect(told?.diagnosis?.asOfMs).toBe(1_800);
});

test("unresolved ones come oldest first, and only they", async () => {
  const store = createMemoryStore();
  const incidents = recordOn(store);
  const a = await incidents.open(pageAt(1), "#ops", 1);
  const b = await incidents.open(pageAt(2), "#ops", 2);
  const c = await incidents.open(pageAt(3), "#ops", 3);
  await incidents.resolve(b.id, "U0ALICE", 4);
  for (const record of [incidents, recordOn(store)])
    expect((await record.unresolved()).map(({ id }) => id)).toEqual([a.id, c.id]);
});

test("another condition, another instant or another operation is another incident", async () => {
  const incidents = recordOn(createMemoryStore());
  const ids = await Promise.all(
    [
      pageAt(1),
      pageAt(1),
      pageAt(2),
      pageAt(1, { sloId: "home" }),
      pageAt(1, { type: "absent" }),
    ].map(async (one) => (await incidents.open(one, "#ops", 1)).id),
  );
  expect(new Set(ids).size).toBe(4);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).toMatch(/^i-[0-9a-z]{10}$/);
});

test("all that is said twice is recorded once, also by the next life", async () => {
  const store = createMemoryStore();
  const id = await live(recordOn(store), pageAt(500));
  const next = recordOn(store);
  await next.open(pageAt(500), "#ops", 9_000);
  await next.recordDiagnosis(id, "first", diagnosis({ asOfMs: 9_000 }), 9_000);
  await next.recordDiagnosis(id, "updated", diagnosis({ asOfMs: 1_800 }), 9_000);
  await next.recordHypothesis(id, hypothesis, 9_000, "k1");
  await next.recordProposal(id, "p-1", 9_000);
  await next.join(id, pageAt(501, { sloId: "home" }), "again", 9_000);
  await next.join(id, pageAt(500), "again", 9_000);
  await next.recordRecovered(id, {}, 9_000);
  await next.resolve(id, "U0BOB", 9_000);
  const ended = { type: "ended", conversationId: "c", outcome: "failed", llm: "x" } as const;
  await next.recordInvestigation(id, ended, 9_000);
  expect(await store.read(`incident/${id}`)).toHaveLength(EVENTS);
});

test("an investigation may be started again after it has ended", async () => {
  const incidents = recordOn(createMemoryStore());
  const { id } = await incidents.open(pageAt(1), "#ops", 1);
  const started = { type: "started", conversationId: "c" } as const;
  const ended = { type: "ended", conversationId: "c", outcome: "failed", llm: "x" } as const;
  await incidents.recordInvestigation(id, started, 2);
  await incidents.recordInvestigation(id, ended, 3);
  await incidents.recordInvestigation(id, started, 4);
  expect((await incidents.read(id))?.investigation).toBe("running");
});

test("what cannot be recorded says why", async () => {
  const incidents = recordOn(createMemoryStore());
  const unknown = incidents.resolve("i-none", "U0ALICE", 1);
  await expect(unknown).rejects.toMatchObject({ code: "incident_unknown" });
  const { id } = await incidents.open(pageAt(1), "#ops", 1);
  await incidents.resolve(id, "U0ALICE", 2);
  const lost = incidents.join(id, pageAt(3), "late", 3);
  await expect(lost).rejects.toMatchObject({ code: "incident_resolved" });
});

test("long past incidents leave memory and are still read", async () => {
  const store = createMemoryStore();
  const meter = createMeter();
  const incidents = createIncidents({ store, meter });
  const ids: string[] = [];
  for (let n = 0; n <= RESOLVED_KEPT_MAX + 5; n += 1) {
    const { id } = await incidents.open(pageAt(n), "#ops", n);
    ids.push(id);
    if (n > 0) await incidents.resolve(id, "U0ALICE", n);
  }
  expect(meter.get("orrery_incidents_in_memory")).toBe(RESOLVED_KEPT_MAX + 1);
  expect((await incidents.unresolved()).map(({ id }) => id)).toEqual([ids[0]]);
  const [, second = ""] = ids;
  expect((await incidents.read(second))?.resolved?.atMs).toBe(1);
  await incidents.recordHypothesis(second, hypothesis, 9, "late");
  await incidents.recordHypothesis(second, hypothesis, 9, "late");
  expect((await incidents.read(second))?.hypotheses).toHaveLength(1);
});

/** Fails at the `failAt`-th append, before or after it is written, and from then on: the process is gone. */
function mortal(store: Store, failAt: number, isWritten: boolean): Store {
  let appends = 0;
  return {
    ...store,
    append: async (...args) => {
      appends += 1;
      if (appends > failAt || (appends === failAt && !isWritten)) throw new Error("gone");
      const version = await store.append(...args);
      if (appends === failAt) throw new Error("gone");
      return version;
    },
  };
}

test("after a crash at any append, all that is said again is there once", async () => {
  const once = {
    "incident-opened": 1,
    "diagnosis-recorded": 2,
    "hypothesis-recorded": 1,
    "proposal-made": 1,
    "page-joined": 1,
    resolved: 1,
  };
  for (let failAt = 1; failAt <= EVENTS; failAt += 1)
    for (const isWritten of [false, true]) {
      const store = createMemoryStore();
      const dying = live(recordOn(mortal(store, failAt, isWritten)), pageAt(500));
      await expect(dying).rejects.toThrow("gone");
      const id = await live(recordOn(store), pageAt(500));
      const types = (await store.read(`incident/${id}`)).map(({ type }) => type);
      for (const [type, count] of Object.entries(once))
        expect(types.filter((one) => one === type)).toHaveLength(count);
    }
});

test("writes at once are all recorded, in some order, and memory equals the store", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }),
      async (scheduler, keys) => {
        const store = createMemoryStore();
        const slow: Store = {
          ...store,
          append: scheduler.scheduleFunction(store.append),
          readCategory: scheduler.scheduleFunction(store.readCategory),
        };
        const incidents = recordOn(slow);
        const jobs = keys.map(async (key, n) => {
          const { id } = await incidents.open(pageAt(key % 2), "#ops", n);
          await incidents.recordHypothesis(id, hypothesis, n, `k${key}`);
        });
        await scheduler.waitFor(Promise.all(jobs));
        for (const incident of await scheduler.waitFor(incidents.unresolved()))
          expect(incident).toEqual(foldIncident(await store.read(`incident/${incident.id}`)));
        const events = await store.readCategory("incident", 0, 1_000);
        const opened = new Set(keys.map((key) => key % 2)).size;
        expect(events).toHaveLength(opened + new Set(keys).size);
      },
    ),
    { numRuns: 50 },
  );
});

test("a store that fails once does not leave memory behind the record", async () => {
  const store = createMemoryStore();
  let isFull = false;
  const failing: Store = {
    ...store,
    append: async (...args) => {
      const version = await store.append(...args);
      // Written, and then the answer was lost.
      if (isFull) throw new OperationError("store_failed", "the disk is full");
      return version;
    },
  };
  const meter = createMeter();
  const incidents = createIncidents({ store: failing, meter });
  const { id } = await incidents.open(pageAt(1), "#ops", 1);
  isFull = true;
  await expect(incidents.resolve(id, "U0ALICE", 2)).rejects.toMatchObject({ code: "store_failed" });
  isFull = false;
  expect(await incidents.unresolved()).toEqual([]);
  expect(meter.get("orrery_incident_index_rebuilds_total")).toBe(1);
});
