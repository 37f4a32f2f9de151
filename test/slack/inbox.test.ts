import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createMeter } from "../../src/meter.ts";
import { createInbox, deliveryKey } from "../../src/slack/inbox.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const click = {
  type: "block_actions",
  team: { id: "T1" },
  user: { id: "U1" },
  trigger_id: "1.2.3",
  actions: [{ action_ts: "9.9", block_id: "proposal:p-1", action_id: "proposal_approve" }],
};

test("a delivery is new once, also after a restart", async () => {
  const store = createMemoryStore();
  const inbox = (): ReturnType<typeof createInbox> =>
    createInbox(store, systemClock, createMeter());
  expect(await inbox().isNew({ event_id: "Ev1" })).toBe(true);
  expect(await inbox().isNew({ event_id: "Ev1" })).toBe(false);
  expect(await inbox().isNew({ event_id: "Ev2" })).toBe(true);
});

test("a click is told from another by person, button and instant", () => {
  const key = deliveryKey(click);
  expect(deliveryKey(structuredClone(click))).toBe(key);
  for (const other of [
    { ...click, user: { id: "U2" } },
    { ...click, trigger_id: "1.2.4" },
    { ...click, actions: [{ ...click.actions[0], action_ts: "9.91" }] },
    { ...click, actions: [{ ...click.actions[0], action_id: "proposal_reject" }] },
  ])
    expect(deliveryKey(other)).not.toBe(key);
});

test("a command is known by its trigger", () => {
  const command = { command: "/sre", team_id: "T1", user_id: "U1", trigger_id: "5.5" };
  expect(deliveryKey(command)).toBe(deliveryKey({ ...command }));
  expect(deliveryKey({ ...command, trigger_id: "5.6" })).not.toBe(deliveryKey(command));
});

test("what has no identity is never taken for a repetition", async () => {
  const inbox = createInbox(createMemoryStore(), systemClock, createMeter());
  for (const body of [{}, null, "text", { type: "unheard_of" }]) {
    expect(await inbox.isNew(body)).toBe(true);
    expect(await inbox.isNew(body)).toBe(true);
  }
});

test("a day later nothing is kept", async () => {
  const store = createMemoryStore();
  let nowMs = 1_000;
  const clock = { ...systemClock, nowMs: () => nowMs };
  const inbox = createInbox(store, clock, createMeter());
  await inbox.isNew({ event_id: "Ev1" });
  nowMs += 23 * 3_600_000;
  await inbox.isNew({ event_id: "Ev2" });
  nowMs += 2 * 3_600_000;
  await inbox.sweep();
  expect((await store.list("slack-inbox")).map(({ key }) => key)).toEqual(["event:Ev2"]);
});
