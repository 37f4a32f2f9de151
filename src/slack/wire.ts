import {
  type LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from "@slack/web-api";
import { errorText } from "../errors.ts";
import type { Log } from "../log.ts";
import { redact } from "../redact.ts";
import type { SlackConfig } from "./deps.ts";

/** How a call failed, by what it means for the message: surely not taken, refused, or nobody knows. */
export type WireFailure =
  | { readonly type: "rate-limited"; readonly retryAfterMs: number }
  | { readonly type: "refused"; readonly code: string }
  | { readonly type: "unclear"; readonly text: string };

/** Slack answers these when it broke in the middle: the call may have taken effect. */
const UNCLEAR_CODES = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
]);

export function failureOf(error: unknown): WireFailure {
  if (error instanceof WebAPIRateLimitedError)
    return { type: "rate-limited", retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) {
    const code = error.data.error;
    if (code === "ratelimited") return { type: "rate-limited", retryAfterMs: 1000 };
    // Not a code at all: something between us and Slack answered.
    const isCode = /^[a-z0-9_]{1,80}$/.test(code) && !UNCLEAR_CODES.has(code);
    return isCode ? { type: "refused", code } : { type: "unclear", text: code.slice(0, 80) };
  }
  if (error instanceof WebAPIHTTPError && error.statusCode < 500)
    return { type: "refused", code: `http_${error.statusCode}` };
  return { type: "unclear", text: errorText(error).slice(0, 200) };
}

export function failureText(failure: WireFailure): string {
  switch (failure.type) {
    case "rate-limited":
      return `rate limited for ${failure.retryAfterMs} ms`;
    case "refused":
      return failure.code;
    case "unclear":
      return failure.text;
  }
}

/** A request without an answer after this is unclear. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface SlackClients {
  /** For reads and for calls that may be repeated: edits, acknowledged state. Retries by itself. */
  readonly web: WebClient;
  /** For calls that must not be repeated blindly: one request a call, every failure told. */
  readonly once: WebClient;
  readonly options: WebClientOptions;
}

/** Slack's logger on ours. Its texts may hold addresses of the request, never message bodies at these levels. */
function loggerOf(log: Log): WebClientOptions["logger"] {
  const text = (parts: readonly unknown[]): string =>
    redact(
      parts.map((part) => (typeof part === "string" ? part : errorText(part))).join(" "),
    ).slice(0, 300);
  return {
    // Bolt and the clients log whole payloads at debug level: those never leave.
    debug: () => undefined,
    info: () => undefined,
    warn: (...parts: unknown[]) => log.warn("slack_client_warning", { text: text(parts) }),
    error: (...parts: unknown[]) => log.warn("slack_client_error", { text: text(parts) }),
    setLevel: () => undefined,
    getLevel: () => "warn" as LogLevel, // The enum cannot be imported as a type alone.
    setName: () => undefined,
  };
}

export function createClients(config: SlackConfig, log: Log): SlackClients {
  const { botToken, slackApiUrl } = config;
  const options: WebClientOptions = {
    ...(slackApiUrl === undefined ? {} : { slackApiUrl }),
    timeout: REQUEST_TIMEOUT_MS,
    retryConfig: { retries: 3, factor: 2, minTimeout: 200, maxTimeout: 2_000 },
    // A response_url is the only address outside the API that is called, and Bolt does that by itself.
    allowAbsoluteUrls: true,
    logger: loggerOf(log),
  };
  const onceOptions = { ...options, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
  return {
    web: new WebClient(botToken, { ...options }),
    once: new WebClient(botToken, onceOptions),
    options,
  };
}
