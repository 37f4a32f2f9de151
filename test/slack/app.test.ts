import { expect, test, vi } from "vitest";
import { ALICE, CHANNEL, startRunning, textOf } from "./running-slack.ts";
import { diagnosis, page } from "./samples.ts";

test("a page becomes a card, a diagnosis, a picture and one streamed investigation", async () => {
  await using running = await startRunning();
  const { slack } = running;
  await running.record("i-1", { type: "incident-opened", page, channel: "#checkout-incidents" });
  const root = await slack.waitFor((m) => textOf(m).includes("burning its error budget"), 5_000);
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "first",
    diagnosis: diagnosis(),
  });
  await slack.waitFor((m) => textOf(m).includes("answered by"), 10_000);
  const thread = slack.thread(CHANNEL, root.ts);
  expect(thread).toHaveLength(4);
  const [summary, card, chart, reply] = thread;
  expect(textOf(summary)).toContain("Likely cause (82 %)");
  expect(textOf(card)).toMatch(/Likely cause \(82 %\)\* catalog 1\.1\.0 became slower/);
  expect(chart?.fileIds).toHaveLength(1);
  expect(textOf(reply)).toContain("catalog 1.1.0 is the likely cause.");
  expect(reply?.streaming).toBeUndefined();
  expect(slack.calls.map((call) => call.method)).toContain("chat.stopStream");
  await vi.waitFor(() => expect(running.recorded).toEqual(["started i-1", "ended i-1"]));
});

test("a mention is answered in its thread", async () => {
  await using running = await startRunning();
  const { slack } = running;
  const asked = await slack.say(ALICE, CHANNEL, "@orrery why is checkout slow?");
  const answer = await slack.waitFor((m) => textOf(m).includes("answered by"), 10_000);
  expect(answer.thread_ts).toBe(asked.ts);
  expect(running.inputs).toEqual([
    { type: "question", text: "why is checkout slow?", speaker: "Alice Ops", thread: [] },
  ]);
});
