import { z } from "zod";
import type { LocalMessage } from "./slack/contract.ts";

/** What Orrery's messages say for programs, in Slack's message metadata. */
const pageSchema = z.object({
  incident: z.string(),
  page: z.string(),
  state: z.enum(["open", "recovered", "resolved"]),
  paged_ms: z.number(),
  operation: z.string().optional(),
});
export type PageFacts = z.infer<typeof pageSchema>;

const diagnosisSchema = z.object({
  incident: z.string(),
  root: z.string(),
  probability: z.number(),
  as_of_ms: z.number(),
});
export type DiagnosisFacts = z.infer<typeof diagnosisSchema>;

const actionSchema = z.looseObject({ type: z.string() });
export type ActionFacts = z.infer<typeof actionSchema>;

const proposalSchema = z.object({
  proposal: z.string(),
  incident: z.string(),
  state: z.string(),
  action: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(actionSchema),
  verdict: z.string().optional(),
});
export type ProposalFacts = z.infer<typeof proposalSchema>;

const metadataSchema = z.object({ event_payload: z.unknown() });

function factsOf<T>(message: LocalMessage, schema: z.ZodType<T>): T | undefined {
  const metadata = metadataSchema.safeParse(message.metadata);
  return metadata.success ? schema.safeParse(metadata.data.event_payload).data : undefined;
}

export const pageFacts = (message: LocalMessage): PageFacts | undefined =>
  factsOf(message, pageSchema);

export const diagnosisFacts = (message: LocalMessage): DiagnosisFacts | undefined =>
  factsOf(message, diagnosisSchema);

export const proposalFacts = (message: LocalMessage): ProposalFacts | undefined =>
  factsOf(message, proposalSchema);

export const APPROVE_ACTION = "proposal_approve";

/** Whether the message has a button that approves. */
export function canBeApproved(message: LocalMessage): boolean {
  return JSON.stringify(message.blocks ?? []).includes(`"action_id":"${APPROVE_ACTION}"`);
}

/** When Slack took the message, epoch milliseconds. */
export function postedMs(message: LocalMessage): number {
  return Number(message.ts) * 1000;
}
