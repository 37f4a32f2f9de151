/**
 * The world failed, or the caller asked for what cannot be. `code` is stable and machine-readable; `message` says what
 * failed and what to do, and is fit to be shown to a person.
 */
export class OperationError extends Error {
  override readonly name = "OperationError";
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export function isOperationError(error: unknown, code?: string): error is OperationError {
  return error instanceof OperationError && (code === undefined || error.code === code);
}

/** One line for a log: never a stack to a person, never a secret. */
export function errorText(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
