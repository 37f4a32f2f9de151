import Anthropic from "@anthropic-ai/sdk";
import { ChatAnthropic } from "@langchain/anthropic";
import type { Llm } from "./llm.ts";

const CLAUDE_MODEL = "claude-opus-5-5";
const CLAUDE_BASE_URL = "https://api.anthropic.com";
/** Thinking counts as output; an answer itself is short. */
const REPLY_TOKENS_MAX = 16_000;
/** Thinking may be silent for a while. */
const SILENCE_MS = 120_000;
/** The whole check at the start, so that a wrong address does not delay it. */
const CHECK_MS = 5_000;

/** How Claude is reached. */
export interface ClaudeSettings {
  readonly apiKey: string;
  readonly model?: string;
  /** Another address that speaks the Messages API: a gateway, or a local stand-in. */
  readonly baseUrl?: string;
  readonly effort?: "low" | "medium" | "high";
  /** `false` for models that cannot think adaptively. */
  readonly thinks?: boolean;
  readonly replyTokensMax?: number;
  readonly silenceMs?: number;
}

/** All settings are given, so that the SDK looks for none in the environment; retries are the loop's business. */
function anthropicClient(settings: ClaudeSettings, timeoutMs: number): Anthropic {
  return new Anthropic({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? CLAUDE_BASE_URL,
    maxRetries: 0,
    timeout: timeoutMs,
    logLevel: "off",
    openTelemetry: false,
  });
}

export function createClaude(settings: ClaudeSettings): Llm {
  const name = settings.model ?? CLAUDE_MODEL;
  const silenceMs = settings.silenceMs ?? SILENCE_MS;
  const model = new ChatAnthropic({
    model: name,
    apiKey: settings.apiKey,
    anthropicApiUrl: settings.baseUrl ?? CLAUDE_BASE_URL,
    maxTokens: settings.replyTokensMax ?? REPLY_TOKENS_MAX,
    maxRetries: 0,
    streaming: true,
    // LangChain brings an older SDK of its own; the current one speaks the current version of the API.
    createClient: () => anthropicClient(settings, silenceMs),
    ...(settings.thinks === false ? {} : { thinking: { type: "adaptive" as const } }),
    outputConfig: { effort: settings.effort ?? "medium" },
  });
  return {
    name,
    isOffline: false,
    model,
    callOptions: { cache_control: { type: "ephemeral" } },
    silenceMs,
  };
}

function statusOf(error: unknown): number | undefined {
  const status = (error as { readonly status?: unknown } | null)?.status;
  return typeof status === "number" ? status : undefined;
}

/**
 * Asks once whether key, model and address work together, at no cost. Undefined: they do. Else one line for a person,
 * without anything of the key.
 */
export async function checkClaude(settings: ClaudeSettings): Promise<string | undefined> {
  const model = settings.model ?? CLAUDE_MODEL;
  const url = settings.baseUrl ?? CLAUDE_BASE_URL;
  try {
    await anthropicClient(settings, CHECK_MS).messages.countTokens({
      model,
      messages: [{ role: "user", content: "ping" }],
    });
    return undefined;
  } catch (error) {
    const status = statusOf(error);
    switch (status) {
      case undefined:
        return `Claude cannot be reached at ${url}; check ANTHROPIC_BASE_URL and the network`;
      case 401:
      case 403:
        return `${url} does not accept the key in ANTHROPIC_API_KEY (${status})`;
      case 404:
        return `${url} knows no model ${model}; check the model name and ANTHROPIC_BASE_URL`;
      case 400:
        return `${url} refuses requests for ${model} (400); check the model name`;
      default:
        return `${url} answers with ${status}; Claude may be back soon`;
    }
  }
}
