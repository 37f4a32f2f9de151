import { formatQuantity } from "../../../src/model/quantity.ts";
import type { Performance, Verdict } from "./performance.ts";
import type { Reply } from "./reply.ts";
import type { Expectation, ReplyClause } from "./statement.ts";

const NUMBER = /\d+(?:[.,:]\d+)*/g;
const SHOWN_CHARS_MAX = 600;

type ReplyExpectation = Extract<Expectation, { type: "reply" }>;

/** The clauses against what was said last, to a question or by the investigation of a page. */
export async function checkReply({ stage }: Performance, { clauses }: ReplyExpectation): Verdict {
  const reply = stage.product.replies.at(-1);
  if (reply === undefined) return "nothing has been said";
  const names = stage.product
    .view()
    .entities()
    .map(({ name }) => name);
  for (const clause of clauses) {
    const fault = clauseFault(reply, names, clause);
    if (fault !== undefined) return `${fault} in: ${reply.text.slice(0, SHOWN_CHARS_MAX)}`;
  }
  return reply.outcome === "complete" ? undefined : `the turn ended ${reply.outcome}`;
}

function clauseFault(
  reply: Reply,
  names: readonly string[],
  clause: ReplyClause,
): string | undefined {
  switch (clause.type) {
    case "mentions": {
      const missing = clause.words.filter((words) => !mentions(reply.text, words));
      return missing.length === 0 ? undefined : `no mention of ${missing.join(", ")}`;
    }
    case "numbers-have-evidence": {
      const known = groundOf(reply, names);
      const free = (reply.text.match(NUMBER) ?? []).filter((number) => !known.has(number));
      return free.length === 0 ? undefined : `no evidence for ${free.join(", ")}`;
    }
  }
}

/** Every word of it, anywhere in one line. */
function mentions(text: string, words: string): boolean {
  const wanted = words.toLowerCase().split(" ");
  return text
    .toLowerCase()
    .split("\n")
    .some((line) => wanted.every((word) => line.includes(word)));
}

/** Every number that some evidence, a name or the question holds. Written apart from the product's own checker. */
function groundOf({ question, evidence }: Reply, names: readonly string[]): ReadonlySet<string> {
  const texts = evidence.flatMap(({ id, about, text, values }) => [
    id,
    about,
    text,
    ...Object.values(values).map((value) =>
      typeof value === "string" ? value : formatQuantity(value),
    ),
  ]);
  return new Set([question, ...names, ...texts].flatMap((text) => text.match(NUMBER) ?? []));
}
