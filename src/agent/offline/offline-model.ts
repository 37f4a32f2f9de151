import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BindToolsInput,
} from "@langchain/core/language_models/chat_models";
import { AIMessageChunk, type BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";
import { z } from "zod";
import { must } from "../../assert.ts";
import type { Frames } from "../untrusted-frame.ts";
import type { Move } from "./move.ts";
import { nextMove } from "./next-move.ts";
import { readTranscript } from "./transcript.ts";

interface OfflineOptions extends BaseChatModelCallOptions {
  readonly tools?: readonly BindToolsInput[];
}

const namedSchema = z.object({ name: z.string() });

/**
 * A chat model of our own: deterministic, without network, behind the same loop as Claude. It reads a conversation by its
 * frames, looks with the tools as a careful engineer would, and writes from what they answered.
 */
export class OfflineModel extends BaseChatModel<OfflineOptions, AIMessageChunk> {
  readonly #frames: Frames;

  constructor(frames: Frames) {
    super({});
    this.#frames = frames;
  }

  override _llmType(): string {
    return "orrery-offline";
  }

  override bindTools(
    tools: BindToolsInput[],
    options?: Partial<OfflineOptions>,
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, OfflineOptions> {
    return this.withConfig({ ...options, tools });
  }

  override async _generate(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
  ): Promise<ChatResult> {
    const chunks = this.#chunks(messages, options);
    const message = chunks.reduce((whole, chunk) => whole.concat(chunk));
    return { generations: [{ text: message.text, message }] };
  }

  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    _runManager?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    for (const message of this.#chunks(messages, options))
      yield new ChatGenerationChunk({ message, text: message.text });
  }

  #chunks(messages: readonly BaseMessage[], options: OfflineOptions): readonly AIMessageChunk[] {
    const move = this.#move(messages, options);
    const isLook = move.type === "look";
    const end = new AIMessageChunk({
      content: "",
      additional_kwargs: { stop_reason: isLook ? "tool_use" : "end_turn" },
    });
    if (!isLook) {
      const parts = move.text.match(/[^\n]*\n+|[^\n]+$/g) ?? [];
      return [...parts.map((content) => new AIMessageChunk({ content })), end];
    }
    const calls = move.calls.map(({ tool, input }, index) => ({
      name: tool,
      args: JSON.stringify(input),
      // Not unique in a conversation: the loop gives each call an id of its own.
      id: `offline-${messages.length}-${index + 1}`,
      index,
      type: "tool_call_chunk" as const,
    }));
    return [new AIMessageChunk({ content: "", tool_call_chunks: calls }), end];
  }

  #move(messages: readonly BaseMessage[], { tools, tool_choice }: OfflineOptions): Move {
    const turns = readTranscript(messages, this.#frames);
    const turn = must(turns.at(-1), "the offline investigator is asked something");
    const names = new Set(
      (tools ?? []).flatMap((tool) => {
        const parsed = namedSchema.safeParse(tool);
        return parsed.success ? [parsed.data.name] : [];
      }),
    );
    return nextMove({
      turns,
      turn,
      hasTool: (name) => names.has(name),
      mustWrite: tool_choice === "none",
    });
  }
}
