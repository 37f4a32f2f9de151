import type { AgentEvent, Evidence } from "../../../src/agent/events.ts";

/** One turn of the investigator, as a reader sees it in the end. */
export interface Reply {
  readonly question: string;
  readonly text: string;
  readonly evidence: readonly Evidence[];
  readonly outcome: "complete" | "partial" | "failed";
  /** Sentences that the checker kept back: the offline investigator writes none. */
  readonly claimsDropped: number;
}

/** Follows a turn to its end. */
export async function replyOf(question: string, events: AsyncIterable<AgentEvent>): Promise<Reply> {
  let text = "";
  let outcome: Reply["outcome"] = "failed";
  let claimsDropped = 0;
  const evidence: Evidence[] = [];
  for await (const event of events) {
    if (event.type === "text-delta") text += event.text;
    else if (event.type === "text-reset") text = "";
    else if (event.type === "tool-result") evidence.push(...event.evidence);
    else if (event.type === "turn-end") {
      outcome = event.outcome;
      claimsDropped = event.usage.claimsDropped;
    }
  }
  return { question, text, evidence, outcome, claimsDropped };
}
