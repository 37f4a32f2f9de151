import { OperationError } from "../errors.ts";

/** Primary result codes of SQLite (sqlite.org/rescode.html). The low byte of an extended code is its primary code. */
const CODE = {
  /** Our statements are right, so this says that the tables are not the ones that we made. */
  error: 1,
  permission: 3,
  busy: 5,
  locked: 6,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const;

function sqliteCode(error: unknown): number | undefined {
  const code = error instanceof Error && "errcode" in error ? error.errcode : undefined;
  return typeof code === "number" ? code & 0xff : undefined;
}

/** Another connection holds the lock at this instant; nothing was done. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === CODE.busy || code === CODE.locked || code === CODE.protocol;
}

export function corrupt(path: string, what: string, cause?: unknown): OperationError {
  return new OperationError(
    "store_corrupt",
    `The store ${path} is damaged: ${what}. Stop every process that uses it, keep a copy of it with its -wal and -shm files, then restore a backup or move the three files away to start with an empty record.`,
    { cause },
  );
}

export function unavailable(path: string, what: string, cause?: unknown): OperationError {
  return new OperationError(
    "store_unavailable",
    `The store ${path} cannot be opened: ${what}. Its folder and files must exist or be creatable, be writable by this user, and lie on a local disk.`,
    { cause },
  );
}

/** What a failure of SQLite means to a person: which file, what to do. Other errors pass through unchanged. */
export function storeFailure(path: string, error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const cause = { cause: error };
  const text = error instanceof Error ? error.message : "";
  switch (code) {
    case CODE.busy:
    case CODE.locked:
    case CODE.protocol:
      return new OperationError(
        "store_busy",
        `The store ${path} stayed locked; nothing was recorded. Another process holds it: look for one that is stopped or stuck.`,
        cause,
      );
    case CODE.full:
      return new OperationError(
        "store_full",
        `The disk of the store ${path} is full, or the store has reached its size limit; nothing was recorded. Free some space, then try again.`,
        cause,
      );
    case CODE.error:
    case CODE.corrupt:
    case CODE.notADatabase:
      return corrupt(path, text, error);
    case CODE.permission:
    case CODE.readOnly:
    case CODE.cannotOpen:
      return unavailable(path, text, error);
    case CODE.inputOutput:
      return new OperationError(
        "store_failed",
        `Reading or writing the store ${path} failed (${text}); nothing was recorded. Look at its disk.`,
        cause,
      );
    default:
      return error;
  }
}
