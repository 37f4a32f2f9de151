import { type BaseMessage, SystemMessage } from "@langchain/core/messages";
import { conversationMessages } from "./conversation-messages.ts";
import type { Llm } from "./llm.ts";
import type { TurnRun } from "./turn-run.ts";

/** What a model gets for its next message: the prompts that never change first, so that they stay in the prompt cache. */
export function turnMessages(run: TurnRun, llm: Llm): readonly BaseMessage[] {
  const { prompts } = run.room.deps;
  const system = `${prompts.render("system")}\n\n${prompts.render("what-if")}`;
  const view = { prompts, conversationId: run.conversation.id, llmName: llm.name };
  return [new SystemMessage(system), ...conversationMessages(run.journal.state.turns, view)];
}
