import { z } from "zod";
import { refuse } from "./answer.ts";
import type { ToolContext, ToolRefusal } from "./define-tool.ts";
import { nameText, untrustedText } from "./untrusted.ts";

/** Limit: evidence items that one statement cites. */
const CITED_MAX = 8;

export const evidenceIdsSchema = z.array(z.string().min(1).max(40)).max(CITED_MAX);

/** `e3` for all the ways in which an item is named: `e3`, `e3.p95Ms`, `{{e3.p95Ms}}`. */
const bareId = (text: string): string =>
  /^\{{0,2}\s*([A-Za-z]+\d+)(?:\.\w+)?\s*\}{0,2}$/.exec(text.trim())?.[1] ?? text.trim();

/** Evidence ids as they were minted, each once; refuses those that nothing was ever minted under. */
export function resolveCited(
  context: ToolContext,
  texts: readonly string[],
): { readonly ok: true; readonly ids: readonly string[] } | ToolRefusal {
  const ids = [...new Set(texts.map(bareId))];
  const unknown = ids.filter((id) => context.evidence?.(id) === undefined);
  if (context.evidence === undefined || unknown.length === 0) return { ok: true, ids };
  return refuse(
    "evidence_unknown",
    `No evidence called ${unknown.map(nameText).join(", ")}: cite ids that a tool of this conversation gave.`,
  );
}

/** The model's sentence with its numbers checked and rendered against what it cites; one line, no secret. */
export function vouched(
  context: ToolContext,
  text: string,
  limits: { readonly evidenceIds: readonly string[]; readonly charsMax: number },
): { readonly ok: true; readonly text: string } | ToolRefusal {
  const checked = context.vouch?.(text, limits.evidenceIds) ?? { ok: true, text };
  if (checked.ok) return { ok: true, text: untrustedText(checked.text, limits.charsMax) };
  const problems = checked.problems.slice(0, 4).map((one) => untrustedText(one));
  return refuse(
    "claim_unsupported",
    `Say it with {{id.key}} of the evidence cited, or without the number: ${problems.join("; ")}`,
  );
}
