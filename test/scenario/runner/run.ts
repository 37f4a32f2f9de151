import { assertNever } from "../../../src/assert.ts";
import { isOperationError } from "../../../src/errors.ts";
import { type Log, silentLog } from "../../../src/log.ts";
import { worldNamed } from "../worlds/worlds.ts";
import {
  checkAction,
  checkNoProposal,
  checkOutcome,
  checkProposal,
  checkRefused,
  click,
} from "./check-action.ts";
import { checkDiagnosis } from "./check-diagnosis.ts";
import { checkIncidents, checkNoPage, checkPage, checkRecovered } from "./check-page.ts";
import { checkReply } from "./check-reply.ts";
import {
  currentIncident,
  type Failure,
  type Performance,
  timeText,
  type Verdict,
} from "./performance.ts";
import { Stage } from "./stage.ts";
import type { Expectation, Scenario, Step } from "./statement.ts";

export function failureText({ line, text, message }: Failure): string {
  return `line ${line}: ${text}\n  but ${message}`;
}

/** Plays a scenario to its end. Returns every statement that did not hold, in the order of the text. */
export async function runScenario(
  scenario: Scenario,
  log: Log = silentLog,
): Promise<readonly Failure[]> {
  const { world, seed, perSecond, lengthMs, steps } = scenario;
  const stage = await Stage.open({ world: worldNamed(world), seed, perSecond, log });
  const performance: Performance = {
    stage,
    lengthMs,
    lastEventMs: 0,
    expectedPages: new Set(),
    expectedIncidents: new Set(),
    broken: [],
  };
  const failures: Failure[] = [];
  for (const step of steps) {
    const message = await played(performance, step);
    if (message !== undefined) failures.push({ line: step.line, text: step.text, message });
  }
  failures.push(...unproven(performance));
  await stage.close();
  return [...failures, ...performance.broken].sort((a, b) => a.line - b.line);
}

/** Whatever a scenario asks: the offline investigator writes no sentence that its evidence does not prove. */
function unproven({ stage }: Performance): readonly Failure[] {
  return stage.product.replies
    .filter((reply) => reply.claimsDropped > 0)
    .map(({ question, claimsDropped, text }) => ({
      line: 0,
      text: question,
      message: `${claimsDropped} sentences had no evidence and were left out of: ${text}`,
    }));
}

/** What a statement names and is not there is its failure; what else is thrown is ours. */
async function played(performance: Performance, step: Step): Verdict {
  try {
    return await play(performance, step);
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  if (!isOperationError(error)) throw error;
  return error.message;
}

async function play(performance: Performance, step: Step): Verdict {
  const { stage } = performance;
  switch (step.type) {
    case "at":
      if (step.atMs < stage.nowMs)
        return `${timeText(step.atMs)} is past: it is ${timeText(stage.nowMs)}`;
      stage.schedule(step.atMs, step.event, (error) =>
        performance.broken.push({ line: step.line, text: step.text, message: messageOf(error) }),
      );
      performance.lastEventMs = Math.max(performance.lastEventMs, step.atMs);
      return undefined;
    case "ask": {
      await stage.advanceTo(Math.max(stage.nowMs, performance.lastEventMs));
      const { incidentId } = performance;
      const incident = incidentId === undefined ? undefined : await currentIncident(performance);
      await stage.product.ask(step.question, incident);
      return undefined;
    }
    case "click":
      return click(performance, step);
    case "expect": {
      const fault = await check(performance, step.expectation);
      if (!step.isNotYet) return fault;
      return fault === undefined ? 'it holds now: take "not yet" away' : undefined;
    }
    default:
      return assertNever(step);
  }
}

function check(performance: Performance, expectation: Expectation): Verdict {
  switch (expectation.type) {
    case "page":
      return checkPage(performance, expectation);
    case "no-page":
      return checkNoPage(performance, expectation);
    case "incidents":
      return checkIncidents(performance, expectation);
    case "diagnosis":
      return checkDiagnosis(performance, expectation);
    case "recovered":
      return checkRecovered(performance, expectation);
    case "reply":
      return checkReply(performance, expectation);
    case "proposal":
      return checkProposal(performance, expectation);
    case "no-proposal":
      return checkNoProposal(performance, expectation);
    case "refused":
      return checkRefused(performance, expectation);
    case "action":
      return checkAction(performance, expectation);
    case "outcome":
      return checkOutcome(performance, expectation);
    default:
      return assertNever(expectation);
  }
}
