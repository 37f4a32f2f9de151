export type LogLevel = "debug" | "info" | "warn" | "error";
type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** One event, one line, fields not sentences: `log.warn("slack_rate_limited", { retryAfterMs })`. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** JSON lines to `write` (standard error by default). */
export function createLog(
  level: LogLevel,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Log {
  const emit = (at: LogLevel, event: string, fields: LogFields = {}): void => {
    if (LEVELS[at] < LEVELS[level]) return;
    write(`${JSON.stringify({ ts: new Date().toISOString(), level: at, event, ...fields })}\n`);
  };
  return {
    debug: (event, fields) => emit("debug", event, fields),
    info: (event, fields) => emit("info", event, fields),
    warn: (event, fields) => emit("warn", event, fields),
    error: (event, fields) => emit("error", event, fields),
  };
}

export const silentLog: Log = createLog("error", () => undefined);
