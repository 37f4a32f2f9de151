// The whole story as a person lives it: a page comes in, a diagnosis stands there, an action is approved and verified.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DemoParts, startDemo } from "../../src/demo/demo.ts";
import { silentLog } from "../../src/log.ts";
import { launchChromium } from "./chromium.ts";

const PICTURES = "test/.artifacts/browser";
/** From a healthy shop to the last word of the verification. */
const STORY_MS = 330_000;
/** A healthy minute, so that there is something to compare with. */
const NORMAL_MS = 45_000;

let folder: string;
let demo: DemoParts;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "story-"));
  [demo, browser] = await Promise.all([
    startDemo({
      folder: join(folder, "demo"),
      truthFolder: join(folder, "truth"),
      requestsPerSecond: 20,
      seed: 5,
      llm: {},
      log: silentLog,
    }),
    launchChromium(),
  ]);
  page = await browser.newPage({ viewport: { width: 1440, height: 960 } });
  await page.goto(demo.slack.url);
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const picture = (name: string): Promise<unknown> =>
  page.screenshot({ path: join(PICTURES, `${name}.png`) });

async function say(box: Locator, text: string): Promise<void> {
  await box.fill(text);
  const offered = await box.getAttribute("aria-expanded");
  if (offered === "true") await box.press("Escape");
  await box.press("Enter");
}

const message = (text: string | RegExp): Locator =>
  page.locator("#main [data-ts]").filter({ hasText: text });
const reply = (text: string | RegExp): Locator =>
  page.locator("#thread [data-ts]").filter({ hasText: text });

test(
  "a person watches an incident from the page to the verified prediction",
  async () => {
    await page.getByText("#checkout-incidents").first().waitFor();
    await page.waitForTimeout(NORMAL_MS);

    const composer = page.locator("#main").getByRole("combobox", { name: /Message/ });
    await say(composer, "/sre status");
    await message(/checkout/)
      .last()
      .waitFor({ timeout: 15_000 });
    await picture("1-status");

    await page.getByText("Break something").click();
    await page.getByRole("menuitem", { name: /Slow query/ }).click();
    const card = message(/is burning its error budget/).first();
    await card.waitFor({ timeout: 120_000 });
    await card.getByText(/Likely cause|Best candidate/).waitFor({ timeout: 15_000 });
    await picture("2-page");

    await card.getByRole("button", { name: /repl(y|ies)/ }).click();
    await reply(/Computed, no LLM/)
      .first()
      .waitFor({ timeout: 15_000 });
    const chart = page.locator("#thread img[alt*='Chart']").first();
    await chart.waitFor({ timeout: 15_000 });
    await chart.scrollIntoViewIfNeeded();
    await picture("2-chart");
    const approve = page.locator("#thread").getByRole("button", { name: /^Approve/ });
    await approve.waitFor({ timeout: 60_000 });
    await approve.scrollIntoViewIfNeeded();
    await picture("3-proposal");

    const proposal = reply(/Approve\?/);
    expect(await proposal.innerText()).toMatch(/90 %/);
    expect(await proposal.innerText()).toMatch(/if nothing is done/);
    await approve.click();
    await page.getByRole("dialog").waitFor();
    await picture("4-dialog");
    await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();

    await reply(/Executing|Done, verifying|Verified ·|Recovered ·/)
      .first()
      .waitFor({ timeout: 30_000 });
    const verdict = /The prediction held|did not do what|objective is|cannot be judged/;
    await reply(verdict).last().waitFor({ timeout: 120_000 });
    await picture("5-verified");
    const threadBox = page.locator("#thread").getByRole("combobox", { name: /Reply/ });
    await say(threadBox, "@orrery what changed in the last hour?");
    await reply(/answered by offline investigator/)
      .nth(1)
      .waitFor({ timeout: 30_000 });
    await picture("6-question");

    await page.getByRole("button", { name: "Switch between light and dark" }).click();
    await picture("7-dark");
    await message(/Recovered/)
      .first()
      .waitFor({ timeout: 60_000 });
  },
  STORY_MS,
);
