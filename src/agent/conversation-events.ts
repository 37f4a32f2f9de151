import { z } from "zod";
import type { ToolRefusal } from "../../tools/define-tool.ts";
import type { StoredEvent } from "../store/store.ts";
import type { Withheld } from "./claims/speech.ts";
import type { Evidence, TurnInput, TurnUsage } from "./events.ts";

/** A tool call as the model asked for it. */
export interface RecordedCall {
  readonly id: string;
  readonly tool: string;
  /** Undefined: what the model sent was no JSON object. */
  readonly input?: Readonly<Record<string, unknown>>;
}

/** What the model reads as the answer to a call. */
export type ToolReply =
  | { readonly ok: true; readonly data: unknown; readonly notes: readonly string[] }
  | ToolRefusal;

/** One message of the model. */
export interface Said {
  readonly llm: string;
  /** Its own words that were let through, placeholders and all. */
  readonly text: string;
  /** The same as readers saw them. */
  readonly shown: string;
  /** Provider blocks (thinking) that have to go back unchanged while the turn lasts. */
  readonly thinking: readonly Readonly<Record<string, unknown>>[];
  readonly calls: readonly RecordedCall[];
  readonly withheld: readonly Withheld[];
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface ToolAnswered {
  readonly callId: string;
  readonly tool: string;
  readonly title: string;
  readonly reply: ToolReply;
  readonly evidence: readonly Evidence[];
  readonly summary: string;
  readonly proposalId?: string;
}

export interface TurnEnded {
  readonly outcome: "complete" | "partial" | "failed";
  readonly reason?: string;
  readonly llm: string;
  readonly usage: TurnUsage;
}

/** Stream `conversation/ID`. Append-only and linear: nothing is ever written twice, so its size grows with what happens. */
export type ConversationEvent =
  | { readonly type: "turn-began"; readonly input: TurnInput }
  | { readonly type: "model-answered"; readonly said: Said }
  | { readonly type: "tool-answered"; readonly answer: ToolAnswered }
  /** Another model goes on; `line` tells the reader. */
  | { readonly type: "llm-changed"; readonly llm: string; readonly line: string }
  | { readonly type: "turn-ended"; readonly end: TurnEnded };

/** Written by this room alone, so that below the envelope the shapes are trusted. */
const written = <T>() => z.custom<T>((value) => typeof value === "object" && value !== null);
const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("turn-began"), input: written<TurnInput>() }),
  z.object({ type: z.literal("model-answered"), said: written<Said>() }),
  z.object({ type: z.literal("tool-answered"), answer: written<ToolAnswered>() }),
  z.object({ type: z.literal("llm-changed"), llm: z.string(), line: z.string() }),
  z.object({ type: z.literal("turn-ended"), end: written<TurnEnded>() }),
]);

/** Undefined: an event of a later version, which this one does not know. */
export function conversationEvent({ type, body }: StoredEvent): ConversationEvent | undefined {
  const parsed = eventSchema.safeParse({ ...(typeof body === "object" ? body : {}), type });
  return parsed.success ? parsed.data : undefined;
}
