import { z } from "zod";
import { actionSchema } from "../incident/action-schema.ts";
import type { Proposal } from "../incident/events.ts";

/** Limits of what the record may ask of us; a target has its own, narrower ones. */
const NAME_CHARS_MAX = 200;
const FACTS_MAX = 200;

const name = z.string().min(1).max(NAME_CHARS_MAX);

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
