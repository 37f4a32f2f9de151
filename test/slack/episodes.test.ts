import { expect, test, vi } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import { HUSH_ACTION } from "../../src/slack/action-ids.ts";
import { ALICE, CHANNEL, type Running, startRunning, textOf } from "./running-slack.ts";
import { deploy, diagnosis, hypothesis, page } from "./samples.ts";

const LATER_MS = 20 * 60_000;
const opened = { type: "incident-opened", page, channel: CHANNEL } as const;
const recovered = { type: "recovered", atMs: page.atMs + 240_000, values: {} } as const;
const again = {
  type: "reopened",
  page: {
    ...page,
    title: "POST /checkout is burning its error budget 15×",
    pastTitle: "POST /checkout burned its error budget 15×",
    atMs: page.atMs + LATER_MS,
  },
} as const;

const laterDiagnosis = diagnosis({
  asOfMs: page.atMs + LATER_MS + 2_000,
  hypotheses: [
    hypothesis({
      name: "cart",
      root: entityId("service", "cart"),
      title: "cart 2.3.0 fails requests",
      changes: [{ ...deploy, id: "chg-2", attributes: { version: "2.3.0" } }],
    }),
  ],
});
const first = { type: "diagnosis-recorded", which: "first", diagnosis: diagnosis() } as const;

async function answered(running: Running, turns: number): Promise<void> {
  await vi.waitFor(
    () =>
      expect(running.ours().filter((m) => textOf(m).includes("answered by"))).toHaveLength(turns),
    10_000,
  );
}

test("what fires again after a recovery is said aloud, diagnosed anew and investigated again, also when hushed", async () => {
  await using running = await startRunning();
  const { slack } = running;
  await running.record("i-1", opened, first);
  await answered(running, 1);
  const [root] = running.ours();
  if (root === undefined) throw new Error("no page");
  await slack.click(ALICE, root, HUSH_ACTION);
  await slack.waitFor((m) => textOf(m).includes("hushed"), 5_000);
  await running.record("i-1", recovered, again);
  const told = await slack.waitFor((m) => textOf(m).includes("Fires again, the 2nd time"), 5_000);
  expect(told).toMatchObject({ thread_ts: root.ts, reply_broadcast: true });
  const summary = slack.messages(CHANNEL).find(({ ts }) => ts === root.ts);
  expect(textOf(summary)).toContain("burning its error budget 15× (2nd time)");
  expect(textOf(summary)).not.toContain("hushed");
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "first",
    diagnosis: laterDiagnosis,
  });
  await answered(running, 2);
  const cards = slack.thread(CHANNEL, root.ts).filter((m) => textOf(m).includes("*Likely cause"));
  expect(cards.map(textOf).join("\n")).toMatch(/catalog 1\.1\.0 became slower[\s\S]*cart 2\.3\.0/);
  expect(running.inputs.map((input) => input.type === "incident" && input.summary)).toEqual([
    "POST /checkout is burning its error budget 21×",
    "POST /checkout is burning its error budget 15× (look again: round 2)",
  ]);
});

test("the same event handled again, as after a crash, says nothing twice", async () => {
  await using running = await startRunning();
  await running.record("i-1", opened, first);
  await answered(running, 1);
  await running.record("i-1", recovered, again, {
    type: "diagnosis-recorded",
    which: "first",
    diagnosis: laterDiagnosis,
  });
  await answered(running, 2);
  const posts = running.ours().length;
  await running.store.put("slack-feed", "incident", 0);
  await running.restart();
  await running.record("i-1", { ...recovered, atMs: again.page.atMs + 60_000 });
  await running.slack.waitFor((m) => textOf(m).includes("Recovered"), 5_000);
  expect(running.ours()).toHaveLength(posts);
});

test("another cause that is believed now is said at once, and investigated; one that wavers is not", async () => {
  await using running = await startRunning();
  await running.record("i-1", opened, first);
  await answered(running, 1);
  const rival = hypothesis({
    root: entityId("service.instance", "catalog-0"),
    title: "catalog-0 is slow",
  });
  const wavers = [rival, hypothesis({ probability: 0.2 })];
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "updated",
    diagnosis: diagnosis({ asOfMs: page.atMs + 60_000, hypotheses: wavers }),
  });
  await running.slack.waitFor((m) => textOf(m).includes("catalog-0 is slow"), 5_000);
  const turned = { ...laterDiagnosis, asOfMs: page.atMs + 120_000 };
  await running.store.put("slack-incident", "i-1", {
    ...((await running.store.get("slack-incident", "i-1")) as object),
    spokenMs: [0],
    top: { root: "service.instance:catalog-0", probability: 0.82 },
  });
  await running.record("i-1", {
    type: "diagnosis-recorded",
    which: "updated",
    diagnosis: turned,
  });
  await running.slack.waitFor((m) => textOf(m).includes("The diagnosis has changed. "), 5_000);
  await answered(running, 2);
  expect(running.inputs).toHaveLength(2);
});

test("a recovered incident is told of in the past", async () => {
  await using running = await startRunning();
  await running.record("i-1", { ...opened, page: again.page }, first, recovered);
  const summary = await running.slack.waitFor((m) => textOf(m).includes("Recovered"), 5_000);
  expect(textOf(summary)).toContain("Recovered · POST /checkout burned its error budget 15×");
  expect(textOf(summary)).not.toMatch(/is (?:burning|hurt)/);
});
