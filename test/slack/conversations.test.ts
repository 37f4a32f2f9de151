import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { HUSH_ACTION, SPEAK_ACTION } from "../../src/slack/action-ids.ts";
import { looksLikeRequest } from "../../src/slack/questions.ts";
import {
  ALICE,
  BOB,
  CHANNEL,
  GUEST,
  type Running,
  scripted,
  startRunning,
  textOf,
  turnEnd,
} from "./running-slack.ts";
import { diagnosis, hypothesis, page } from "./samples.ts";

const answered = (running: Running, part = "answered by"): Promise<unknown> =>
  running.slack.waitFor((m) => textOf(m).includes(part), 8_000);

test("a follow-up in the thread needs no mention; its history comes as data with speakers", async () => {
  await using running = await startRunning();
  const { slack } = running;
  const asked = await slack.say(ALICE, CHANNEL, "@orrery why is checkout slow?");
  await answered(running);
  await slack.say(BOB, CHANNEL, "and what changed before?", asked.ts);
  await vi.waitFor(() => expect(running.inputs).toHaveLength(2), { timeout: 5_000 });
  expect(running.inputs[1]).toMatchObject({
    type: "question",
    text: "and what changed before?",
    speaker: "Bob Dev",
    thread: [
      { speaker: "Alice Ops", isBot: false, text: "why is checkout slow?" },
      { speaker: "orrery", isBot: true, text: "catalog 1.1.0 is the likely cause." },
    ],
  });
});

test("what a question looked at is named, and not told twice", async () => {
  await using running = await startRunning();
  await running.slack.say(ALICE, CHANNEL, "@orrery why is checkout slow?");
  const reply = textOf((await answered(running)) as Parameters<typeof textOf>[0]);
  expect(reply).toContain("Ranking causes");
  expect(reply).not.toContain("leads with 82 %");
});

test("people who talk to each other are left alone", async () => {
  await using running = await startRunning();
  const { slack } = running;
  const root = await slack.say(ALICE, CHANNEL, "is anybody looking at checkout?");
  await slack.say(BOB, CHANNEL, "why do you ask?", root.ts);
  const asked = await slack.say(ALICE, CHANNEL, "@orrery why is checkout slow?");
  await answered(running);
  await slack.say(BOB, CHANNEL, `<@${ALICE}> did you see that?`, asked.ts);
  await slack.say(BOB, CHANNEL, "I am on it, back in five", asked.ts);
  await slack.say(ALICE, CHANNEL, "what about cart?", asked.ts);
  await vi.waitFor(() => expect(running.inputs).toHaveLength(2), { timeout: 5_000 });
  expect(running.inputs[1]).toMatchObject({ text: "what about cart?" });
});

test.each([
  ["and now?", true],
  ["show me the slow traces", true],
  ["please roll back catalog", true],
  ["thanks!", false],
  ["I rolled it back", false],
  ["<@U0BOB> why?", false],
])("%s is for the bot: %s", (text, expected) => {
  expect(looksLikeRequest(text)).toBe(expected);
});

test("a direct message is answered where it was sent", async () => {
  await using running = await startRunning();
  const direct = running.slack.directChannel(ALICE);
  await running.slack.say(ALICE, direct, "status");
  await vi.waitFor(
    () => expect(running.slack.messages(direct).map(textOf).join()).toContain("answered by"),
    { timeout: 5_000 },
  );
});

test("a question in an incident's thread continues the incident's conversation", async () => {
  const conversations: string[] = [];
  await using running = await startRunning({
    investigate: async function* (conversation, input, signal) {
      conversations.push(conversation.id);
      yield* scripted("Yes.")(conversation, input, signal);
    },
  });
  await running.record("i-1", { type: "incident-opened", page, channel: CHANNEL });
  const root = await running.slack.waitFor((m) => textOf(m).includes("burning"), 5_000);
  await running.slack.say(ALICE, CHANNEL, "is it the database?", root.ts);
  await answered(running);
  expect(conversations).toEqual(["incident-i-1"]);
});

test("turns of one thread run one after another, and too many are refused aloud", async () => {
  let atOnce = 0;
  let most = 0;
  await using running = await startRunning({
    investigate: async function* () {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await systemClock.sleep(300);
      yield { type: "text-delta", text: "Done." };
      atOnce -= 1;
      yield turnEnd();
    },
  });
  const { slack } = running;
  const root = await slack.say(ALICE, CHANNEL, "@orrery first?");
  for (let i = 0; i < 5; i++) await slack.say(ALICE, CHANNEL, `@orrery more ${i}?`, root.ts);
  await slack.waitFor(
    (m) => m.ephemeralTo === ALICE && textOf(m).includes("ask again in a minute"),
    5_000,
  );
  await vi.waitFor(() => expect(running.inputs.length).toBeGreaterThanOrEqual(4), {
    timeout: 10_000,
  });
  expect(most).toBe(1);
}, 30_000);

test("what a model writes makes no link, rings nobody and shows no secret", async () => {
  const hostile =
    "See [this](https://evil.example/x) and <!channel> <@U0BOB>. token=xoxb-1234567890-abcdefghij www.evil.com done.";
  await using running = await startRunning({ investigate: scripted(hostile) });
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  await answered(running);
  const sent = JSON.stringify(running.slack.calls.filter(({ method }) => method !== "users.info"));
  for (const forbidden of [
    "https://evil",
    "<!channel>",
    "<@U0BOB>",
    "xoxb-1234567890",
    "www.evil.com",
    "](h",
  ])
    expect(sent).not.toContain(forbidden);
  expect(textOf(running.ours()[0])).toContain("hxxps[:]//evil.example/x");
});

test("a turn that throws says so, and what was computed stands", async () => {
  await using running = await startRunning({
    investigate: async function* () {
      yield { type: "text-delta", text: "Half." };
      throw new Error("a bug");
    },
  });
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  await answered(running, "I could not finish");
  expect(textOf(running.ours()[0])).not.toContain("a bug");
});

test("a text that is begun again replaces what was shown", async () => {
  await using running = await startRunning({
    investigate: async function* () {
      yield { type: "text-delta", text: "Wrong half. " };
      await systemClock.sleep(900);
      yield { type: "text-reset", reason: "the model's reply was cut off" };
      yield { type: "text-delta", text: "Right whole." };
      yield turnEnd();
    },
  });
  await running.slack.say(ALICE, CHANNEL, "@orrery why?");
  await answered(running, "Wrong half.");
  await answered(running);
  expect(textOf(running.ours()[0])).toContain("Right whole.");
  expect(textOf(running.ours()[0])).not.toContain("Wrong half.");
  expect(running.ours()).toHaveLength(1);
});

test("hush can be taken back; it holds back news, also after a restart; a changed diagnosis still shows in its card", async () => {
  await using running = await startRunning();
  const { slack } = running;
  await running.record("i-1", { type: "incident-opened", page, channel: CHANNEL });
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "first",
    diagnosis: diagnosis(),
  });
  await answered(running);
  const root = running.ours()[0];
  if (root === undefined) throw new Error("no summary");
  await slack.click(ALICE, root, HUSH_ACTION);
  await slack.waitFor((m) => m.ts === root.ts && textOf(m).includes("hushed"), 5_000);
  await slack.click(ALICE, root, SPEAK_ACTION);
  await slack.waitFor((m) => m.ts === root.ts && !textOf(m).includes("hushed"), 5_000);
  await slack.click(ALICE, root, HUSH_ACTION);
  await slack.waitFor((m) => m.ts === root.ts && textOf(m).includes("hushed"), 5_000);
  await running.restart();
  const other = diagnosis({
    hypotheses: [
      hypothesis({ root: page.service ?? hypothesis().root, title: "gateway ran out of workers" }),
    ],
  });
  await running.record("i-1", { type: "diagnosis-recorded", which: "updated", diagnosis: other });
  await slack.waitFor(
    (m) => m.ts !== root.ts && textOf(m).includes("gateway ran out of workers"),
    5_000,
  );
  await vi.waitFor(() => expect(running.meter.get("orrery_slack_updates_held_total")).toBe(1));
  expect(running.ours()).toHaveLength(4);
});

test("news of another cause is said once, then held for a while", async () => {
  await using running = await startRunning();
  await running.record("i-1", { type: "incident-opened", page, channel: CHANNEL });
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "first",
    diagnosis: diagnosis(),
  });
  await answered(running);
  const now = (probability: number): ReturnType<typeof diagnosis> =>
    diagnosis({ hypotheses: [hypothesis({ probability })], noneProbability: 1 - probability });
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "updated",
    diagnosis: now(0.55),
  });
  await answered(running, "The diagnosis has changed");
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "updated",
    diagnosis: now(0.95),
  });
  await vi.waitFor(() => expect(running.meter.get("orrery_slack_updates_held_total")).toBe(1), {
    timeout: 3_000,
  });
  expect(running.ours()).toHaveLength(5);
});

test("a guest is told alone that only members are answered, and nothing is looked at", async () => {
  await using running = await startRunning();
  const { slack } = running;
  await slack.say(GUEST, CHANNEL, "@orrery why is checkout slow?");
  const refusal = await slack.waitFor((m) => textOf(m).includes("full members"), 5_000);
  expect(refusal.ephemeralTo).toBe(GUEST);
  await slack.command(GUEST, CHANNEL, "/sre", "status");
  await vi.waitFor(() =>
    expect(
      slack.messages(CHANNEL).filter((m) => m.ephemeralTo === GUEST && /full members/.test(m.text)),
    ).toHaveLength(2),
  );
  expect(running.inputs).toEqual([]);
});
