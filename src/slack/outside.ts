import { z } from "zod";

/** A message as `conversations.replies` and `history` give it; only what is read. */
const wireMessageSchema = z.object({
  ts: z.string(),
  thread_ts: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  text: z.string().optional(),
  metadata: z
    .object({
      event_type: z.string().optional(),
      event_payload: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  files: z.array(z.object({ name: z.string().optional() })).optional(),
});
export type WireMessage = z.infer<typeof wireMessageSchema>;

const messagesSchema = z.object({ messages: z.array(z.unknown()).default([]) });

/** The readable messages of an answer; one that does not parse is left out. */
export function messagesOf(answer: unknown): readonly WireMessage[] {
  const parsed = messagesSchema.safeParse(answer);
  if (!parsed.success) return [];
  return parsed.data.messages.flatMap((message) => {
    const one = wireMessageSchema.safeParse(message);
    return one.success ? [one.data] : [];
  });
}
