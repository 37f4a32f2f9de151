import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { LogLevel } from "../log.ts";

/** The settings of the executor's process. It has no other's: neither Slack's nor the LLM's. */
export interface ExecutorSettings {
  readonly storePath: string;
  readonly target: { readonly url: string; readonly token: string };
  /** Slack user ids. Empty: nothing is ever carried out. */
  readonly approvers: readonly string[];
  readonly settleMs: number;
  readonly logLevel: LogLevel;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;
const SETTLE_SECONDS = { min: 1, max: 120, default: 20 } as const;
const settleRange = `must be a whole number from ${SETTLE_SECONDS.min} to ${SETTLE_SECONDS.max}`;

const text = (fix: string) => z.string({ error: `is not set: ${fix}` });

const schema = z.object({
  ORRERY_STORE: text("give the path of Orrery's store, the file orrery.sqlite in its data folder"),
  ORRERY_EXECUTOR_URL: text("give the address of the port through which the system is operated")
    .refine((url) => /^https?:$/.test(URL.parse(url)?.protocol ?? ""), {
      error: "must be an http(s) URL",
    })
    .refine((url) => /^https:/i.test(url) || LOOPBACK.test(URL.parse(url)?.hostname ?? ""), {
      error: "must begin with https: unless it is on this machine, because a token goes there",
    }),
  ORRERY_EXECUTOR_TOKEN: text("give the token of the port at ORRERY_EXECUTOR_URL"),
  ORRERY_APPROVERS: z
    .string()
    .default("")
    .transform((list) => list.split(/[\s,]+/).filter((id) => id !== ""))
    .refine((ids) => ids.every((id) => /^[UW][A-Z0-9]{5,}$/.test(id)), {
      error: "must be Slack user ids (U…), with commas between them; names are not accepted",
    }),
  ORRERY_EXECUTOR_SETTLE_SECONDS: z.coerce
    .number({ error: settleRange })
    .int(settleRange)
    .min(SETTLE_SECONDS.min, settleRange)
    .max(SETTLE_SECONDS.max, settleRange)
    .default(SETTLE_SECONDS.default),
  ORRERY_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error"], { error: "must be debug, info, warn or error" })
    .default("info"),
});

/**
 * An empty variable counts as not set.
 * Errors: `OperationError("config_invalid")`, one line that names the variable and the fix.
 */
export function readExecutorSettings(
  env: Readonly<Record<string, string | undefined>>,
): ExecutorSettings {
  const given = Object.fromEntries(
    Object.keys(schema.shape).flatMap((name) => {
      const value = env[name]?.trim();
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0] ?? "the environment");
    throw new OperationError("config_invalid", `${name} ${issue?.message ?? "is not usable"}`);
  }
  const it = parsed.data;
  return {
    storePath: it.ORRERY_STORE,
    target: {
      url: it.ORRERY_EXECUTOR_URL.replace(/\/+$/, ""),
      token: it.ORRERY_EXECUTOR_TOKEN,
    },
    approvers: it.ORRERY_APPROVERS,
    settleMs: it.ORRERY_EXECUTOR_SETTLE_SECONDS * 1_000,
    logLevel: it.ORRERY_LOG_LEVEL,
  };
}
