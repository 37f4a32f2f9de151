import type { Action } from "../../../src/incident/action.ts";
import type { ProposalRecord } from "../../../src/incident/contract.ts";
import { type Performance, timeText, type Verdict } from "./performance.ts";
import type { Expectation } from "./statement.ts";

type Of<Type extends Expectation["type"]> = Extract<Expectation, { type: Type }>;

/** `rollback catalog 1.0.0`: the type, then the arguments as the action lists them. */
function wordsOf(action: Action): readonly string[] {
  return Object.values(action).map(String);
}

function isMeant({ proposal }: ProposalRecord, wanted: readonly string[]): boolean {
  const words = wordsOf(proposal.action);
  return wanted.every((word, at) => words[at] === word);
}

async function listed({ stage, incidentId }: Performance): Promise<readonly ProposalRecord[]> {
  return stage.product.proposals.list(incidentId);
}

async function shown(performance: Performance): Promise<string> {
  const all = await listed(performance);
  const texts = all.map(
    ({ proposal, state, detail, outcome }) =>
      `${wordsOf(proposal.action).join(" ")} (${state}${outcome === undefined ? "" : `, ${outcome.verdict}: ${outcome.note}`}${detail === undefined ? "" : `; ${detail}`})`,
  );
  return texts.length === 0 ? "nothing was proposed" : `proposed: ${texts.join(", ")}`;
}

export async function checkProposal(performance: Performance, wanted: Of<"proposal">): Verdict {
  const { stage } = performance;
  const untilMs = stage.nowMs + wanted.withinMs;
  const found = await stage.waitFor(
    async () =>
      (await listed(performance)).find(
        (one) => one.state === "open" && isMeant(one, wanted.action),
      ),
    untilMs,
  );
  if (found === undefined) return `${await shown(performance)}, until ${timeText(untilMs)}`;
  performance.proposalId = found.proposal.id;
  return undefined;
}

export async function checkNoProposal(
  performance: Performance,
  { action, forMs }: Of<"no-proposal">,
): Verdict {
  const { stage } = performance;
  await stage.advanceTo(stage.nowMs + forMs);
  const made = await listed(performance);
  return made.some((one) => isMeant(one, action)) ? shown(performance) : undefined;
}

/** Clicks on the proposal that was expected, else on the first that is open. */
export async function click(
  performance: Performance,
  { decision, by }: { readonly decision: "approve" | "reject"; readonly by: string },
): Verdict {
  const { stage } = performance;
  const proposalId =
    performance.proposalId ??
    (await listed(performance)).find(({ state }) => state === "open")?.proposal.id;
  if (proposalId === undefined) return `nothing to click on: ${await shown(performance)}`;
  performance.proposalId = proposalId;
  performance.clicked = await stage.product.decide(proposalId, decision, by);
  return undefined;
}

export async function checkRefused({ clicked }: Performance, { code }: Of<"refused">): Verdict {
  if (clicked === undefined) return "nobody has clicked";
  if (clicked.ok) return "the click was accepted";
  return clicked.code === code ? undefined : `refused as ${clicked.code}: ${clicked.message}`;
}

export async function checkAction(performance: Performance, wanted: Of<"action">): Verdict {
  const { stage, clicked } = performance;
  if (clicked?.ok === false) return `the click was refused as ${clicked.code}: ${clicked.message}`;
  const untilMs = stage.nowMs + wanted.withinMs;
  const found = await stage.waitFor(
    async () =>
      (await listed(performance)).find(
        (one) => one.state === wanted.state && isMeant(one, wanted.action),
      ),
    untilMs,
  );
  if (found === undefined) return `${await shown(performance)}, until ${timeText(untilMs)}`;
  performance.lastEventMs = stage.nowMs;
  return undefined;
}

export async function checkOutcome(performance: Performance, wanted: Of<"outcome">): Verdict {
  const { stage, proposalId } = performance;
  if (proposalId === undefined) return "no proposal has been expected or clicked before";
  const untilMs = stage.nowMs + wanted.withinMs;
  const outcome = await stage.waitFor(
    async () => (await stage.product.proposals.read(proposalId))?.outcome,
    untilMs,
  );
  if (outcome === undefined) return `${await shown(performance)}, until ${timeText(untilMs)}`;
  if (wanted.verdicts.includes(outcome.verdict)) return undefined;
  const observed = outcome.observed.map(({ operation, statistic, value, predicted }) => {
    const band =
      predicted === undefined
        ? ""
        : ` (${predicted.low.toPrecision(3)}–${predicted.high.toPrecision(3)})`;
    return `${operation} ${statistic} ${value.toPrecision(3)}${band}`;
  });
  return `the outcome is ${outcome.verdict}: ${outcome.note} ${observed.join(", ")}`;
}
