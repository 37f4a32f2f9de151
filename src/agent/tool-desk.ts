import { z } from "zod";
import type { ToolContext, ToolRefusal, ToolResult } from "../../tools/define-tool.ts";
import { callTitle, effectOf, runTool } from "../../tools/registry.ts";
import { cleanText } from "../redact.ts";
import { renderedText } from "./claims/claims.ts";
import { vouchFor } from "./claims/vouch.ts";
import type { RecordedCall, ToolAnswered } from "./conversation-events.ts";
import type { TurnRun } from "./turn-run.ts";

/** Limit: characters of the line that says what a tool found. */
const SUMMARY_CHARS_MAX = 200;
const proposalSchema = z.object({ proposalId: z.string() });
const recordedSchema = z.object({ recorded: z.string() });

const FORM_CODES = new Set(["input_invalid", "input_unreadable", "tool_unknown"]);

const UNREADABLE: ToolRefusal = {
  ok: false,
  code: "input_unreadable",
  message: "The input was no whole JSON object. Send the call again.",
};
const BUDGET_SPENT: ToolRefusal = {
  ok: false,
  code: "budget_spent",
  message: "No more tool calls in this turn. Write the findings from what is there.",
};

/**
 * Runs one tool call of the model, journals its answer and shows it. A call that has its answer is not run again; the same
 * call keeps its key through a restart, so that what it proposes or records happens once.
 */
export async function answerCall(run: TurnRun, call: RecordedCall): Promise<void> {
  if (isAnswered(run, call.id)) return;
  const { registry } = run.room.deps;
  const title = callTitle(registry, cleanText(call.tool, 80), call.input);
  run.voice.call(call, title);
  const result = await resultOf(run, call);
  // What a stop cut off is no answer: the call runs again when the turn goes on.
  if (run.stopped.aborted) return;
  const { answer } = await run.journal.append(() => ({
    type: "tool-answered",
    // Ids are minted when the answer is written, so that they follow the order of the journal.
    answer: minted(run, { call, title, result }),
  }));
  run.voice.answer(answer);
}

function isAnswered(run: TurnRun, callId: string): boolean {
  return run.turn.steps.some((step) => step.type === "said" && step.answers.has(callId));
}

async function resultOf(run: TurnRun, call: RecordedCall): Promise<ToolResult<unknown>> {
  const { spending, room } = run;
  if (call.input === undefined) return UNREADABLE;
  if (!spending.mayCallTool()) {
    room.deps.meter.add("orrery_agent_tool_calls_refused_total");
    return BUDGET_SPENT;
  }
  spending.toolCalls += 1;
  return runTool(room.deps.registry, contextOf(run, call), call.tool, call.input);
}

/** The turn's context as one call sees it. */
function contextOf(run: TurnRun, call: RecordedCall): ToolContext {
  return {
    ...run.context,
    signal: run.signal,
    callKey: callKey(run, call),
    evidence: (id) => run.ground.evidence(id),
    vouch: (text, evidenceIds) => vouchFor(text, evidenceIds, run.ground),
  };
}

/** Where a call stands in its conversation: the same after a restart, and never that of another call. */
function callKey(run: TurnRun, call: RecordedCall): string {
  const { steps, number } = run.turn;
  const step = steps.findLastIndex(
    (one) => one.type === "said" && one.said.calls.some((each) => each.id === call.id),
  );
  const said = steps[step];
  const index = said?.type === "said" ? said.said.calls.findIndex((one) => one.id === call.id) : -1;
  return `${run.conversation.id}/${number}.${step + 1}.${index + 1}`;
}

function minted(
  run: TurnRun,
  what: {
    readonly call: RecordedCall;
    readonly title: string;
    readonly result: ToolResult<unknown>;
  },
): ToolAnswered {
  const { call, title, result } = what;
  const answered = { callId: call.id, tool: call.tool, title };
  if (!result.ok)
    return { ...answered, reply: result, evidence: [], summary: refusalSummary(result) };
  const { data, notes } = result;
  const first = run.journal.state.evidenceCount + 1;
  const evidence = result.evidence.map((draft, index) => ({
    ...draft,
    id: `e${first + index}`,
    tool: call.tool,
  }));
  const lead = evidence[0];
  const recorded = recordedSchema.safeParse(data);
  const plain = recorded.success ? recorded.data.recorded : (notes[0] ?? "done");
  const summary = shortened(lead === undefined ? plain : renderedText(lead));
  const proposal = proposalSchema.safeParse(data);
  const isProposal = effectOf(run.room.deps.registry, call.tool) === "propose" && proposal.success;
  return {
    ...answered,
    reply: { ok: true, data, notes },
    evidence,
    summary,
    ...(isProposal ? { proposalId: proposal.data.proposalId } : {}),
  };
}

/** Where the model got the form of a call wrong, people are not told how: it was. */
function refusalSummary({ code, message }: ToolRefusal): string {
  return FORM_CODES.has(code) ? "asked in a form that there is not" : shortened(message);
}

function shortened(text: string): string {
  return cleanText(text, SUMMARY_CHARS_MAX).replace(/\s+/g, " ");
}
