import { parseEvent } from "./parse-event.ts";
import { parseExpectation } from "./parse-expectation.ts";
import type { Place, Scenario, Step } from "./statement.ts";
import { scenarioError, Tokens, tokensOf } from "./tokens.ts";

const VERBS: ReadonlySet<string> = new Set([
  "world",
  "seed",
  "load",
  "at",
  "expect",
  "not",
  "ask",
  "click",
]);

interface Draft {
  world?: string;
  seed: number;
  load?: { readonly perSecond: number; readonly lengthMs: number };
  readonly steps: Step[];
}

/** Reads the text of a scenario. Errors: `OperationError("scenario_invalid")` that names the line and what is wrong. */
export function parseScenario(text: string): Scenario {
  const draft: Draft = { seed: 1, steps: [] };
  const lines = text.split("\n");
  for (const [index, raw] of lines.entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "").trim();
    if (line === "") continue;
    for (const statement of statementsOf({ line: index + 1, text: line })) read(draft, statement);
  }
  const { world, load, seed, steps } = draft;
  if (world === undefined) throw scenarioError(lines.length, "no world is named");
  if (load === undefined)
    throw scenarioError(lines.length, "nobody comes: write load 40/s for 10m");
  return { world, seed, ...load, steps };
}

interface Statement {
  readonly head: Tokens;
  /** What follows a `;` and begins with no verb. */
  readonly clauses: Tokens[];
}

/** A line holds statements, and clauses of the statement before them, between semicolons. */
function statementsOf(place: Place): readonly Statement[] {
  const statements: Statement[] = [];
  let part: string[] = [];
  const finish = (): void => {
    const [first] = part;
    if (first === undefined) throw scenarioError(place.line, "nothing stands between semicolons");
    const tokens = new Tokens(place, part);
    const last = statements.at(-1);
    if (last === undefined || VERBS.has(first)) statements.push({ head: tokens, clauses: [] });
    else last.clauses.push(tokens);
    part = [];
  };
  for (const token of tokensOf(place.text)) {
    if (token === ";") finish();
    else part.push(token);
  }
  finish();
  return statements;
}

function read(draft: Draft, { head, clauses }: Statement): void {
  const { place } = head;
  const verb = head.take("a statement");
  const isNotYet = verb === "not";
  if (isNotYet) for (const next of ["yet", "expect"]) head.require(next);
  if (isNotYet || verb === "expect") {
    const expectation = parseExpectation(head, clauses);
    draft.steps.push({ ...place, type: "expect", expectation, isNotYet });
    return;
  }
  const [more] = clauses;
  more?.fail(`"${more.next ?? ""}" continues nothing`);
  readPlain(draft, verb, head);
  head.end();
}

function readPlain(draft: Draft, verb: string, tokens: Tokens): void {
  const { place } = tokens;
  switch (verb) {
    case "world":
      draft.world = tokens.take("the name of a world");
      return;
    case "seed":
      draft.seed = tokens.number("the seed");
      return;
    case "load":
      draft.load = load(tokens);
      return;
    case "at": {
      const atMs = tokens.durationMs();
      draft.steps.push({ ...place, type: "at", atMs, event: parseEvent(tokens) });
      return;
    }
    case "ask":
      draft.steps.push({ ...place, type: "ask", question: tokens.take("a question") });
      return;
    case "click":
      draft.steps.push({ ...place, type: "click", ...click(tokens) });
      return;
    default:
      tokens.fail(`"${verb}" is no statement: ${[...VERBS].join(", ")}`);
  }
}

function load(tokens: Tokens): { readonly perSecond: number; readonly lengthMs: number } {
  const word = tokens.take("a rate");
  const perSecond = Number(/^(\d+(?:\.\d+)?)\/s$/.exec(word)?.[1]);
  if (!(perSecond > 0)) tokens.fail(`"${word}" is no rate: write 40/s`);
  tokens.require("for");
  return { perSecond, lengthMs: tokens.durationMs() };
}

function click(tokens: Tokens): { readonly decision: "approve" | "reject"; readonly by: string } {
  const decision = tokens.take("approve or reject");
  if (decision !== "approve" && decision !== "reject")
    tokens.fail(`one can approve or reject, not "${decision}"`);
  tokens.require("by");
  return { decision, by: tokens.take("a name") };
}
