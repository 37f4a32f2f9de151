import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { createAgent, createMiddleware } from "langchain";
import type { RecordedCall, Said } from "./conversation-events.ts";
import { nextMessage } from "./model-desk.ts";
import { NoTracing } from "./no-tracing.ts";
import { answerCall } from "./tool-desk.ts";
import type { TurnRun } from "./turn-run.ts";

/** Steps of the graph beyond one of the model and one of its tools for each model call. */
const SPARE_STEPS = 12;
/** The graph only carries ids: names that the model gave have a meaning in it that is not ours. */
const CALL = "call";

/** The calls of the last message that have no answer yet; undefined: that message ended the turn. */
function pendingCalls({ turn }: TurnRun): readonly RecordedCall[] | undefined {
  const step = turn.steps.findLast((one) => one.type === "said");
  if (step?.type !== "said") return [];
  const { calls } = step.said;
  if (calls.length === 0) return step === turn.steps.at(-1) ? undefined : [];
  return calls.filter((call) => !step.answers.has(call.id));
}

function callOf({ turn }: TurnRun, id: string): RecordedCall | undefined {
  for (const step of turn.steps) {
    const call = step.type === "said" ? step.said.calls.find((one) => one.id === id) : undefined;
    if (call !== undefined) return call;
  }
  return undefined;
}

function graphMessage(said: Said | undefined): AIMessage {
  const calls = said?.calls ?? [];
  return new AIMessage({
    content: said?.text ?? "",
    tool_calls: calls.map(({ id }) => ({ type: "tool_call" as const, id, name: CALL, args: {} })),
  });
}

/**
 * Runs a turn to its end, from where its journal stops. LangChain's loop goes from message to tool calls and back; what is
 * asked, shown, run and remembered is decided by the two desks, and the journal is the only memory.
 */
export async function runLoop(run: TurnRun): Promise<void> {
  const pending = pendingCalls(run);
  if (pending === undefined) return;
  await Promise.all(pending.map((call) => answerCall(run, call)));
  const agent = createAgent({
    // Asked for by the library; whom to ask is decided for each message.
    model: run.room.offline.model,
    tools: [],
    middleware: [
      createMiddleware({
        name: "OrreryTurn",
        wrapModelCall: async () => graphMessage(await nextMessage(run)),
        wrapToolCall: async ({ toolCall }) => {
          const id = toolCall.id ?? "";
          const call = callOf(run, id);
          if (call !== undefined) await answerCall(run, call);
          return new ToolMessage({ tool_call_id: id, name: CALL, content: "in the journal" });
        },
      }),
    ],
  });
  await agent.invoke(
    { messages: [new HumanMessage("turn")] },
    {
      recursionLimit: run.room.budget.modelCalls * 2 + SPARE_STEPS,
      callbacks: [new NoTracing()],
    },
  );
}
