import type { EvidenceDraft } from "../../tools/define-tool.ts";

/** An evidence item with the id under which answers cite it. */
export interface Evidence extends EvidenceDraft {
  readonly id: string;
  readonly tool: string;
}

/** What a turn shows while it runs, in order. `text-delta` carries only text that the claims checker has let through. */
export type AgentEvent =
  | { readonly type: "turn-start"; readonly conversationId: string; readonly llm: string }
  /** A restarted turn, or a reply cut in the middle: what was shown so far is void. */
  | { readonly type: "text-reset"; readonly reason: string }
  | {
      readonly type: "tool-call";
      readonly callId: string;
      readonly tool: string;
      readonly title: string;
    }
  | {
      readonly type: "tool-result";
      readonly callId: string;
      readonly tool: string;
      readonly ok: boolean;
      /** One line written by code. */
      readonly summary: string;
      readonly evidence: readonly Evidence[];
    }
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "proposal"; readonly proposalId: string }
  | {
      readonly type: "turn-end";
      readonly outcome: "complete" | "partial" | "failed";
      /** One line when not complete: which budget ended it, or what failed. */
      readonly reason?: string;
      readonly llm: string;
      readonly usage: TurnUsage;
    };

export interface TurnUsage {
  readonly modelCalls: number;
  readonly toolCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly durationMs: number;
  readonly claimsDropped: number;
}

export interface Conversation {
  readonly id: string;
  readonly incidentId?: string;
}

export type TurnInput =
  /** The page's own investigation. */
  | {
      readonly type: "incident";
      readonly incidentId: string;
      readonly sloId?: string;
      readonly summary: string;
    }
  /** Somebody asked. `text` is the speaker's words, `thread` is data. */
  | {
      readonly type: "question";
      readonly text: string;
      readonly speaker: string;
      readonly thread: readonly ThreadMessage[];
    };

export interface ThreadMessage {
  readonly speaker: string;
  readonly isBot: boolean;
  readonly text: string;
}

/**
 * Runs one turn of a conversation. Contract: never throws and never rejects; trouble is a `turn-end` with outcome
 * `failed` or `partial`. Messages and tool results are journalled, so that a conversation continues after a restart.
 */
export type Investigate = (
  conversation: Conversation,
  input: TurnInput,
  signal: AbortSignal,
) => AsyncIterable<AgentEvent>;
