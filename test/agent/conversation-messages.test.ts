import { AIMessage, type BaseMessage, ToolMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConversationState } from "../../src/agent/conversation.ts";
import type { ConversationEvent, RecordedCall } from "../../src/agent/conversation-events.ts";
import {
  conversationMessages,
  EARLIER_CHARS_MAX,
  TURNS_MAX,
} from "../../src/agent/conversation-messages.ts";
import { prompts, question } from "./running-agent.ts";

const view = { prompts, conversationId: "c1", llmName: "claude" };
const call = (id: string): RecordedCall => ({ id, tool: "look", input: { id } });

function said(text: string, calls: readonly RecordedCall[] = []): ConversationEvent {
  return {
    type: "model-answered",
    said: {
      llm: "claude",
      text,
      shown: text,
      thinking: [{ type: "thinking", thinking: "hm", signature: "s" }],
      calls,
      withheld: [],
      inputTokens: 0,
      outputTokens: 0,
    },
  };
}

function answered(id: string, evidenceId: string, size = 10): ConversationEvent {
  return {
    type: "tool-answered",
    answer: {
      callId: id,
      tool: "look",
      title: "Looking",
      reply: { ok: true, data: "d".repeat(size), notes: [] },
      evidence: [
        {
          id: evidenceId,
          tool: "look",
          kind: "service",
          about: "cart",
          text: "cart serves {{rate}}",
          values: { rate: { value: 4, unit: "per_second" } },
        },
      ],
      summary: "",
    },
  };
}

function stateOf(events: readonly ConversationEvent[]): ConversationState {
  const state = new ConversationState();
  for (const event of events) state.apply(event, Date.UTC(2026, 10, 24, 2, 14));
  return state;
}

/** The API's rule: every call is answered right after the message that made it, and nothing else is. */
function expectOrder(messages: readonly BaseMessage[]): void {
  let open: string[] = [];
  for (const message of messages) {
    if (ToolMessage.isInstance(message)) {
      expect(open).toContain(message.tool_call_id);
      open = open.filter((id) => id !== message.tool_call_id);
      continue;
    }
    expect(open).toEqual([]);
    if (AIMessage.isInstance(message)) open = (message.tool_calls ?? []).map((one) => one.id ?? "");
  }
  expect(open).toEqual([]);
}

test("every call is answered, also those of a turn that broke off", () => {
  const turn = fc.record({
    calls: fc.nat(3),
    answered: fc.nat(3),
    text: fc.constantFrom("", " ", "text"),
    hasEnd: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(turn, { minLength: 1, maxLength: 20 }), (turns) => {
      const events = turns.flatMap((one, number): ConversationEvent[] => {
        const calls = Array.from({ length: one.calls }, (_, index) => call(`t${number}-${index}`));
        return [
          { type: "turn-began", input: question(`q${number}`) },
          said(one.text, calls),
          ...calls.slice(0, one.answered).map((each) => answered(each.id, `e${number}`)),
          ...(one.hasEnd ? [said("the end")] : []),
        ];
      });
      const messages = conversationMessages(stateOf(events).turns, view);
      expectOrder(messages);
      expect(messages.every((message) => message.text !== " ")).toBe(true);
      expect(messages).toEqual(conversationMessages(stateOf(events).turns, view));
    }),
    { numRuns: 100 },
  );
});

test("of a long conversation the first turn and the newest stay", () => {
  const events = Array.from({ length: 40 }, (_, number): ConversationEvent[] => [
    { type: "turn-began", input: question(`question ${number}.`) },
    said(`answer ${number}.`),
  ]).flat();
  const text = conversationMessages(stateOf(events).turns, view)
    .map((message) => message.text)
    .join("\n");
  expect(text).toContain("question 0.");
  expect(text).toContain("question 39.");
  expect(text).toContain(`answer ${40 - TURNS_MAX + 1}.`);
  expect(text).not.toContain("answer 20.");
});

test("the oldest tool answers of earlier turns shrink to their evidence", () => {
  const size = EARLIER_CHARS_MAX / 4;
  const events = Array.from({ length: 8 }, (_, number): ConversationEvent[] => [
    { type: "turn-began", input: question(`q${number}`) },
    said("", [call(`c${number}`)]),
    answered(`c${number}`, `e${number + 1}`, size),
    said("done"),
  ]).flat();
  const texts = conversationMessages(stateOf(events).turns, view)
    .filter((message) => ToolMessage.isInstance(message))
    .map((message) => message.text);
  const isWhole = texts.map((text) => text.includes("ddd"));
  expect(isWhole).toEqual([false, false, false, false, true, true, true, true]);
  for (const [index, text] of texts.entries()) {
    const [frame] = prompts.frames.read(text);
    expect(frame?.data).toMatchObject({
      evidence: [{ id: `e${index + 1}`, values: { rate: "4/s" } }],
    });
  }
});

test("thinking goes back to its own model while the turn lasts, and to nobody later", () => {
  const events: ConversationEvent[] = [
    { type: "turn-began", input: question("one") },
    said("first"),
    { type: "turn-began", input: question("two") },
    said("second", [call("c")]),
  ];
  const thinking = (messages: readonly BaseMessage[]): readonly string[] =>
    messages.flatMap((message) =>
      JSON.stringify(message.content).includes("hm") ? [message.text] : [],
    );
  const { turns } = stateOf(events);
  expect(thinking(conversationMessages(turns, view))).toEqual(["second"]);
  expect(thinking(conversationMessages(turns, { ...view, llmName: "another" }))).toEqual([]);
});

test("a thread is quoted within bounds, newest kept, and only for the question that brought it", () => {
  const thread = Array.from({ length: 60 }, (_, number) => ({
    speaker: "bob",
    isBot: false,
    text: `message ${number}. ${"x".repeat(2_000)}`,
  }));
  const events: ConversationEvent[] = [{ type: "turn-began", input: question("one", { thread }) }];
  const [now] = conversationMessages(stateOf(events).turns, view);
  expect(now?.text).toContain("message 59.");
  expect(now?.text).not.toContain("message 30.");
  expect(now?.text.length).toBeLessThan(12_000);
  const later = [
    ...events,
    said("answer"),
    { type: "turn-began", input: question("two") } as const,
  ];
  const [before] = conversationMessages(stateOf(later).turns, view);
  expect(before?.text).not.toContain("message 59.");
});
