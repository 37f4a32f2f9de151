import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { z } from "zod";
import type { Frames } from "../untrusted-frame.ts";

export interface EvidenceRow {
  readonly id: string;
  readonly kind: string;
  readonly about: string;
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

/** One answered tool call. */
export interface Look {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly ok: boolean;
  /** Of an answer. */
  readonly data: unknown;
  readonly evidence: readonly EvidenceRow[];
  readonly notes: readonly string[];
  /** Of a refusal. */
  readonly code: string;
  readonly message: string;
  readonly didYouMean: readonly string[];
}

type Asked =
  | {
      readonly type: "incident";
      readonly now: string;
      readonly incidentId: string;
      readonly sloId?: string | undefined;
      readonly summary: string;
    }
  | { readonly type: "question"; readonly now: string; readonly text: string };

export interface TranscriptTurn {
  readonly asked: Asked;
  readonly looks: readonly Look[];
}

const askedSchemas = {
  incident: z.object({
    now: z.string(),
    incidentId: z.string(),
    sloId: z.string().optional(),
    summary: z.string(),
  }),
  question: z.object({ now: z.string(), text: z.string() }),
};
const evidenceSchema = z.object({
  id: z.string(),
  kind: z.string(),
  about: z.string(),
  text: z.string(),
  values: z.record(z.string(), z.string()),
});
const replySchema = z.object({
  ok: z.boolean().default(false),
  data: z.unknown().optional(),
  evidence: z.array(evidenceSchema).default([]),
  notes: z.array(z.string()).default([]),
  code: z.string().default(""),
  message: z.string().default(""),
  didYouMean: z.array(z.string()).default([]),
});

function askedIn(frames: Frames, text: string): Asked | undefined {
  for (const { source, data } of frames.read(text)) {
    switch (source) {
      case "incident": {
        const parsed = askedSchemas.incident.safeParse(data);
        if (parsed.success) return { type: source, ...parsed.data };
        break;
      }
      case "question": {
        const parsed = askedSchemas.question.safeParse(data);
        if (parsed.success) return { type: source, ...parsed.data };
        break;
      }
    }
  }
  return undefined;
}

function lookOf(frames: Frames, message: ToolMessage, call: Call): Look {
  const parsed = replySchema.safeParse(frames.read(message.text)[0]?.data ?? {});
  const reply = parsed.success ? parsed.data : replySchema.parse({});
  return { ...call, ...reply, data: reply.data };
}

type Call = Pick<Look, "tool" | "input">;

/** Reads a conversation back from the messages that a model gets: by its frames, as data. */
export function readTranscript(
  messages: readonly BaseMessage[],
  frames: Frames,
): readonly TranscriptTurn[] {
  const turns: { asked: Asked; looks: Look[] }[] = [];
  const calls = new Map<string, Call>();
  for (const message of messages) {
    if (AIMessage.isInstance(message)) addCalls(calls, message);
    if (HumanMessage.isInstance(message)) {
      const asked = askedIn(frames, message.text);
      if (asked !== undefined) turns.push({ asked, looks: [] });
    }
    if (ToolMessage.isInstance(message)) {
      const call = calls.get(message.tool_call_id);
      if (call !== undefined) turns.at(-1)?.looks.push(lookOf(frames, message, call));
    }
  }
  return turns;
}

function addCalls(calls: Map<string, Call>, { tool_calls }: AIMessage): void {
  for (const { id, name, args } of tool_calls ?? [])
    calls.set(id ?? "", { tool: name, input: args });
}

/** The newest answer of a tool in a turn; refusals count when nothing else is there. */
export function lookAt(turn: TranscriptTurn, tool: string): Look | undefined {
  const looks = turn.looks.filter((look) => look.tool === tool);
  return looks.findLast((look) => look.ok) ?? looks.at(-1);
}
