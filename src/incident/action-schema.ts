import { z } from "zod";
import type { Action } from "./action.ts";

/** Limit: characters of a name or value in an action. */
const NAME_CHARS_MAX = 200;
/** Concurrent calls that a limit may leave. */
export const LIMIT_MAX = 1_000;
/** Replicas that any action may name; what one service may get depends on what it has. */
const REPLICAS_MAX = 1_000;

const name = z.string().trim().min(1).max(NAME_CHARS_MAX);

/**
 * The closed list of actions as it comes from outside: nothing that is not named here gets through. Strict: a field that we
 * do not know could change what an action means, and would not be hashed.
 */
export const actionSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("rollback"), service: name, toVersion: name }),
  z.strictObject({
    type: z.literal("scale"),
    service: name,
    replicas: z.int().min(1).max(REPLICAS_MAX),
  }),
  z.strictObject({ type: z.literal("restart"), service: name, instance: name.optional() }),
  z.strictObject({ type: z.literal("set_flag"), flag: name, variant: name }),
  z.strictObject({
    type: z.literal("restore_setting"),
    service: name,
    setting: name,
    value: name,
  }),
  z.strictObject({
    type: z.literal("limit_caller"),
    caller: name,
    callee: name,
    maxConcurrent: z.int().min(1).max(LIMIT_MAX),
  }),
]) satisfies z.ZodType<Action>;
