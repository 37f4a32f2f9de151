import { z } from "zod";
import type { Action } from "../incident/action.ts";
import type { Proposal } from "../incident/events.ts";

/** Limits of what the record may ask of us; a target has its own, narrower ones. */
const NAME_CHARS_MAX = 200;
const COUNT_MAX = 10_000;
const FACTS_MAX = 200;

const name = z.string().min(1).max(NAME_CHARS_MAX);

/** Strict: a field that we do not know could change what the action means, and would not be hashed here. */
const actionSchema: z.ZodType<Action> = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("rollback"), service: name, toVersion: name }),
  z.strictObject({
    type: z.literal("scale"),
    service: name,
    replicas: z.int().min(1).max(COUNT_MAX),
  }),
  z.strictObject({ type: z.literal("restart"), service: name, instance: name.optional() }),
  z.strictObject({ type: z.literal("set_flag"), flag: name, variant: name }),
  z.strictObject({
    type: z.literal("restore_setting"),
    service: name,
    setting: name,
    value: z.string().max(NAME_CHARS_MAX),
  }),
  z.strictObject({
    type: z.literal("limit_caller"),
    caller: name,
    callee: name,
    maxConcurrent: z.int().min(0).max(COUNT_MAX),
  }),
]);

const factsSchema = z
  .record(z.string().max(3 * NAME_CHARS_MAX), z.union([z.string(), z.number()]))
  .refine((facts) => Object.keys(facts).length <= FACTS_MAX);

const proposalSchema = z.object({
  id: name,
  action: actionSchema,
  preconditions: z.strictObject({ facts: factsSchema }),
  actionHash: z.string(),
  expiresMs: z.number(),
  executable: z.boolean(),
});

/** As much of a proposal as the executor acts on. */
export type RecordedProposal = Pick<
  Proposal,
  "id" | "action" | "preconditions" | "actionHash" | "expiresMs" | "executable"
>;

/** Another process wrote it, so it is outside data. Undefined when it is not a proposal in every part. */
export function parseProposal(made: unknown): RecordedProposal | undefined {
  const parsed = z.object({ proposal: proposalSchema }).safeParse(made);
  return parsed.success ? parsed.data.proposal : undefined;
}

const approvalSchema = z.object({ by: name, actionHash: z.string() });

export function parseApproval(
  approved: unknown,
): { readonly by: string; readonly actionHash: string } | undefined {
  return approvalSchema.safeParse(approved).data;
}

const startSchema = z.object({ executor: z.string(), before: factsSchema.default({}) });

/** The claim, with what was so before it. */
export interface RecordedStart {
  readonly executor: string;
  readonly before: Readonly<Record<string, string | number>>;
}

export function parseStart(started: unknown): RecordedStart | undefined {
  return startSchema.safeParse(started).data;
}
