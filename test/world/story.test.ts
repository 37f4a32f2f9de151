// The main job on real processes, with Orrery killed twice: while it investigates, and while an approval is pending.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { RESPONDER } from "../../src/demo/cast.ts";
import { type DemoParts, startDemo } from "../../src/demo/demo.ts";
import { isTrueRemedy, isTrueRoot, truthSchema } from "../../src/demo/judgement.ts";
import {
  APPROVE_ACTION,
  canBeApproved,
  diagnosisFacts,
  pageFacts,
  postedMs,
  proposalFacts,
} from "../../src/demo/message-facts.ts";
import type { LocalMessage } from "../../src/demo/slack/contract.ts";
import { silentLog } from "../../src/log.ts";

const NORMAL_MS = 45_000;
const healthSchema = z.object({ status: z.string(), slack: z.string() });

let folder: string;
let demo: DemoParts;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "story-"));
  demo = await startDemo({
    folder: join(folder, "demo"),
    truthFolder: join(folder, "truth"),
    requestsPerSecond: 20,
    seed: 4,
    llm: {},
    log: silentLog,
  });
});

afterAll(async () => {
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Kills Orrery and waits until it is connected again, as another process. */
async function crash(): Promise<void> {
  const before = demo.product.pid;
  demo.product.crash();
  await expect.poll(() => demo.product.pid, { timeout: 20_000 }).not.toBe(before);
  await expect
    .poll(
      async () => {
        const response = await fetch(`${demo.product.url}/healthz`).catch(() => undefined);
        return healthSchema.safeParse(await response?.json()).data?.slack;
      },
      { timeout: 30_000 },
    )
    .toBe("connected");
}

const inChannel = (): readonly LocalMessage[] => demo.slack.messages("checkout-incidents");
const proposals = (): readonly LocalMessage[] =>
  inChannel().filter((message) => proposalFacts(message) !== undefined);

test("a page, a diagnosis, an approval and a verified outcome, each once, although Orrery is killed twice", async () => {
  await sleep(NORMAL_MS);
  expect(inChannel().filter((message) => pageFacts(message) !== undefined)).toEqual([]);

  const { onsetMs = 0 } = await demo.world.injectFault("error-deploy");
  const page = await demo.slack.waitFor((message) => pageFacts(message) !== undefined, 90_000);
  expect(postedMs(page) - onsetMs).toBeLessThan(90_000);
  const diagnosed = await demo.slack.waitFor((m) => diagnosisFacts(m) !== undefined, 10_000);
  expect(postedMs(diagnosed) - postedMs(page)).toBeLessThan(5_500);
  const truthPath = demo.world.truthPath() ?? "";
  const truth = truthSchema.parse(JSON.parse(readFileSync(truthPath, "utf8")));
  expect(isTrueRoot(truth, diagnosisFacts(diagnosed)?.root ?? "")).toBe(true);

  await crash();
  const card = await demo.slack.waitFor(canBeApproved, 90_000);
  // The columns of before the crash are there again: the prediction has numbers, each with its interval.
  expect(JSON.stringify(card.blocks)).toMatch(/with 90 % intervals/);
  const action = proposalFacts(card)?.action ?? { type: "" };
  expect(isTrueRemedy(truth, action)).toBe(true);

  await crash();
  expect(proposals()).toHaveLength(1);
  expect(await demo.slack.click(RESPONDER.id, card, APPROVE_ACTION)).toBe("delivered");
  const isCard = (message: LocalMessage): boolean => message.ts === card.ts;
  await demo.slack.waitFor((m) => isCard(m) && proposalFacts(m)?.state === "done", 30_000);
  const settled = await demo.slack.waitFor(
    (m) => isCard(m) && proposalFacts(m)?.verdict !== undefined,
    120_000,
  );
  expect(proposalFacts(settled)?.verdict).not.toBe("void");
  expect(JSON.stringify(settled.blocks)).toMatch(/ \*\d[^*]*\* \(predicted \d[^)]* to \d/);

  const pages = inChannel().filter((message) => pageFacts(message) !== undefined);
  expect(pages).toHaveLength(1);
  expect(inChannel().filter((m) => diagnosisFacts(m) !== undefined)).toHaveLength(1);
  expect(proposals()).toHaveLength(1);
  const rollbacks = (
    readFileSync(join(folder, "demo", "executor.log"), "utf8").match(/executor_acts/g) ?? []
  ).length;
  expect(rollbacks).toBe(1);
});

test("what people ask is answered about this system", async () => {
  const ask = async (text: string): Promise<string> => {
    const said = await demo.slack.say(RESPONDER.id, "checkout-incidents", text);
    const answer = await demo.slack.waitFor(
      (message) =>
        message.thread_ts === said.ts &&
        message.streaming !== true &&
        JSON.stringify(message.blocks ?? []).includes("answered by"),
      30_000,
    );
    return JSON.stringify(answer.blocks);
  };
  expect(await ask("@orrery what if we scale cart to 4?")).toMatch(/cart to 4/);
  expect(await ask("@orrery what changed in the last hour?")).toMatch(/went to version/);
});
