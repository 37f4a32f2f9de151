import { z } from "zod";
import type { Finding, Hypothesis } from "../src/model/causes/diagnosis.ts";
import type { Quantity } from "../src/model/quantity.ts";
import { quantities } from "./answer.ts";
import type { EvidenceDraft } from "./define-tool.ts";
import { clauseText, nameText } from "./untrusted.ts";

/** Limits: findings of the two leading hypotheses, and of the others; traces of one finding. */
const LEADING = 2;
const FOR_MAX = { leading: 4, other: 1 } as const;
const AGAINST_MAX = { leading: 2, other: 1 } as const;
const TRACES_MAX = 2;

export const findingSchema = z.object({
  kind: z.string(),
  /** Its `{{key}}` are values of the hypothesis's evidence. */
  text: z.string(),
  traceIds: z.array(z.string()).optional(),
});
export type FindingRow = z.infer<typeof findingSchema>;

interface Cited {
  readonly row: FindingRow;
  readonly values: Readonly<Record<string, Quantity>>;
}

const capital = (word: string): string => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

/** Values of all findings share one evidence item: `latencyBefore`, and `latency2Before` of the second of a kind. */
function cite(findings: readonly Finding[], taken: Map<string, number>): readonly Cited[] {
  return findings.map((finding) => {
    const number = (taken.get(finding.kind) ?? 0) + 1;
    taken.set(finding.kind, number);
    const prefix = number === 1 ? finding.kind : `${finding.kind}${number}`;
    const keys = new Map<string, string>();
    const values: Record<string, Quantity> = {};
    for (const [key, { value, unit }] of Object.entries(finding.values)) {
      if (!finding.text.includes(`{{${key}}}`)) continue;
      const name = `${prefix}${capital(key)}`;
      const known = quantities(unit, { [name]: value });
      if (known[name] === undefined) continue;
      keys.set(key, name);
      Object.assign(values, known);
    }
    const traceIds = finding.traceIds.slice(0, TRACES_MAX).map(nameText);
    const row = { kind: finding.kind, text: clauseText(finding.text, keys) };
    return { row: traceIds.length === 0 ? row : { ...row, traceIds }, values };
  });
}

function citedFindings(
  { supporting, opposing }: Hypothesis,
  rank: number,
): { readonly for: readonly Cited[]; readonly against: readonly Cited[] } {
  const which = rank < LEADING ? "leading" : "other";
  const taken = new Map<string, number>();
  return {
    for: cite(supporting.slice(0, FOR_MAX[which]), taken),
    against: cite(opposing.slice(0, AGAINST_MAX[which]), taken),
  };
}

/** What speaks for and against a hypothesis of this rank (0 leads); values are in its evidence. */
export function causeFindings(
  hypothesis: Hypothesis,
  rank: number,
): { readonly for: readonly FindingRow[]; readonly against: readonly FindingRow[] } {
  const cited = citedFindings(hypothesis, rank);
  return {
    for: cited.for.map((one) => one.row),
    against: cited.against.map((one) => one.row),
  };
}

const PLACEHOLDER = /\{\{\w+\}\}/g;
const NAME_WITH_DIGIT = /[\p{L}\p{N}][\p{L}\p{N}._:/@+-]*\p{N}[\p{L}\p{N}._:/@+-]*|\p{N}+/gu;

/** The versions and instances that findings name: whoever repeats a finding must be able to vouch for them. */
function namesOf(cited: readonly Cited[]): string {
  const words = cited.flatMap(
    ({ row }) => row.text.replace(PLACEHOLDER, "").match(NAME_WITH_DIGIT) ?? [],
  );
  return [...new Set(words)].join(" ");
}

export function causeEvidence(hypothesis: Hypothesis, rank: number): EvidenceDraft {
  const cited = citedFindings(hypothesis, rank);
  const first = cited.for[0];
  const because = first === undefined ? "" : `: ${first.row.text}`;
  const all = [...cited.for, ...cited.against];
  const traceId = all.flatMap((one) => one.row.traceIds ?? [])[0];
  const names = namesOf(all);
  return {
    kind: "cause",
    about: nameText(hypothesis.name),
    text: `${clauseText(hypothesis.title)} with probability {{probability}}${because}`,
    values: {
      ...quantities("probability", { probability: hypothesis.probability }),
      ...quantities("time", { onset: hypothesis.onsetMs }),
      ...quantities("ratio", { reproduced: hypothesis.reproduced }),
      ...Object.assign({}, ...all.map((one) => one.values)),
      ...(names === "" ? {} : { names }),
      ...(traceId === undefined ? {} : { traceId }),
      ...(hypothesis.decidedBy === undefined
        ? {}
        : { decidedBy: clauseText(hypothesis.decidedBy) }),
    },
  };
}
