import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errorText } from "../errors.ts";
import { RESPONDER } from "./cast.ts";
import { CustomerWatch } from "./customer-watch.ts";
import type { DemoParts } from "./demo.ts";
import { isTrueRemedy, isTrueRoot, truthSchema } from "./judgement.ts";
import {
  type ActionFacts,
  APPROVE_ACTION,
  canBeApproved,
  diagnosisFacts,
  type PageFacts,
  pageFacts,
  postedMs,
  proposalFacts,
} from "./message-facts.ts";
import { cpuMs, familyOf, pssBytes } from "./resources.ts";
import type { LocalMessage, LocalSlack } from "./slack/contract.ts";
import type { FaultName } from "./world/faults.ts";

/** From ready to the harmless change; the fault follows 20 s later, after a minute of normal. */
const NORMAL_MS = 40_000;
/** A healthy shop is watched for this long. */
const NONE_MS = 5 * 60_000;
/** The whole run ends by then. */
const RUN_MAX_MS = 350_000;
const LOOK_MS = 1_000;

/** What happened, for `--json`. Times are epoch milliseconds. */
export interface HeadlessReport {
  readonly fault: FaultName;
  readonly startedMs: number;
  readonly readyMs: number;
  faultMs?: number;
  pagedMs?: number;
  /** When the first diagnosis was in the thread. */
  diagnosedMs?: number;
  diagnosis?: { readonly root: string; readonly probability: number };
  trueRoot?: boolean;
  proposedMs?: number;
  action?: ActionFacts;
  trueRemedy?: boolean;
  approvedMs?: number;
  executedMs?: number;
  verdict?: string;
  /** No rule fires any more, as Orrery says, and the customers have been served well for 30 s. */
  backMs?: number;
  pages: number;
  proposals: number;
  resources?: {
    /** Of everything: shop, database, workspace, Orrery. */
    readonly pssBytes?: number;
    /** Orrery and its executor, share of one core over the run's normal part. */
    readonly orreryCpu?: number;
  };
  /** Empty: it went well. */
  failures: string[];
}

interface Run {
  readonly demo: DemoParts;
  readonly report: HeadlessReport;
  readonly deadlineMs: number;
  readonly say: (line: string) => void;
}

/** Plays one fault without a person: a scripted responder approves through Slack's own protocol. */
export async function playHeadless(
  demo: DemoParts,
  options: {
    readonly fault: FaultName;
    readonly startedMs: number;
    readonly say: (line: string) => void;
  },
): Promise<HeadlessReport> {
  const { fault, startedMs, say } = options;
  const report: HeadlessReport = {
    fault,
    startedMs,
    readyMs: Date.now(),
    pages: 0,
    proposals: 0,
    failures: [],
  };
  const run: Run = { demo, report, deadlineMs: startedMs + RUN_MAX_MS, say };
  try {
    await measureNormal(run);
    say(`breaking the shop: ${fault}`);
    const status = await demo.world.injectFault(fault);
    report.faultMs = status.onsetMs ?? Date.now();
    if (fault === "none") await watchQuiet(run);
    else await playStory(run);
  } catch (error) {
    report.failures.push(errorText(error));
  }
  judge(run);
  return report;
}

/** A minute of normal, and what it costs. */
async function measureNormal({ demo, report }: Run): Promise<void> {
  const fromMs = Date.now();
  const before = cpuMs(demo.orreryPids());
  await sleep(NORMAL_MS);
  const used = (cpuMs(demo.orreryPids()) ?? Number.NaN) - (before ?? Number.NaN);
  const pss = pssBytes(familyOf(process.pid));
  const orreryCpu = used / (Date.now() - fromMs);
  report.resources = {
    ...(pss === undefined ? {} : { pssBytes: pss }),
    ...(Number.isFinite(orreryCpu) ? { orreryCpu } : {}),
  };
}

async function watchQuiet({ report, say }: Run): Promise<void> {
  say("watching a healthy shop for five minutes");
  await sleep(Math.max(0, report.readyMs + NONE_MS - Date.now()));
}

async function playStory(run: Run): Promise<void> {
  const { demo, report, say } = run;
  const { slack } = demo;
  const page = await waitFor(run, (message) => pageFacts(message) !== undefined);
  const facts = pageFacts(page);
  report.pagedMs = postedMs(page);
  say(`paged: ${page.text}`);
  const diagnosed = await waitFor(run, (message) => diagnosisFacts(message) !== undefined);
  report.diagnosedMs = postedMs(diagnosed);
  const diagnosis = diagnosisFacts(diagnosed);
  if (diagnosis !== undefined) {
    report.diagnosis = { root: diagnosis.root, probability: diagnosis.probability };
    say(`first diagnosis: ${diagnosis.root} (${Math.round(diagnosis.probability * 100)} %)`);
  }
  const card = await waitFor(
    run,
    (message) => proposalFacts(message) !== undefined && canBeApproved(message),
  );
  report.proposedMs = postedMs(card);
  const action = proposalFacts(card)?.action;
  if (action !== undefined) report.action = action;
  say(`proposed: ${card.text}`);
  report.approvedMs = Date.now();
  await slack.click(RESPONDER.id, card, APPROVE_ACTION);
  await followAction(run, card);
  await followRecovery(run, facts?.operation ?? "");
}

async function followAction(run: Run, card: LocalMessage): Promise<void> {
  const { report, say } = run;
  const isCard = (message: LocalMessage): boolean => message.ts === card.ts;
  const ended = await waitFor(
    run,
    (message) =>
      isCard(message) &&
      ["done", "failed", "unknown"].includes(proposalFacts(message)?.state ?? ""),
  );
  report.executedMs = Date.now();
  say(`executed: ${ended.text}`);
  const settled = await waitFor(
    run,
    (message) => isCard(message) && proposalFacts(message)?.verdict !== undefined,
  );
  const verdict = proposalFacts(settled)?.verdict;
  if (verdict !== undefined) report.verdict = verdict;
  say(`verified: ${settled.text}`);
}

/** Both must agree: Orrery, whose rules are quiet, and the customers. */
async function followRecovery(run: Run, operation: string): Promise<void> {
  const { demo, report, deadlineMs, say } = run;
  const watch = new CustomerWatch();
  const from = report.executedMs ?? Date.now();
  // What was seen while the action was being verified counts too.
  for (let atMs = from; atMs < Date.now(); atMs += LOOK_MS)
    watch.look(demo.world.customersSaw, operation, atMs);
  while (Date.now() < deadlineMs) {
    const nowMs = Date.now();
    watch.look(demo.world.customersSaw, operation, nowMs);
    if (watch.isBack(nowMs) && isQuiet(demo.slack)) {
      report.backMs = nowMs;
      say("the objective is back");
      return;
    }
    // biome-ignore lint/performance/noAwaitInLoops: one look a second
    await sleep(LOOK_MS);
  }
}

function pagesOf(slack: LocalSlack): readonly PageFacts[] {
  return slack.messages("checkout-incidents").flatMap((message) => pageFacts(message) ?? []);
}

function isQuiet(slack: LocalSlack): boolean {
  return pagesOf(slack).every(({ state }) => state !== "open");
}

function waitFor(
  { demo, deadlineMs }: Run,
  predicate: (message: LocalMessage) => boolean,
): Promise<LocalMessage> {
  return demo.slack.waitFor(predicate, Math.max(1, deadlineMs - Date.now()));
}

function judge({ demo, report }: Run): void {
  const messages = demo.slack.messages("checkout-incidents");
  report.pages = messages.filter((message) => pageFacts(message) !== undefined).length;
  report.proposals = messages.filter((message) => proposalFacts(message) !== undefined).length;
  const { failures } = report;
  if (report.fault === "none") {
    if (report.pages > 0) failures.push("a healthy shop was paged for");
    if (report.proposals > 0) failures.push("something was proposed for a healthy shop");
    return;
  }
  const path = demo.world.truthPath();
  if (path === undefined) {
    failures.push("there is no truth to judge by");
    return;
  }
  const truth = truthSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  report.trueRoot = isTrueRoot(truth, report.diagnosis?.root ?? "");
  if (!report.trueRoot) failures.push("the first diagnosis did not name a true root first");
  report.trueRemedy =
    report.executedMs !== undefined &&
    report.action !== undefined &&
    isTrueRemedy(truth, report.action);
  if (!report.trueRemedy) failures.push("the executed action is none that cures");
  if (report.backMs === undefined) failures.push("the objective is not back");
}
