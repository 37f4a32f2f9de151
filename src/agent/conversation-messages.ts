import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { cleanText, redact } from "../redact.ts";
import { renderedValue } from "./claims/claims.ts";
import type { Step, TurnRecord } from "./conversation.ts";
import type { Said, ToolAnswered, ToolReply } from "./conversation-events.ts";
import type { Evidence, ThreadMessage, TurnInput } from "./events.ts";
import type { Prompts } from "./prompts.ts";

/** Limit: turns that the model sees; of a longer conversation the first and the newest. */
export const TURNS_MAX = 12;
/** Limit: characters of tool answers of earlier turns; the oldest beyond it keep their evidence only. */
export const EARLIER_CHARS_MAX = 100_000;
/** Limits of what is quoted from a thread, newest kept. */
const THREAD_MESSAGE_CHARS_MAX = 600;
const THREAD_CHARS_MAX = 8_000;
const QUESTION_CHARS_MAX = 4_000;
const SPEAKER_CHARS_MAX = 80;

const INTERRUPTED: ToolReply = {
  ok: false,
  code: "interrupted",
  message: "The turn ended before this ran.",
};

const outside = (text: string, charsMax: number): string =>
  cleanText(redact(cleanText(text, charsMax * 2)), charsMax);

/** Whom the messages are for. */
export interface MessageView {
  readonly prompts: Prompts;
  readonly conversationId: string;
  /** Its own thinking goes back to it while the turn lasts; nobody else's does. */
  readonly llmName: string;
}

/**
 * The conversation as the model sees it: earlier turns bounded, the last one whole. Contract: every tool call is answered
 * right after the message that made it; the same record gives the same messages.
 */
export function conversationMessages(
  turns: readonly TurnRecord[],
  view: MessageView,
): readonly BaseMessage[] {
  const shown =
    turns.length <= TURNS_MAX
      ? turns
      : [...turns.slice(0, 1), ...turns.slice(turns.length - TURNS_MAX + 1)];
  const whole = keptWhole(shown.slice(0, -1));
  return shown.flatMap((turn, index) => {
    const isCurrent = index === shown.length - 1;
    return [
      inputMessage(turn, view, isCurrent),
      ...turn.steps.flatMap((step) => stepMessages(step, view, { isCurrent, whole })),
    ];
  });
}

/** Answers of earlier turns that fit, newest first. */
function keptWhole(turns: readonly TurnRecord[]): ReadonlySet<ToolAnswered> {
  const kept = new Set<ToolAnswered>();
  let chars = 0;
  const answers = turns.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.type === "said" ? [...step.answers.values()] : [])),
  );
  for (const answer of answers.reverse()) {
    chars += JSON.stringify(answer.reply).length;
    if (chars > EARLIER_CHARS_MAX) break;
    kept.add(answer);
  }
  return kept;
}

function inputMessage(turn: TurnRecord, view: MessageView, isCurrent: boolean): BaseMessage {
  return new HumanMessage(inputText(turn, view, isCurrent));
}

const isoSecond = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function inputText(
  { input, beganMs }: TurnRecord,
  { prompts, conversationId: seed }: MessageView,
  isCurrent: boolean,
): string {
  const now = isoSecond(beganMs);
  switch (input.type) {
    case "incident": {
      const { incidentId, sloId, summary } = input;
      const incident = { now, incidentId, sloId, summary: outside(summary, QUESTION_CHARS_MAX) };
      return prompts.render("investigate", { framed: { incident }, seed });
    }
    case "question": {
      const question = {
        now,
        speaker: outside(input.speaker, SPEAKER_CHARS_MAX),
        text: outside(input.text, QUESTION_CHARS_MAX),
      };
      // An earlier turn's thread is the conversation itself by now.
      const thread = isCurrent ? threadData(input) : [];
      return prompts.render("question", { framed: { question, thread }, seed });
    }
  }
}

function threadData({
  thread,
}: Extract<TurnInput, { type: "question" }>): readonly ThreadMessage[] {
  const kept: ThreadMessage[] = [];
  let chars = 0;
  for (const message of [...thread].reverse()) {
    const text = outside(message.text, THREAD_MESSAGE_CHARS_MAX);
    chars += text.length;
    if (chars > THREAD_CHARS_MAX) break;
    kept.unshift({
      speaker: outside(message.speaker, SPEAKER_CHARS_MAX),
      isBot: message.isBot,
      text,
    });
  }
  return kept;
}

function stepMessages(
  step: Step,
  view: MessageView,
  { isCurrent, whole }: { readonly isCurrent: boolean; readonly whole: ReadonlySet<ToolAnswered> },
): readonly BaseMessage[] {
  if (step.type === "line") return [];
  const { said, answers } = step;
  if (said.text.trim() === "" && said.calls.length === 0) return [];
  const results = said.calls.map((call) => {
    const answer = answers.get(call.id);
    const isWhole = answer === undefined || isCurrent || whole.has(answer);
    return new ToolMessage({
      tool_call_id: call.id,
      name: call.tool,
      content: isWhole
        ? answerText(view, call.tool, answer)
        : view.prompts.frames.frame(
            `tool ${call.tool} shortened`,
            { evidence: answer.evidence.map(evidenceRow) },
            view.conversationId,
          ),
    });
  });
  const told = isCurrent && said.calls.length > 0 && said.withheld.length > 0;
  return [
    spokenMessage(said, view, isCurrent),
    ...results,
    ...(told ? [new HumanMessage(withheldText(said.withheld, view))] : []),
  ];
}

function withheldText(withheld: Said["withheld"], view: MessageView): string {
  return view.prompts.render("withheld", { framed: { withheld }, seed: view.conversationId });
}

function spokenMessage(said: Said, view: MessageView, isCurrent: boolean): BaseMessage {
  const thinking = isCurrent && said.llm === view.llmName ? said.thinking : [];
  const plain = said.text.trim() === "" ? "" : said.text;
  const text = plain === "" ? [] : [{ type: "text" as const, text: plain }];
  return new AIMessage({
    content:
      thinking.length === 0
        ? plain
        : [...thinking.map((block) => ({ type: "thinking", ...block })), ...text],
    tool_calls: said.calls.map(({ id, tool, input }) => ({
      type: "tool_call" as const,
      id,
      name: tool,
      args: { ...input },
    })),
  });
}

/** What the model reads of a tool's answer, framed: nothing in it is an instruction. */
function answerText(view: MessageView, tool: string, answer: ToolAnswered | undefined): string {
  const reply = answer?.reply ?? INTERRUPTED;
  const data = reply.ok
    ? {
        ok: true,
        data: reply.data,
        ...(reply.notes.length === 0 ? {} : { notes: reply.notes }),
        evidence: (answer?.evidence ?? []).map(evidenceRow),
      }
    : reply;
  return view.prompts.frames.frame(`tool ${tool}`, data, view.conversationId);
}

function evidenceRow({ id, kind, about, text, values }: Evidence): Record<string, unknown> {
  const shown = Object.entries(values).map(([key, value]) => [key, renderedValue(value)] as const);
  return { id, kind, about, text, values: Object.fromEntries(shown) };
}
