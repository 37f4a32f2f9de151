import type { BaseChatModel } from "@langchain/core/language_models/chat_models";

/** What a chat model is given as a tool: the form of the Messages API. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  readonly input_schema: Readonly<Record<string, unknown>>;
}

/** A chat model with what the loop has to know of it. */
export interface Llm {
  /** As answers name it: "claude-opus-5-5", "offline investigator". */
  readonly name: string;
  /** Our own, which says the same however often it is asked. */
  readonly isOffline: boolean;
  readonly model: BaseChatModel;
  /** Extra options of each call, such as where the prompt cache may break. */
  readonly callOptions: Readonly<Record<string, unknown>>;
  /** Without a sign for this long, a reply counts as lost. */
  readonly silenceMs: number;
}
