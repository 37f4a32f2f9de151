import type { VouchedText } from "../../../tools/define-tool.ts";
import { checkSentence, type Ground } from "./claims.ts";
import { SentenceSplitter } from "./sentence-splitter.ts";

/** Limit: problems told of one text. */
const PROBLEMS_MAX = 6;

/** A text of the model's that a tool keeps (a reason, a title): every sentence must be backed, by `evidenceIds` too. */
export function vouchFor(
  text: string,
  evidenceIds: readonly string[],
  ground: Ground,
): VouchedText {
  const unknown = evidenceIds.filter((id) => ground.evidence(id) === undefined);
  const splitter = new SentenceSplitter();
  const pieces = [...splitter.push(text), ...splitter.end()];
  const checked = pieces.map((piece) => checkSentence(piece, ground, evidenceIds));
  const problems = [
    ...unknown.map((id) => `there is no evidence ${id}`),
    ...checked.flatMap((one) => (one.ok ? [] : one.problems)),
  ];
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, PROBLEMS_MAX) };
  return { ok: true, text: checked.map((one) => (one.ok ? one.text : "")).join("") };
}
