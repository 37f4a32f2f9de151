import { type Entity, entityId, entityName } from "../model/entity.ts";
import { resolveName } from "../model/near-names.ts";
import { cleanText, redact } from "../redact.ts";
import type { Answer } from "./contract.ts";

/** Limit: characters of a name in a message. */
const NAME_CHARS_MAX = 80;
/** Limit: names that a refusal suggests. */
const SUGGESTIONS_MAX = 3;

export type Refusal = Extract<Answer<never>, { ok: false }>;

/** A name from outside, fit for a message: one line, bounded, without secrets. */
export function shownName(name: string, charsMax = NAME_CHARS_MAX): string {
  return cleanText(redact(cleanText(name, charsMax * 4)), charsMax)
    .replace(/\s+/g, " ")
    .trim();
}

export function refuse(code: string, message: string, didYouMean: readonly string[] = []): Refusal {
  const near = didYouMean.slice(0, SUGGESTIONS_MAX).map((name) => shownName(name));
  return { ok: false, code, message, ...(near.length === 0 ? {} : { didYouMean: near }) };
}

/** The names most like a text; the first few when none is like it. */
export function nearNames(text: string, names: readonly string[]): readonly string[] {
  const all = names.map(
    (name): Entity => ({
      id: entityId("flag", name),
      type: "flag",
      name,
      attributes: {},
      firstSeenMs: 0,
      lastSeenMs: 0,
    }),
  );
  const found = resolveName(text, { byId: () => undefined, all: () => all });
  if (found.ok) return [found.entity.name];
  const near = found.didYouMean.map((id) => entityName(id as Entity["id"]));
  return (near.length > 0 ? near : names).slice(0, SUGGESTIONS_MAX);
}
