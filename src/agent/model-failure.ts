export type FailureKind =
  | "overloaded"
  | "unreachable"
  | "cut"
  | "silent"
  | "rejected"
  | "refusal"
  | "length"
  | "empty";

/** Why a model's reply cannot be used. `message` is a clause for people: "overloaded". */
export class ModelFailure extends Error {
  override readonly name = "ModelFailure";
  readonly kind: FailureKind;
  /** What the other side asked for, if it did. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** How often one reply is asked for again. What was understood and denied is not asked twice. */
export const RETRIES_MAX: Readonly<Record<FailureKind, number>> = {
  overloaded: 2,
  unreachable: 1,
  cut: 1,
  empty: 1,
  silent: 0,
  rejected: 0,
  refusal: 0,
  length: 0,
};

/** What the SDK's errors carry, whichever copy of it threw them: they are told apart by their fields. */
interface WireError {
  readonly name?: unknown;
  readonly status?: unknown;
  readonly type?: unknown;
  readonly error?: { readonly type?: unknown; readonly error?: { readonly type?: unknown } };
  readonly headers?: { get?(name: string): string | null };
}

const REJECTIONS: Readonly<Record<number, string>> = {
  400: "it rejects the request",
  401: "it does not accept the key",
  403: "it does not accept the key",
  404: "it does not know the model",
  413: "the conversation is too long for it",
};

function retryAfterMs({ headers }: WireError): number | undefined {
  const text = headers?.get?.("retry-after");
  const seconds = text === null || text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}

/** `hasBegun`: part of the reply was there before it failed. */
export function modelFailure(error: unknown, hasBegun: boolean): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const wire = (typeof error === "object" && error !== null ? error : {}) as WireError;
  const type = wire.type ?? wire.error?.error?.type ?? wire.error?.type;
  const status = typeof wire.status === "number" ? wire.status : undefined;
  const options = { cause: error, retryAfterMs: retryAfterMs(wire) };
  if (status === 429 || type === "rate_limit_error")
    return new ModelFailure("overloaded", "it wants fewer requests", options);
  if (status === 529 || type === "overloaded_error")
    return new ModelFailure("overloaded", "overloaded", options);
  if (status !== undefined && status >= 500)
    return new ModelFailure("overloaded", `it failed with ${status}`, options);
  if (status !== undefined)
    return new ModelFailure("rejected", REJECTIONS[status] ?? `it answers ${status}`, options);
  if (hasBegun) return new ModelFailure("cut", "its reply broke off", options);
  if (/timeout/i.test(String(wire.name))) return new ModelFailure("silent", "no answer", options);
  return new ModelFailure("unreachable", "it cannot be reached", options);
}
