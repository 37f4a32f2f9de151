import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { type Answer, errorAnswer } from "./answer.ts";
import type { OtlpEncoding } from "./otlp/decode.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

const isLoopback = (host: string): boolean => LOOPBACK_HOST.test(host) || host === "::1";

/** Who may talk to the receiver: holders of the token; without one, callers that name this machine itself. */
export interface Admission {
  /** The refusal, or `undefined` when the request may go on. */
  refuse(request: IncomingMessage, encoding: OtlpEncoding): Answer | undefined;
}

export function createAdmission(options: {
  readonly host: string;
  readonly token?: string;
}): Admission {
  const expected = options.token === undefined ? undefined : digest(`Bearer ${options.token}`);
  return {
    refuse: (request, encoding) => {
      if (expected !== undefined) {
        // Compared by digest, so that neither length nor content shows in the time it takes.
        const isHolder = timingSafeEqual(digest(request.headers.authorization ?? ""), expected);
        if (isHolder) return undefined;
        const message = "A bearer token is required.";
        return errorAnswer(401, message, encoding, { "www-authenticate": "Bearer" });
      }
      // A page in a browser can reach loopback under a name of its own; its Host header gives it away.
      if (isLoopback(options.host) && !LOOPBACK_HOST.test(request.headers.host ?? "")) {
        return errorAnswer(403, "This receiver answers to localhost only.", encoding);
      }
      return undefined;
    },
  };
}
