import { errorText, OperationError } from "../errors.ts";

/** Limit: bytes of an answer that are read. */
const ANSWER_BYTES_MAX = 1_048_576;
/** A connection that was never made carried nothing. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

export interface PortAccess {
  readonly url: string;
  readonly token: string;
}

export interface PortRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly withinMs: number;
}

export type PortAnswer =
  /** `body` is undefined when it is not JSON. */
  | { readonly type: "answered"; readonly status: number; readonly body: unknown }
  | { readonly type: "not-sent"; readonly reason: string }
  /** It may have been carried out. */
  | { readonly type: "unclear"; readonly reason: string };

/** One request over a connection of its own, sent at most once. Never throws for what the world does. */
export async function askPort(access: PortAccess, request: PortRequest): Promise<PortAnswer> {
  try {
    const response = await fetch(`${access.url}${request.path}`, {
      method: request.method,
      headers: {
        authorization: `Bearer ${access.token}`,
        "content-type": "application/json",
        // A kept connection that dies while idle would make a lost request look like one without an answer.
        connection: "close",
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      // The token is for this address alone.
      redirect: "error",
      signal: AbortSignal.timeout(request.withinMs),
    });
    return { type: "answered", status: response.status, body: await jsonOf(response) };
  } catch (error) {
    const code = causeCode(error);
    const reason = code ?? errorText(error);
    return { type: code !== undefined && NEVER_SENT.has(code) ? "not-sent" : "unclear", reason };
  }
}

function causeCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}

async function jsonOf(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX)
      throw new OperationError("answer_too_large", `the answer is over ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    // The status alone has to do; what is not JSON says nothing that we could use.
    return undefined;
  }
}
