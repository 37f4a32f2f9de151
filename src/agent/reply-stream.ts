import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import type { Clock } from "../clock.ts";
import type { Llm, ToolDeclaration } from "./llm.ts";
import { ModelFailure, modelFailure } from "./model-failure.ts";
import { NoTracing } from "./no-tracing.ts";

/** Limit: characters of one reply, thinking and tool input included. */
const REPLY_CHARS_MAX = 80_000;
/** Limit: tool calls of one reply that are looked at. */
const CALLS_MAX = 32;

export interface ReplyRequest {
  readonly messages: readonly BaseMessage[];
  readonly tools: readonly ToolDeclaration[];
  /** `none`: the model has to write now. */
  readonly toolChoice: "auto" | "none";
  readonly signal: AbortSignal;
}

interface RawCall {
  readonly id: string;
  readonly tool: string;
  /** Undefined: no JSON object. */
  readonly input?: Readonly<Record<string, unknown>>;
}

export interface Reply {
  readonly text: string;
  readonly thinking: readonly Readonly<Record<string, unknown>>[];
  readonly calls: readonly RawCall[];
  readonly stopReason: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** One reply of a model, text handed on as it comes. Errors: `ModelFailure`, also for a stream that ends without its end. */
export async function streamReply(
  llm: Llm,
  request: ReplyRequest,
  clock: Clock,
  onText: (delta: string) => void,
): Promise<Reply> {
  const lost = new AbortController();
  const signal = AbortSignal.any([request.signal, lost.signal]);
  let whole: AIMessageChunk | undefined;
  let chars = 0;
  try {
    for await (const chunk of withoutSilence(chunksOf(llm, request, signal), llm, clock)) {
      whole = whole === undefined ? chunk : whole.concat(chunk);
      chars += charsOf(chunk);
      if (chars > REPLY_CHARS_MAX) throw new ModelFailure("cut", "its reply has no end");
      if (chunk.text !== "") onText(chunk.text);
    }
  } catch (error) {
    throw modelFailure(error, whole !== undefined);
  } finally {
    lost.abort();
  }
  if (whole === undefined) throw new ModelFailure("empty", "its reply is empty");
  return replyOf(whole);
}

function charsOf({ content, tool_call_chunks }: AIMessageChunk): number {
  const said = typeof content === "string" ? content.length : JSON.stringify(content).length;
  const asked = (tool_call_chunks ?? []).reduce((sum, { args }) => sum + (args?.length ?? 0), 0);
  return Math.max(1, said + asked);
}

async function* chunksOf(
  { model, callOptions }: Llm,
  { messages, tools, toolChoice }: ReplyRequest,
  signal: AbortSignal,
): AsyncGenerator<AIMessageChunk> {
  const bound = model.bindTools?.([...tools], {
    ...callOptions,
    ...(toolChoice === "none" ? { tool_choice: "none" } : {}),
  });
  const options = { signal, callbacks: [new NoTracing()] };
  yield* await (bound ?? model).stream([...messages], options);
}

/** Hands chunks on; a pause longer than the model may take ends the reply. */
async function* withoutSilence(
  chunks: AsyncGenerator<AIMessageChunk>,
  { silenceMs }: Llm,
  clock: Clock,
): AsyncGenerator<AIMessageChunk> {
  for (;;) {
    const timer = new AbortController();
    const tooLong = clock.sleep(silenceMs, timer.signal).then(() => {
      throw new ModelFailure("silent", `no sign of it for ${Math.round(silenceMs / 1_000)} s`);
    });
    try {
      // biome-ignore lint/performance/noAwaitInLoops: chunks come one after another
      const next = await Promise.race([chunks.next(), tooLong]);
      if (next.done === true) return;
      yield next.value;
    } finally {
      timer.abort();
    }
  }
}

function replyOf(whole: AIMessageChunk): Reply {
  const stopReason = stopReasonOf(whole);
  if (stopReason === undefined) throw new ModelFailure("cut", "its reply broke off");
  return {
    text: whole.text,
    thinking: thinkingOf(whole),
    calls: callsOf(whole),
    stopReason,
    inputTokens: whole.usage_metadata?.input_tokens ?? 0,
    outputTokens: whole.usage_metadata?.output_tokens ?? 0,
  };
}

function stopReasonOf({
  additional_kwargs,
  response_metadata,
}: AIMessageChunk): string | undefined {
  const reason = additional_kwargs.stop_reason ?? response_metadata.stop_reason;
  return typeof reason === "string" ? reason : undefined;
}

/** Blocks that the API wants back unchanged while the turn lasts. */
function thinkingOf({ content }: AIMessageChunk): readonly Readonly<Record<string, unknown>>[] {
  if (typeof content === "string") return [];
  return content.flatMap((block): Record<string, unknown>[] => {
    const { index: _index, ...rest } = block as unknown as Record<string, unknown>;
    return rest.type === "thinking" || rest.type === "redacted_thinking" ? [rest] : [];
  });
}

/** Read strictly: half a JSON text, completed by guess, is not what the model asked for. */
function callsOf({ tool_call_chunks }: AIMessageChunk): readonly RawCall[] {
  return (tool_call_chunks ?? []).slice(0, CALLS_MAX).map(({ id, name, args }) => {
    const input = objectOf(args ?? "");
    return { id: id ?? "", tool: name ?? "", ...(input === undefined ? {} : { input }) };
  });
}

function objectOf(json: string): Readonly<Record<string, unknown>> | undefined {
  if (json.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
