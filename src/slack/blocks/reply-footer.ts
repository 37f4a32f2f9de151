import type { ContextBlock } from "@slack/types";
import type { AgentEvent } from "../../agent/events.ts";
import { context, safe, spanText } from "./text.ts";

type TurnEnd = Extract<AgentEvent, { type: "turn-end" }>;

function endLine({ outcome, reason }: TurnEnd): string {
  const why = reason === undefined ? "" : `: ${safe(reason)}`;
  switch (outcome) {
    case "complete":
      return "";
    case "partial":
      return `*Partial*${why}`;
    case "failed":
      return `*I could not finish*${why}. What was computed without me stands.`;
  }
}

/** Who answered, from how much, in what time; and what is missing when the answer is not whole. */
export function replyFooter(
  how: { readonly type: "interrupted" } | { readonly type: "ended"; readonly end: TurnEnd },
): ContextBlock {
  if (how.type === "interrupted")
    return context("*Interrupted by a restart.* I continue here when I am back.");
  const { end } = how;
  const { toolCalls, durationMs, claimsDropped } = end.usage;
  return context(
    endLine(end),
    `answered by ${safe(end.llm)}`,
    `${toolCalls} ${toolCalls === 1 ? "look" : "looks"} at the model in ${spanText(durationMs)}`,
    claimsDropped === 0
      ? ""
      : `${claimsDropped} ${claimsDropped === 1 ? "sentence" : "sentences"} without evidence left out`,
  );
}
