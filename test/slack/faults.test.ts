import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { APPROVE_ACTION } from "../../src/slack/action-ids.ts";
import {
  ALICE,
  CHANNEL,
  made,
  type Running,
  scripted,
  startRunning,
  textOf,
  turnEnd,
} from "./running-slack.ts";
import { diagnosis, page, proposal } from "./samples.ts";

const opened = { type: "incident-opened", page, channel: CHANNEL } as const;
const diagnosed = { type: "diagnosis-recorded", which: "first", diagnosis: diagnosis() } as const;
const count = (running: Running, part: string): number =>
  running.ours().filter((message) => textOf(message).includes(part)).length;

test.each(["reset_after_commit", "reset_before_commit", "server_error", "rate_limited"] as const)(
  "under %s every message of an incident is there once",
  async (kind) => {
    await using running = await startRunning();
    const { faults } = running.slack;
    faults.set("chat.postMessage", { kind, times: 2 });
    faults.set("chat.startStream", { kind });
    faults.set("files.completeUploadExternal", {
      kind: kind === "rate_limited" ? "server_error" : kind,
    });
    await running.record("i-1", opened, diagnosed);
    await running.recordProposal("p-1", made(proposal(systemClock.nowMs())));
    await running.slack.waitFor((m) => textOf(m).includes("answered by"), 15_000);
    await running.slack.waitFor((m) => JSON.stringify(m.blocks).includes(APPROVE_ACTION), 15_000);
    expect(count(running, "Hush")).toBe(1);
    expect(count(running, "Runner-up")).toBe(1);
    expect(count(running, "answered by")).toBe(1);
    expect(count(running, "Wrong if")).toBe(1);
    expect(running.ours().filter((message) => message.fileIds !== undefined)).toHaveLength(1);
    expect(running.ours()).toHaveLength(5);
  },
  30_000,
);

test("a stream that Slack closes goes on as an edited message", async () => {
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  await using running = await startRunning({
    investigate: async function* () {
      yield { type: "text-delta", text: "First part. " };
      await closed;
      yield { type: "text-delta", text: "Second part." };
      yield turnEnd();
    },
  });
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  await running.slack.waitFor((m) => textOf(m).includes("First part."), 5_000);
  running.slack.faults.expireStreams();
  close();
  const answer = await running.slack.waitFor((m) => textOf(m).includes("answered by"), 5_000);
  expect(textOf(answer)).toMatch(/First part\. Second part\./);
  expect(running.ours()).toHaveLength(1);
});

test.each(["appendStream", "stopStream"])(
  "a %s without an answer does not say anything twice",
  async (method) => {
    await using running = await startRunning({ investigate: scripted("One. Two. Three.") });
    running.slack.faults.set(`chat.${method}`, { kind: "reset_after_commit" });
    await running.slack.say(ALICE, CHANNEL, "@orrery why?");
    const answer = await running.slack.waitFor((m) => textOf(m).includes("answered by"), 8_000);
    await vi.waitFor(() => {
      const now = running.ours()[0];
      expect(now?.streaming).toBeUndefined();
      expect(textOf(now).match(/Three\./g)?.length).toBeLessThanOrEqual(2);
    });
    const markdown = (answer.blocks ?? []).filter((block) => block.type === "markdown");
    expect(markdown.map((block) => block.text)).toEqual(["One. Two. Three."]);
    expect(running.ours()).toHaveLength(1);
  },
);

test("where streams are refused the reply is edited", async () => {
  await using running = await startRunning();
  running.slack.faults.set("chat.startStream", { kind: "error", code: "not_allowed" });
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  const answer = await running.slack.waitFor((m) => textOf(m).includes("answered by"), 8_000);
  expect(textOf(answer)).toContain("catalog 1.1.0 is the likely cause.");
  expect(running.ours()).toHaveLength(1);
});

test("an event that is delivered twice is answered once", async () => {
  await using running = await startRunning();
  running.slack.faults.duplicateNext(2);
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  await running.slack.waitFor((m) => textOf(m).includes("answered by"), 5_000);
  await vi.waitFor(() =>
    expect(running.meter.get("orrery_slack_duplicates_total")).toBeGreaterThan(0),
  );
  expect(running.ours()).toHaveLength(1);
  expect(running.inputs).toHaveLength(1);
});

test.each(["dropSockets", "refreshSockets"] as const)(
  "is back within two seconds after %s",
  async (fault) => {
    await using running = await startRunning();
    running.slack.faults[fault]();
    await vi.waitFor(() => expect(running.meter.get("orrery_slack_reconnects_total")).toBe(1), {
      timeout: 2_000,
    });
    await running.slack.say(ALICE, CHANNEL, "@orrery still there?");
    await running.slack.waitFor((m) => textOf(m).includes("answered by"), 5_000);
  },
);

test("a Slack that is down for a while costs no message", async () => {
  await using running = await startRunning();
  const { faults } = running.slack;
  faults.set("*", { kind: "reset_before_commit", times: 12 });
  await running.record("i-1", opened, diagnosed);
  await running.slack.waitFor((m) => textOf(m).includes("answered by"), 30_000);
  expect(running.ours()).toHaveLength(4);
}, 40_000);

test("a channel that is not there sends the page to the default channel", async () => {
  await using running = await startRunning();
  await running.record("i-1", { ...opened, channel: "#no-such-channel" }, diagnosed);
  await running.slack.waitFor((m) => textOf(m).includes("answered by"), 10_000);
  expect(count(running, "Hush")).toBe(1);
  await running.record("i-1", { type: "recovered", atMs: systemClock.nowMs(), values: {} });
  await running.slack.waitFor((m) => textOf(m).includes("Recovered"), 5_000);
  expect(running.ours()).toHaveLength(4);
});
