import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { LocalMessage } from "../../src/demo/slack/contract.ts";
import { APPROVE_ACTION, REJECT_ACTION } from "../../src/slack/action-ids.ts";
import {
  ALICE,
  BOB,
  CHANNEL,
  GUEST,
  made,
  type Running,
  startRunning,
  textOf,
} from "./running-slack.ts";
import { outcome, page, prediction, proposal } from "./samples.ts";

const hasButtons = (message: LocalMessage): boolean =>
  JSON.stringify(message.blocks ?? []).includes(APPROVE_ACTION);

async function withCard(
  running: Running,
  over: Parameters<typeof proposal>[1] = {},
): Promise<LocalMessage> {
  await running.record("i-1", { type: "incident-opened", page, channel: CHANNEL });
  await running.recordProposal("p-1", made(proposal(systemClock.nowMs(), over)));
  return running.slack.waitFor(hasButtons, 5_000);
}
const whispers = (running: Running, userId: string): readonly string[] =>
  running.slack
    .messages(CHANNEL)
    .filter((message) => message.ephemeralTo === userId)
    .map(textOf);

test("a card becomes clickable only once it is posted, and a click by an approver decides", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  const sent = running.slack.calls.filter(
    ({ method, args }) =>
      ["chat.postMessage", "chat.update"].includes(method) && JSON.stringify(args).includes("p-1"),
  );
  expect(
    sent.map(({ method, args }) => [method, JSON.stringify(args).includes(APPROVE_ACTION)]),
  ).toEqual([
    ["chat.postMessage", false],
    ["chat.update", true],
  ]);
  expect(await running.slack.click(ALICE, card, APPROVE_ACTION)).toBe("delivered");
  await vi.waitFor(() => expect(running.decisions).toEqual(["approve p-1"]));
});

test("the confirmation shows the words of the plan, and No does nothing", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  const words = `${proposal(0).actionHash.slice(0, 4)}-${proposal(0).actionHash.slice(4, 8)}`;
  const confirm = /"confirm":\{"title":\{[^}]*"text":"([^"]+)"/.exec(
    JSON.stringify(card.blocks),
  )?.[1];
  expect(confirm).toBe(`Approve ${words}?`);
  expect(await running.slack.click(ALICE, card, APPROVE_ACTION, { confirm: false })).toBe(
    "dismissed",
  );
  expect(running.decisions).toEqual([]);
});

test.each([
  [BOB, "you are not on that list"],
  [GUEST, "Only full members"],
])("%s may not decide and is told so alone", async (userId, text) => {
  await using running = await startRunning();
  const card = await withCard(running);
  await running.slack.click(userId, card, APPROVE_ACTION);
  await vi.waitFor(() => expect(whispers(running, userId).join()).toContain(text));
  expect(running.decisions).toEqual([]);
});

test("when Slack does not say who clicks, nothing is done", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  running.slack.faults.set("users.info", { kind: "error", code: "internal_error", times: 9 });
  await running.slack.click(ALICE, card, APPROVE_ACTION);
  await vi.waitFor(() =>
    expect(whispers(running, ALICE).join()).toContain("did not tell me who you are"),
  );
  expect(running.decisions).toEqual([]);
});

test("an expired card refuses", async () => {
  await using running = await startRunning();
  const card = await withCard(running, { expiresMs: systemClock.nowMs() - 1 });
  await running.slack.click(ALICE, card, APPROVE_ACTION);
  await vi.waitFor(() => expect(whispers(running, ALICE).join()).toContain("has expired"));
  expect(running.decisions).toEqual([]);
});

test("a second card of the same proposal is stale", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  await running.store.put("slack-outbox", "proposal/p-1/card", {
    state: "posted",
    channel: CHANNEL,
    ts: "1.000001",
    startedMs: 0,
  });
  await running.slack.click(ALICE, card, APPROVE_ACTION);
  await vi.waitFor(() => expect(whispers(running, ALICE).join()).toContain("stale"));
  expect(running.decisions).toEqual([]);
});

test("a refusal of the record is shown, and a rejection is passed on", async () => {
  await using running = await startRunning({
    incidents: {
      approve: async () => ({
        ok: false,
        code: "superseded",
        message: "catalog is at 1.2.0 by now.",
      }),
      reject: async (id) => {
        running.decisions.push(`reject ${id}`);
        return { ok: true, data: null };
      },
      recordInvestigation: async () => undefined,
    },
  });
  const card = await withCard(running);
  await running.slack.click(ALICE, card, APPROVE_ACTION);
  await vi.waitFor(() =>
    expect(whispers(running, ALICE).join()).toContain("catalog is at 1.2.0 by now."),
  );
  await running.slack.click(ALICE, card, REJECT_ACTION);
  await vi.waitFor(() => expect(running.decisions).toEqual(["reject p-1"]));
});

test("who clicks on what somebody else has decided is told who was first", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  await running.recordProposal("p-1", { type: "proposal-rejected", by: BOB });
  await running.slack.click(ALICE, card, APPROVE_ACTION);
  await vi.waitFor(() =>
    expect(whispers(running, ALICE).join()).toContain(`already rejected: <@${BOB}> was first`),
  );
  expect(running.decisions).toEqual([]);
});

test("one card is edited from approval to verdict, and the thread hears of the verdict", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  const { actionHash } = proposal(0);
  const states: readonly [Parameters<Running["recordProposal"]>[1], RegExp][] = [
    [
      { type: "proposal-approved", by: ALICE, actionHash, repredicted: prediction() },
      /Approved · Roll back catalog/,
    ],
    [{ type: "action-started", executor: "demo" }, /Executing/],
    [
      { type: "action-done", detail: "catalog runs 1.0.0", finishedMs: systemClock.nowMs() },
      /Done, verifying/,
    ],
    [{ type: "outcome-recorded", outcome: outcome() }, /Verified[\s\S]*\*230 ms\* \(predicted/],
  ];
  for (const [event, shown] of states) {
    await running.recordProposal("p-1", event);
    await running.slack.waitFor((m) => m.ts === card.ts && shown.test(textOf(m)), 5_000);
  }
  const reply = await running.slack.waitFor(
    (m) => m.ts !== card.ts && textOf(m).includes("✅ Verified: Roll back catalog to 1.0.0"),
    5_000,
  );
  expect(reply.thread_ts).toBe(card.thread_ts);
  const root = running.slack.messages(CHANNEL).find((m) => m.ts === card.thread_ts);
  await vi.waitFor(() =>
    expect(textOf(running.slack.messages(CHANNEL).find((m) => m.ts === root?.ts))).toContain(
      "burning",
    ),
  );
  expect(running.ours()).toHaveLength(3);
});

test("a proposal that nobody decided on collapses to one line", async () => {
  await using running = await startRunning();
  const card = await withCard(running);
  await running.recordProposal("p-1", { type: "proposal-expired" });
  const over = await running.slack.waitFor(
    (m) => m.ts === card.ts && textOf(m).includes("expired at"),
    5_000,
  );
  expect(over.blocks).toHaveLength(1);
  expect(hasButtons(over)).toBe(false);
});
