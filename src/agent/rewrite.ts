import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { Speech, type Spoken } from "./claims/speech.ts";
import type { Llm } from "./llm.ts";
import { ModelFailure } from "./model-failure.ts";
import { streamReply } from "./reply-stream.ts";
import { turnMessages } from "./turn-messages.ts";
import { countDropped, type TurnRun } from "./turn-run.ts";

/** Limit: characters of what was shown last, to find the place. */
const PLACE_CHARS_MAX = 200;

/**
 * Tells the model which sentences of its answer were withheld and why, and lets it write the rest once more. What fails
 * again is left out and counted; when the model does not answer, what passes of the first version is shown.
 */
export async function rewriteHeld(
  run: TurnRun,
  first: { readonly llm: Llm; readonly speech: Speech; readonly written: string },
): Promise<Spoken> {
  const { speech } = first;
  const before = speech.spoken;
  run.room.deps.meter.add("orrery_agent_claims_held_total", before.withheld.length);
  const gap = /^\s*/.exec(speech.held)?.[0] ?? "";
  const again = new Speech({
    ground: run.ground,
    emit: (text) => run.voice.text(text),
    onFailure: "drop",
    names: speech.names,
  });
  let hasBegun = false;
  const onText = (delta: string): void => {
    const text = hasBegun ? delta : delta.trimStart();
    if (text === "") return;
    again.push(hasBegun ? text : gap + text);
    hasBegun = true;
  };
  const isWhole = await askAgain(run, first, onText);
  const rest = again.end(!isWhole);
  if (!isWhole && !again.hasShown) {
    const released = speech.release();
    countDropped(run, released.withheld.length);
    return released;
  }
  countDropped(run, rest.withheld.length);
  return {
    source: before.source + rest.source,
    shown: before.shown + rest.shown,
    withheld: rest.withheld,
  };
}

async function askAgain(
  run: TurnRun,
  first: { readonly llm: Llm; readonly speech: Speech; readonly written: string },
  onText: (delta: string) => void,
): Promise<boolean> {
  const { deps, tools } = run.room;
  const { source, withheld } = first.speech.spoken;
  const note = deps.prompts.render("rewrite", {
    framed: { shown: source.slice(-PLACE_CHARS_MAX), withheld },
    seed: run.conversation.id,
  });
  const messages = [
    ...turnMessages(run, first.llm),
    new AIMessage(first.written),
    new HumanMessage(note),
  ];
  try {
    const request = { messages, tools, toolChoice: "none" as const, signal: run.signal };
    const reply = await streamReply(first.llm, request, deps.clock, onText);
    run.spending.modelCalls += 1;
    run.spending.inputTokens += reply.inputTokens;
    run.spending.outputTokens += reply.outputTokens;
    return reply.text.trim() !== "" && reply.stopReason === "end_turn";
  } catch (error) {
    if (error instanceof ModelFailure) return false;
    throw error;
  }
}
