// `npm run demo`: a shop that really breaks, a Slack workspace on this machine, and Orrery between them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText, isOperationError, OperationError } from "../errors.ts";
import { createLog } from "../log.ts";
import { type DemoParts, startDemo } from "./demo.ts";
import { playHeadless } from "./headless.ts";
import { type DemoOptions, parseOptions } from "./options.ts";
import {
  askForFault,
  askToMend,
  findRunning,
  forgetRunning,
  noteRunning,
  type RunningDemo,
} from "./running-demo.ts";
import type { FaultName } from "./world/faults.ts";

/** From ready to the harmless change; the fault follows 20 s later, after a minute of normal. */
const NORMAL_MS = 40_000;
/** What a shell gives a command that was interrupted. */
const STOPPED_CODE = 130;
const LLM_VARIABLES = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ORRERY_MODEL"] as const;

const folderOf = ({ folder }: DemoOptions): string =>
  resolve(folder ?? join(import.meta.dirname, "..", "..", ".demo"));

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function llmSettings({ llm }: DemoOptions): Readonly<Record<string, string>> {
  if (!llm) return {};
  const settings = Object.fromEntries(
    LLM_VARIABLES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  if (settings.ANTHROPIC_API_KEY === undefined)
    say("ANTHROPIC_API_KEY is not set: the offline investigator answers.");
  return settings;
}

function welcome({ slack, world }: DemoParts, startedMs: number): void {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(0);
  say(`
Orrery is up after ${seconds} s, over a shop of ${world.status().services.length} services.

  Open  ${slack.url}

Try there, in #checkout-incidents:
  @orrery what changed in the last hour?        /sre status
  @orrery what if we scale cart to 4?           /sre help
Break the shop with the buttons on the page, or from another terminal:
  npm run demo -- --fault bad-deploy       and back:  npm run demo -- --mend
Ctrl-C ends everything.
`);
}

/** Aborts when the demo is asked to end: Ctrl-C, a closed terminal, or a process manager. */
function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (ending.signal.aborted) return;
      process.stdout.write("\nStopping … ");
      ending.abort();
    });
  return ending.signal;
}

/** Plays until it has ended or is stopped; to be stopped is no failure of an attended one. */
async function play(options: DemoOptions): Promise<number> {
  const stopping = endingSignal();
  const stoppedCode = options.headless ? STOPPED_CODE : 0;
  try {
    const code = await playUntil(options, stopping);
    return stopping.aborted ? stoppedCode : code;
  } catch (error) {
    // What fails because it was ended half-way is no news.
    if (stopping.aborted) return stoppedCode;
    throw error;
  } finally {
    if (stopping.aborted) say("stopped.");
  }
}

async function playUntil(options: DemoOptions, stopping: AbortSignal): Promise<number> {
  const startedMs = Date.now();
  const truthFolder = mkdtempSync(join(tmpdir(), "shop-truth-"));
  const log = createLog("warn");
  say("Starting a shop, a Slack workspace and Orrery …");
  const { requestsPerSecond, seed } = options;
  const llm = llmSettings(options);
  const home = folderOf(options);
  const folder = join(home, options.headless ? "headless" : "attended");
  try {
    const settings = { folder, truthFolder, requestsPerSecond, seed, llm, log, stopping };
    const demo = await startDemo(settings);
    try {
      const { slack, world } = demo;
      if (!options.headless)
        noteRunning(home, { pid: process.pid, pageUrl: slack.url, fault: world.faultControl });
      welcome(demo, startedMs);
      return await (options.headless
        ? headless(demo, options, startedMs, stopping)
        : attended(demo, options, stopping));
    } finally {
      await demo.stop();
      if (!options.headless) forgetRunning(home);
    }
  } finally {
    rmSync(truthFolder, { recursive: true, force: true });
  }
}

async function attended(
  demo: DemoParts,
  { fault }: DemoOptions,
  stopping: AbortSignal,
): Promise<number> {
  const ended = new Promise<void>((settle) => {
    if (stopping.aborted) settle();
    stopping.addEventListener("abort", () => settle(), { once: true });
  });
  if (fault !== undefined) {
    say(`The shop breaks (${fault}) after a minute of normal.`);
    await Promise.race([sleep(NORMAL_MS), ended]);
    if (!stopping.aborted) {
      const broken = demo.world.injectFault(fault).then(() => brokenWords(fault), errorText);
      const outcome = await Promise.race([broken, ended]);
      if (typeof outcome === "string") say(outcome);
    }
  }
  await ended;
  return 0;
}

async function headless(
  demo: DemoParts,
  { fault = "none", jsonFile }: DemoOptions,
  startedMs: number,
  stopping: AbortSignal,
): Promise<number> {
  const stopped = new Promise<undefined>((settle) => {
    stopping.addEventListener("abort", () => settle(undefined), { once: true });
  });
  const report = await Promise.race([playHeadless(demo, { fault, startedMs, say }), stopped]);
  if (report === undefined) return STOPPED_CODE;
  say(`\n${demo.slack.transcript()}\n`);
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  for (const failure of report.failures) say(`✗ ${failure}`);
  if (report.failures.length === 0) say(`✓ ${fault}: it went well`);
  return report.failures.length === 0 ? 0 : 1;
}

const brokenWords = (fault: FaultName): string =>
  fault === "none"
    ? "Nothing is broken: one harmless change was made, and it must stay silent."
    : `The shop is broken now: ${fault}.`;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), Date.now() % 2 ** 31);
  const running = options.headless ? undefined : findRunning(folderOf(options));
  if (running !== undefined) return askRunning(running, options);
  if (options.mend)
    throw new OperationError("usage", "No demo is running here: there is nothing to mend.");
  return play(options);
}

async function askRunning(running: RunningDemo, { fault, mend }: DemoOptions): Promise<number> {
  if (mend) {
    const done = await askToMend(running);
    say(done.length === 0 ? "Nothing to mend: the shop is as it started." : "Mended:");
    for (const one of done) say(`  ${one}`);
  } else if (fault === undefined)
    say(`A demo is already running in this checkout: ${running.pageUrl}`);
  else {
    say(`Asking the running demo: ${fault}. A harmless change comes first, then the fault.`);
    await askForFault(running, fault);
    say(`${brokenWords(fault)} Watch ${running.pageUrl}`);
  }
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${isOperationError(error) ? error.message : errorText(error)}\n`);
    process.exitCode = isOperationError(error, "usage") ? 2 : 1;
  },
);
