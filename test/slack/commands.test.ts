import { expect, test } from "vitest";
import type { LocalMessage } from "../../src/demo/slack/contract.ts";
import { ALICE, CHANNEL, type Running, startRunning, textOf } from "./running-slack.ts";

async function ask(running: Running, text: string): Promise<LocalMessage> {
  const before = running.slack.messages(CHANNEL).length;
  expect(await running.slack.command(ALICE, CHANNEL, "/sre", text)).toBe("delivered");
  return running.slack.waitFor(
    (m) => running.slack.messages(CHANNEL).findIndex((each) => each.ts === m.ts) >= before,
    5_000,
  );
}

test.each([
  ["", /What you can ask[\s\S]*\/sre status/],
  ["help", /What you can ask/],
  [
    "status",
    /1 of 1 objectives is hurt[\s\S]*77 % good in the last 60 s, objective 99 %; the budget burns 23× too fast/,
  ],
  ["why checkout", /Likely cause \(82 %\)/],
  ["why chekout", /I know no "chekout"[\s\S]*Did you mean `checkout`/],
  [
    "what-if roll back catalog to 1.0.0",
    /What if catalog goes back to 1\.0\.0\?[\s\S]*nothing was executed/,
  ],
  ["changes --since 1h", /1 change[\s\S]*`1.0.0` → `1.1.0`/],
  ["statsu", /There is no command[\s\S]*`\/sre status`/],
  ["foo", /There is no command "foo"; \/sre help lists/],
])("/sre %s is answered to the asking person alone", async (text, expected) => {
  await using running = await startRunning();
  const message = await ask(running, text);
  expect(textOf(message)).toMatch(expected);
  expect(message.ephemeralTo).toBe(ALICE);
});

test("--post shares the answer", async () => {
  await using running = await startRunning();
  expect((await ask(running, "status --post")).ephemeralTo).toBeUndefined();
});

test("a query that fails is told in one line, without its error", async () => {
  const failing = (): Promise<never> => Promise.reject(new Error("SQLITE_BUSY at /srv/x.ts:12"));
  await using running = await startRunning({
    queries: { status: failing, why: failing, whatIf: failing, changes: failing },
  });
  const text = textOf(await ask(running, "status"));
  expect(text).toContain("That failed on my side");
  expect(text).not.toContain("SQLITE");
});
