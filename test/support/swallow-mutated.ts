import { isOperationError } from "../../src/errors.ts";
import { createWorld } from "../../src/model/world.ts";
import { createDecodeContext } from "../../src/telemetry/otlp/context.ts";
import { decodeOtlp } from "../../src/telemetry/otlp/decode.ts";
import { NOW_MS } from "../telemetry/otlp/payloads.ts";
import { type MutatedBody, mutatedBodies } from "./mutated-otlp.ts";

/** What became of damaged requests. */
export interface Swallowed {
  readonly accepted: number;
  /** By the code that the sender is told. */
  readonly refused: Readonly<Record<string, number>>;
  /** Whatever was thrown that is no answer to a sender: each a bug. */
  readonly crashes: readonly string[];
}

const CRASHES_SHOWN_MAX = 5;

/** Decodes damaged requests and folds what is left of them into one world, a request a millisecond. */
export function swallowMutated(count: number, seed: number): Swallowed {
  const world = createWorld();
  const refused: Record<string, number> = {};
  const crashes: string[] = [];
  let accepted = 0;
  let nowMs = NOW_MS;
  const swallow = ({ body, ...rest }: MutatedBody): void => {
    const context = createDecodeContext({ source: "otlp", receivedMs: nowMs });
    for (const signal of decodeOtlp({ ...rest, body }, context)) world.apply(signal);
    accepted += 1;
  };
  for (const mutated of mutatedBodies(count, seed)) {
    nowMs += 1;
    try {
      swallow(mutated);
      if (nowMs % 1_000 === 0) world.advance(nowMs);
    } catch (error) {
      if (isOperationError(error)) refused[error.code] = (refused[error.code] ?? 0) + 1;
      else if (crashes.length < CRASHES_SHOWN_MAX)
        crashes.push(
          `${mutated.kind} ${mutated.encoding} ${mutated.body.toString("base64")}: ${error}`,
        );
    }
  }
  return { accepted, refused, crashes };
}
