import type { DiagnosisClause, Expectation, ReplyClause } from "./statement.ts";
import type { Tokens } from "./tokens.ts";

/** A fault may take this long to page (the product's own promise). */
const PAGE_MS = 90_000;
const PROPOSAL_MS = 60_000;
const ACTION_MS = 60_000;
const OUTCOME_MS = 5 * 60_000;

/** The words after `expect`. `clauses` are those after `;`. */
export function parseExpectation(tokens: Tokens, clauses: readonly Tokens[]): Expectation {
  const expectation = head(tokens, clauses);
  for (const one of [tokens, ...clauses]) one.end();
  return expectation;
}

const DIAGNOSIS_WORDS: ReadonlySet<string> = new Set([
  "cause",
  "none",
  "path",
  "change",
  "blind-spot",
]);

function head(tokens: Tokens, clauses: readonly Tokens[]): Expectation {
  if (DIAGNOSIS_WORDS.has(tokens.next ?? "")) return diagnosis([tokens, ...clauses]);
  if (tokens.takes("reply") || tokens.next === "every")
    return { type: "reply", clauses: [tokens, ...clauses].map(replyClause) };
  const [more] = clauses;
  more?.fail(`"${more.next ?? ""}" continues nothing: clauses follow a cause or a reply`);
  return single(tokens);
}

function single(tokens: Tokens): Expectation {
  const word = tokens.take("an expectation");
  switch (word) {
    case "page":
      return page(tokens);
    case "no":
      return nothing(tokens);
    case "incidents":
      return { type: "incidents", count: tokens.number("the number of incidents") };
    case "recovered":
      return { type: "recovered", withinMs: tokens.withinMs() ?? PAGE_MS };
    case "proposal":
      return { type: "proposal", ...action(tokens, PROPOSAL_MS) };
    case "action": {
      const { action: words, withinMs } = action(tokens, ACTION_MS);
      const state = words.at(-1) ?? tokens.fail("an action and its state are missing");
      return { type: "action", action: words.slice(0, -1), state, withinMs };
    }
    case "refused":
      return { type: "refused", code: tokens.take("a code") };
    case "prediction":
      tokens.require("inside");
      tokens.require("interval");
      return {
        type: "outcome",
        verdicts: ["inside"],
        withinMs: tokens.withinMs() ?? OUTCOME_MS,
      };
    case "outcome":
      return {
        type: "outcome",
        verdicts: tokens.wordsUntil(["within"]).filter((one) => one !== "or"),
        withinMs: tokens.withinMs() ?? OUTCOME_MS,
      };
    default:
      return tokens.fail(
        `"${word}" cannot be expected: page, no, incidents, cause, none, path, recovered, reply, every, proposal, action, refused, prediction, outcome`,
      );
  }
}

function page(tokens: Tokens): Expectation {
  const withinMs = tokens.withinMs() ?? PAGE_MS;
  const operation = tokens.takes("on") ? tokens.take("an operation") : undefined;
  const isAbsent = tokens.takes("absent");
  const isBlind = !isAbsent && tokens.takes("blind");
  return {
    type: "page",
    kind: isAbsent ? "absent" : isBlind ? "blind" : "burn",
    withinMs,
    ...(operation === undefined ? {} : { operation }),
  };
}

function nothing(tokens: Tokens): Expectation {
  const word = tokens.take("page or proposal");
  if (word === "proposal") {
    const action = tokens.wordsUntil(["for"]);
    return { type: "no-proposal", action, forMs: tokens.takes("for") ? tokens.durationMs() : 0 };
  }
  if (word !== "page") tokens.fail(`no ${word}: only a page or a proposal can be missing`);
  return tokens.takes("until")
    ? { type: "no-page", untilMs: tokens.durationMs() }
    : { type: "no-page" };
}

function action(
  tokens: Tokens,
  defaultMs: number,
): { readonly action: readonly string[]; readonly withinMs: number } {
  const words = tokens.wordsUntil(["within"]);
  if (words.length === 0) tokens.fail("an action is missing");
  return { action: words, withinMs: tokens.withinMs() ?? defaultMs };
}

function diagnosis(all: readonly Tokens[]): Expectation {
  let withinMs: number | undefined;
  const clauses = all.map((tokens): DiagnosisClause => {
    const clause = diagnosisClause(tokens);
    withinMs = tokens.withinMs() ?? withinMs;
    return clause;
  });
  return { type: "diagnosis", clauses, ...(withinMs === undefined ? {} : { withinMs }) };
}

function diagnosisClause(tokens: Tokens): DiagnosisClause {
  const word = tokens.take("a clause");
  switch (word) {
    case "cause":
      return cause(tokens);
    case "none":
      return { type: "none", probabilityMin: probability(tokens) };
    case "path":
      return { type: "path", entities: tokens.chain() };
    case "change":
      return { type: "change", words: tokens.take("words of a change") };
    case "blind-spot":
      return { type: "blind-spot", words: tokens.take("words of a blind spot") };
    default:
      return tokens.fail(
        `"${word}" is nothing of a diagnosis: cause, none, path, change, blind-spot`,
      );
  }
}

function probability(tokens: Tokens): number {
  if (!tokens.takes("p")) return 0;
  tokens.require(">=");
  return tokens.number("a probability");
}

/** `catalog@1.1.0 p >= 0.7`, `shop rank <= 2`; without a rank the first is meant. */
function cause(tokens: Tokens): DiagnosisClause {
  const [name = "", version] = tokens.take("a cause").split("@");
  const probabilityMin = probability(tokens);
  const hasRank = tokens.takes("rank");
  if (hasRank) tokens.require("<=");
  return {
    type: "cause",
    name,
    ...(version === undefined ? {} : { version }),
    probabilityMin,
    rankMax: hasRank ? tokens.number("a rank") : 1,
  };
}

function replyClause(tokens: Tokens): ReplyClause {
  const word = tokens.take("a clause");
  if (word === "every") {
    for (const next of ["number", "has", "evidence"]) tokens.require(next);
    return { type: "numbers-have-evidence" };
  }
  if (word !== "mentions") tokens.fail(`"${word}" is nothing of a reply: mentions, every number`);
  const words = [tokens.wordsUntil([","]).join(" ")];
  while (tokens.takes(",")) words.push(tokens.wordsUntil([","]).join(" "));
  return { type: "mentions", words };
}
