import { firstMove, type Move, type Situation } from "./move.ts";
import { lookAt } from "./transcript.ts";
import { cited, sentence } from "./wording.ts";

/** An outcome in one or two sentences: what became of the action, and how the objective stands. */
export function answerNotice(situation: Situation): Move {
  const { turn } = situation;
  const stages = [
    () => [
      { tool: "check_outcome", input: {} },
      { tool: "get_slo_status", input: {} },
    ],
  ];
  return firstMove(situation, stages, () => {
    const rows = ["check_outcome", "get_slo_status"].flatMap((tool) => {
      const row = lookAt(turn, tool)?.evidence[0];
      return row === undefined ? [] : [row];
    });
    return rows.length === 0
      ? "Noted; there is nothing to add to it."
      : rows.map((row) => sentence(cited(row))).join(" ");
  });
}
