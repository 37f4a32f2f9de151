// The local Slack's page by itself: what a person clicks, types and must not lose.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { LocalSlack } from "../../src/demo/slack/contract.ts";
import { OperationError } from "../../src/errors.ts";
import { ALICE, clientOf, INC, startWorkspace } from "../demo/slack/fixture.ts";
import { launchChromium } from "./chromium.ts";

const PICTURES = "test/.artifacts/browser";
const LINE = "a line that is long enough to be broken where the conversation becomes narrower, ";

let browser: Browser;
let page: Page;
let slack: LocalSlack;
let isRefusing = false;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  browser = await launchChromium();
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(10_000);
});

afterAll(() => browser?.close());

beforeEach(async () => {
  isRefusing = false;
  slack = await startWorkspace({
    faultControl: {
      faults: ["outage"],
      inject: async () => {
        if (isRefusing) throw new OperationError("world_busy", "another fault is being prepared");
      },
      mend: async () => [],
      status: () => ({ state: "quiet" }),
    },
  });
  return async () => {
    await page.goto("about:blank");
    await slack.close();
  };
});

const main = (): Locator => page.locator("#main");
const thread = (): Locator => page.locator("#thread");
const notice = (): Locator => page.locator("#notices .notice");
const reply = (): Locator => thread().getByRole("combobox", { name: /Reply/ });
async function breakIt(): Promise<void> {
  await page.locator(".fault-menu summary").click();
  await page.getByRole("menuitem", { name: /Outage/ }).click();
  await notice().waitFor();
}
const open = (): Promise<unknown> => page.goto(`${slack.url}?user=${ALICE}&channel=${INC}`);

/** A channel with more in it than fits, the last of it with a thread. */
async function fill(): Promise<string> {
  const client = clientOf(slack);
  let last = "";
  for (let i = 0; i < 20; i += 1) {
    const posted = await client.chat.postMessage({ channel: INC, text: `${i} ${LINE.repeat(3)}` });
    last = posted.ts ?? "";
  }
  await client.chat.postMessage({ channel: INC, thread_ts: last, text: LINE.repeat(40) });
  return last;
}

async function isInSight(of: Locator, within: Locator): Promise<boolean> {
  const [inner, outer] = await Promise.all([of.boundingBox(), within.boundingBox()]);
  if (inner === null || outer === null) return false;
  return inner.y >= outer.y - 1 && inner.y + inner.height <= outer.y + outer.height + 1;
}

async function overlap(one: Locator, other: Locator): Promise<boolean> {
  const [a, b] = await Promise.all([one.boundingBox(), other.boundingBox()]);
  if (a === null || b === null) return false;
  const apart =
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  return !apart;
}

test("a fault that was refused is told as refused", async () => {
  await open();
  isRefusing = true;
  await breakIt();
  expect(await notice().innerText()).toBe("Not done: another fault is being prepared.");
});

test("a notice covers no field to write in", async () => {
  await fill();
  await open();
  await main()
    .getByRole("button", { name: /1 reply/ })
    .click();
  await breakIt();
  await page.screenshot({ path: join(PICTURES, "page-notice.png") });
  for (const box of await page.locator(".composer").all())
    expect(await overlap(notice(), box)).toBe(false);
});

test("a message stays in sight when its thread opens, and the thread shows its end", async () => {
  await fill();
  await open();
  const chip = main().getByRole("button", { name: /1 reply/ });
  expect(await isInSight(chip, main().locator(".scroller"))).toBe(true);
  await chip.click();
  await reply().waitFor();
  await expect.poll(() => isInSight(chip, main().locator(".scroller"))).toBe(true);
});

test("the way to the latest stands beside the text, not on it", async () => {
  await fill();
  await open();
  await main()
    .locator(".scroller")
    .evaluate((element) => element.scrollTo(0, 0));
  await clientOf(slack).chat.postMessage({ channel: INC, text: "news" });
  const jump = main().getByRole("button", { name: "Jump to the latest" });
  await jump.waitFor();
  await page.screenshot({ path: join(PICTURES, "page-jump.png") });
  expect(await overlap(jump, main().locator(".scroller"))).toBe(false);
  await jump.click();
  await expect.poll(() => jump.isVisible()).toBe(false);
});

test("Escape closes a thread, but not while somebody writes in it", async () => {
  await fill();
  await open();
  await main()
    .getByRole("button", { name: /1 reply/ })
    .click();
  await reply().fill("I am not done");
  await reply().press("Escape");
  expect(await reply().inputValue()).toBe("I am not done");
  expect(await thread().isVisible()).toBe(true);
  await reply().fill("");
  await reply().press("Escape");
  await expect.poll(() => thread().isVisible()).toBe(false);
});

test("a suggestion of the conversation with the app asks at once, and keeps what was being written", async () => {
  const direct = slack.directChannel(ALICE);
  await clientOf(slack).assistant.threads.setSuggestedPrompts({
    channel_id: direct,
    prompts: [{ title: "What can I ask?", message: "help" }],
  });
  await page.goto(`${slack.url}?user=${ALICE}&channel=${direct}`);
  const field = main().getByRole("combobox", { name: /Message/ });
  await field.fill("half a question");
  await page.getByRole("button", { name: "What can I ask?" }).click();
  await slack.waitFor((message) => message.text === "help" && message.user === ALICE, 5_000);
  expect(await field.inputValue()).toBe("half a question");
});

test("whoever is not heard is told: a command that is none, an app that is not in the channel", async () => {
  await page.goto(`${slack.url}?user=${ALICE}&channel=C0QUIET`);
  const field = main().getByRole("combobox", { name: /Message/ });
  await field.fill("/foo bar");
  await field.press("Enter");
  await notice().waitFor();
  expect(await notice().innerText()).toBe("/foo is not a command here. Try /sre help.");
  expect(await field.inputValue()).toBe("/foo bar");
  await field.fill("@orrery are you there?");
  await field.press("Escape");
  await field.press("Enter");
  await expect
    .poll(() => notice().last().innerText())
    .toBe(
      "orrery is not in #quiet and does not read this. Ask in #incidents or in its direct messages.",
    );
});

test("fields stand side by side where there is room, and below each other in a thread", async () => {
  const client = clientOf(slack);
  const words = "self time of catalog rose from 25 ms to 660 ms (26×)";
  const fields = ["*For*", "*Against*"].map((head) => ({
    type: "mrkdwn" as const,
    text: `${head}\n• ${words}\n• ${words}`,
  }));
  const root = await client.chat.postMessage({
    channel: INC,
    text: "card",
    blocks: [{ type: "section", fields }],
  });
  await client.chat.postMessage({ channel: INC, thread_ts: root.ts ?? "", text: "reply" });
  await open();
  const tops = async (within: Locator): Promise<number> => {
    const boxes = await Promise.all(
      (await within.locator(".fields .field").all()).map((each) => each.boundingBox()),
    );
    return new Set(boxes.map((box) => box?.y)).size;
  };
  await main().locator(".field").first().waitFor();
  expect(await tops(main())).toBe(1);
  await main()
    .getByRole("button", { name: /1 reply/ })
    .click();
  await thread().locator(".field").first().waitFor();
  expect(await tops(thread())).toBe(2);
});

test("when the demo has ended the page says so, and so does what is tried after", async () => {
  await fill();
  await open();
  await page.locator("#main [data-ts]").first().waitFor();
  await slack.close();
  const connection = page.locator("#connection");
  await expect.poll(() => connection.innerText()).toMatch(/^The demo has ended/);
  await main().getByRole("combobox").fill("are you there?");
  await main().getByRole("combobox").press("Enter");
  await expect.poll(() => notice().innerText()).toMatch(/^Not sent: the demo does not answer/);
  await page.screenshot({ path: join(PICTURES, "page-ended.png") });
});
