import type { ToolContext } from "../../tools/define-tool.ts";
import type { Budget, Spending } from "./budget.ts";
import type { Ground } from "./claims/claims.ts";
import type { TurnRecord } from "./conversation.ts";
import type { ConversationJournal } from "./conversation-journal.ts";
import type { InvestigatorDeps } from "./deps.ts";
import type { Conversation, TurnUsage } from "./events.ts";
import type { Llm, ToolDeclaration } from "./llm.ts";
import type { TurnVoice } from "./turn-voice.ts";

/** What all turns of one investigator share. */
export interface InvestigatorRoom {
  readonly deps: InvestigatorDeps;
  readonly budget: Budget;
  readonly tools: readonly ToolDeclaration[];
  /** First choice: Claude where there is a key, else the offline investigator. */
  readonly first: Llm;
  readonly offline: Llm;
}

/** How a turn ends when it does not end by itself. */
interface Ending {
  readonly outcome: "partial" | "failed";
  readonly reason: string;
}

/** A turn while it runs. What is written here changes as it goes on; all else is fixed at its start. */
export interface TurnRun {
  readonly room: InvestigatorRoom;
  readonly conversation: Conversation;
  readonly journal: ConversationJournal;
  readonly turn: TurnRecord;
  /** The system as it is now, for the tools. */
  readonly look: () => ToolContext | Promise<ToolContext>;
  readonly ground: Ground;
  readonly spending: Spending;
  readonly voice: TurnVoice;
  /** The caller has gone: nothing more is said or written, and a later start continues. */
  readonly stopped: AbortSignal;
  /** Stopped, or out of time. */
  readonly signal: AbortSignal;
  /** What the tools see; the calls of one message see the same. */
  context: ToolContext;
  llm: Llm;
  /** The name under which answers state who answered. */
  llmName: string;
  ending?: Ending;
}

export function usageOf({ spending, room }: TurnRun): TurnUsage {
  return {
    modelCalls: spending.modelCalls,
    toolCalls: spending.toolCalls,
    inputTokens: spending.inputTokens,
    outputTokens: spending.outputTokens,
    durationMs: spending.durationMs(room.deps.clock.nowMs()),
    claimsDropped: spending.claimsDropped,
  };
}

export function countDropped(run: TurnRun, dropped: number): void {
  run.spending.claimsDropped += dropped;
  if (dropped > 0) run.room.deps.meter.add("orrery_agent_claims_dropped_total", dropped);
}
