import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { LogLevel } from "../log.ts";

/** Every variable that Orrery reads, in the order of `.env.example`. This file alone reads `process.env`. */
export interface Config {
  readonly slack: {
    readonly botToken: string;
    readonly appToken: string;
    readonly apiUrl?: string;
    readonly channel: string;
    /** Slack user ids. Empty: nobody can approve. */
    readonly approvers: readonly string[];
  };
  readonly llm: {
    /** Absent: the offline investigator answers. */
    readonly apiKey?: string;
    readonly baseUrl?: string;
    readonly model: string;
    readonly budget: {
      readonly modelCalls: number;
      readonly toolCalls: number;
      readonly wallMs: number;
      readonly inputTokens: number;
      readonly outputTokens: number;
    };
  };
  readonly listen: { readonly host: string; readonly port: number; readonly token?: string };
  readonly dataDir: string;
  /** What the model's closed steps and series may hold. */
  readonly modelBytesMax: number;
  /** `isDefault`: nobody named it, so that it may be missing. */
  readonly sloFile: { readonly path: string; readonly isDefault: boolean };
  readonly topologyFile?: string;
  readonly logLevel: LogLevel;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;
const TOKEN_CHARS_MIN = 16;

const text = (fix: string) => z.string({ error: `is not set: ${fix}` });
const wholeNumber = (from: number, to: number, fallback: number) =>
  z.coerce
    .number({ error: `must be a whole number from ${from} to ${to}` })
    .int(`must be a whole number from ${from} to ${to}`)
    .min(from, `must be at least ${from}`)
    .max(to, `must be at most ${to}`)
    .default(fallback);
const url = (what: string) =>
  z.url({ protocol: /^https?$/, error: `must be ${what}, an http(s) URL` });

const schema = z.object({
  SLACK_BOT_TOKEN: text("paste the bot token (xoxb-…) of your Slack app into .env").regex(
    /^xoxb-/,
    "must be a bot token, which begins with xoxb-: see OAuth & Permissions of your Slack app",
  ),
  SLACK_APP_TOKEN: text("paste the app-level token (xapp-…) of your Slack app into .env").regex(
    /^xapp-/,
    "must be an app-level token, which begins with xapp-: see Basic Information of your Slack app",
  ),
  SLACK_API_URL: url("the address of Slack's Web API").optional(),
  ORRERY_CHANNEL: text("name the Slack channel for incidents, for example #incidents"),
  ORRERY_APPROVERS: z
    .string()
    .default("")
    .transform((list) => list.split(/[\s,]+/).filter((id) => id !== ""))
    .refine((ids) => ids.every((id) => /^[UW][A-Z0-9]{5,}$/.test(id)), {
      error: "must be Slack user ids (U…), with commas between them; names are not accepted",
    }),
  ANTHROPIC_API_KEY: z.string().optional(),
  ANTHROPIC_BASE_URL: url("the address of the Messages API").optional(),
  ORRERY_MODEL: z.string().default("claude-opus-5-5"),
  ORRERY_TURN_MODEL_CALLS: wholeNumber(1, 100, 14),
  ORRERY_TURN_TOOL_CALLS: wholeNumber(1, 200, 32),
  ORRERY_TURN_SECONDS: wholeNumber(5, 540, 240),
  ORRERY_TURN_INPUT_TOKENS: wholeNumber(1_000, 10_000_000, 600_000),
  ORRERY_TURN_OUTPUT_TOKENS: wholeNumber(256, 1_000_000, 40_000),
  ORRERY_HOST: z.string().default("127.0.0.1"),
  ORRERY_PORT: wholeNumber(0, 65_535, 4318),
  ORRERY_TOKEN: z
    .string()
    .min(TOKEN_CHARS_MIN, `must have at least ${TOKEN_CHARS_MIN} characters`)
    .optional(),
  ORRERY_DATA_DIR: z.string().default("data"),
  ORRERY_MODEL_MEMORY_MB: wholeNumber(64, 65_536, 1_024),
  ORRERY_SLO_FILE: z.string().optional(),
  ORRERY_TOPOLOGY_FILE: z.string().optional(),
  ORRERY_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"], { error: "must be debug, info, warn or error" })
    .default("info"),
});

/** The names of all settings, for the check against `.env.example`. */
export const ENV_NAMES: readonly string[] = Object.keys(schema.shape);

function invalid(error: z.ZodError): OperationError {
  const [issue] = error.issues;
  const name = String(issue?.path[0] ?? "the environment");
  return new OperationError("config_invalid", `${name} ${issue?.message ?? "is not usable"}`);
}

/**
 * The settings of one process. An empty variable counts as not set.
 * Errors: `OperationError("config_invalid")`, one line that names the variable and the fix.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    ENV_NAMES.flatMap((name) => {
      const value = env[name]?.trim();
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw invalid(parsed.error);
  const it = parsed.data;
  if (!LOOPBACK.test(it.ORRERY_HOST) && it.ORRERY_TOKEN === undefined) {
    throw new OperationError(
      "config_invalid",
      `ORRERY_TOKEN is not set: ORRERY_HOST=${it.ORRERY_HOST} can be reached by others, so senders must show a token`,
    );
  }
  return configOf(it);
}

function configOf(it: z.infer<typeof schema>): Config {
  return {
    slack: {
      botToken: it.SLACK_BOT_TOKEN,
      appToken: it.SLACK_APP_TOKEN,
      ...(it.SLACK_API_URL === undefined ? {} : { apiUrl: it.SLACK_API_URL }),
      channel: it.ORRERY_CHANNEL,
      approvers: it.ORRERY_APPROVERS,
    },
    llm: {
      ...(it.ANTHROPIC_API_KEY === undefined ? {} : { apiKey: it.ANTHROPIC_API_KEY }),
      ...(it.ANTHROPIC_BASE_URL === undefined ? {} : { baseUrl: it.ANTHROPIC_BASE_URL }),
      model: it.ORRERY_MODEL,
      budget: {
        modelCalls: it.ORRERY_TURN_MODEL_CALLS,
        toolCalls: it.ORRERY_TURN_TOOL_CALLS,
        wallMs: it.ORRERY_TURN_SECONDS * 1000,
        inputTokens: it.ORRERY_TURN_INPUT_TOKENS,
        outputTokens: it.ORRERY_TURN_OUTPUT_TOKENS,
      },
    },
    listen: {
      host: it.ORRERY_HOST,
      port: it.ORRERY_PORT,
      ...(it.ORRERY_TOKEN === undefined ? {} : { token: it.ORRERY_TOKEN }),
    },
    dataDir: it.ORRERY_DATA_DIR,
    modelBytesMax: it.ORRERY_MODEL_MEMORY_MB * 2 ** 20,
    sloFile: {
      path: it.ORRERY_SLO_FILE ?? "slo.yaml",
      isDefault: it.ORRERY_SLO_FILE === undefined,
    },
    ...(it.ORRERY_TOPOLOGY_FILE === undefined ? {} : { topologyFile: it.ORRERY_TOPOLOGY_FILE }),
    logLevel: it.ORRERY_LOG_LEVEL,
  };
}

/** The settings of this process. Errors: as `readConfig`. */
export function processConfig(): Config {
  return readConfig(process.env);
}
