import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { APPROVE_ACTION } from "../../src/slack/action-ids.ts";
import { PAGE_STALE_MS } from "../../src/slack/incident-room.ts";
import { ALICE, CHANNEL, made, scripted, startRunning, textOf } from "./running-slack.ts";
import { diagnosis, page, proposal } from "./samples.ts";

const opened = { type: "incident-opened", page, channel: CHANNEL } as const;
const diagnosed = { type: "diagnosis-recorded", which: "first", diagnosis: diagnosis() } as const;

test("an investigation in the middle of a restart is continued in its own message", async () => {
  await using running = await startRunning({
    investigate: async function* (_conversation, _input, signal) {
      yield { type: "text-delta", text: "Half of a thought. " };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  });
  await running.record("i-1", opened, diagnosed);
  await running.slack.waitFor((m) => textOf(m).includes("Half of a thought."), 10_000);
  await running.restart({ investigate: scripted("The whole thought.") });
  const reply = await running.slack.waitFor((m) => textOf(m).includes("answered by"), 10_000);
  expect(textOf(reply)).toContain("Continued after a restart");
  expect(textOf(reply)).toContain("The whole thought.");
  expect(textOf(reply)).not.toContain("Half of a thought.");
  expect(running.ours()).toHaveLength(4);
  await vi.waitFor(() => expect(running.recorded).toEqual(["started i-1", "ended i-1"]));
});

test("while it is down, the reply says that it was interrupted", async () => {
  await using running = await startRunning({
    investigate: async function* (_conversation, _input, signal) {
      yield { type: "text-delta", text: "Half of a thought. " };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  });
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  await running.slack.waitFor((m) => textOf(m).includes("Half of a thought."), 5_000);
  const restarted = running.restart({ investigate: scripted("Done.") });
  await running.slack.waitFor((m) => textOf(m).includes("Interrupted by a restart"), 5_000);
  await restarted;
  await running.slack.waitFor((m) => textOf(m).includes("Done."), 5_000);
  expect(running.ours()).toHaveLength(1);
});

test("what was posted is not posted again, and what came meanwhile is", async () => {
  await using running = await startRunning();
  await running.record("i-1", opened, diagnosed);
  await running.slack.waitFor((m) => textOf(m).includes("answered by"), 10_000);
  // As after a crash between the post and the note of it.
  await running.store.put("slack-feed", "incident", 0);
  await running.restart();
  await running.recordProposal("p-1", made(proposal(systemClock.nowMs())));
  const card = await running.slack.waitFor(
    (m) => JSON.stringify(m.blocks ?? []).includes(APPROVE_ACTION),
    5_000,
  );
  expect(running.ours()).toHaveLength(5);
  await running.restart();
  await running.slack.click(ALICE, card, APPROVE_ACTION);
  await vi.waitFor(() => expect(running.decisions).toEqual(["approve p-1"]));
  expect(running.inputs).toHaveLength(1);
});

test("an investigation that was due when it crashed begins after the start", async () => {
  await using running = await startRunning();
  await running.record("i-1", opened);
  await running.slack.waitFor((m) => textOf(m).includes("burning"), 5_000);
  await running.record("i-1", diagnosed);
  await running.slack.waitFor((m) => textOf(m).includes("answered by"), 10_000);
  await running.store.put("slack-incident", "i-1", {
    hushed: false,
    spokenMs: [],
    investigation: "wanted",
  });
  await running.restart({ investigate: scripted("Begun late.") });
  await running.slack.waitFor((m) => textOf(m).includes("Begun late."), 10_000);
});

test("a page of long ago is not news after a long stop", async () => {
  await using running = await startRunning();
  const version = await running.store.append("incident/i-0", 0, [
    { type: "incident-opened", atMs: systemClock.nowMs() - PAGE_STALE_MS - 1, body: opened },
  ]);
  expect(version).toBe(1);
  await vi.waitFor(() => expect(running.meter.get("orrery_slack_stale_pages_total")).toBe(1));
  expect(running.ours()).toEqual([]);
});
