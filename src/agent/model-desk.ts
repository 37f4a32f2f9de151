import { HumanMessage } from "@langchain/core/messages";
import { Speech, type Spoken } from "./claims/speech.ts";
import { hasSpoken } from "./conversation.ts";
import type { RecordedCall, Said } from "./conversation-events.ts";
import { failOver, recover } from "./failover.ts";
import type { Llm } from "./llm.ts";
import { type FailureKind, ModelFailure } from "./model-failure.ts";
import { type Reply, streamReply } from "./reply-stream.ts";
import { rewriteHeld } from "./rewrite.ts";
import { turnMessages } from "./turn-messages.ts";
import { countDropped, type TurnRun } from "./turn-run.ts";

const USABLE_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** The tools see the system as it was at most this long before the message that calls them. */
const LOOK_AGAIN_MS = 5_000;
const LENGTH_REASONS = new Set(["max_tokens", "model_context_window_exceeded"]);

/**
 * The model's next message, checked, shown and journalled. Undefined: there is none, the turn is over. Contract: a failing
 * model does not throw; it is asked again within bounds, then the offline investigator goes on.
 */
export async function nextMessage(run: TurnRun): Promise<Said | undefined> {
  if (run.stopped.aborted) return stop(run);
  const nowMs = run.room.deps.clock.nowMs();
  const spent = run.spending.spent(nowMs);
  if (spent !== undefined) return conclude(run, spent);
  return ask(run, run.spending.closing(nowMs));
}

function stop(run: TurnRun): undefined {
  run.ending = { outcome: "partial", reason: "it was stopped" };
  return undefined;
}

async function ask(run: TurnRun, closing: string | undefined): Promise<Said | undefined> {
  const retries = new Map<FailureKind, number>();
  for (;;) {
    const { llm, voice } = run;
    const speech = speechOf(run, llm);
    voice.beginMessage();
    try {
      // biome-ignore lint/performance/noAwaitInLoops: one attempt after another
      const reply = await replyTo(run, { llm, closing, onText: (text) => speech.push(text) });
      return await settle(run, { llm, reply, speech, closing });
    } catch (error) {
      if (run.stopped.aborted) return stop(run);
      if (run.signal.aborted) return outOfTime(run, speech);
      if (!(error instanceof ModelFailure) || llm.isOffline) throw error;
      await recover(run, error, { retries, hasShown: speech.hasShown });
    }
  }
}

function speechOf(run: TurnRun, llm: Llm): Speech {
  return new Speech({
    ground: run.ground,
    emit: (text) => run.voice.text(text),
    onFailure: llm.isOffline ? "drop" : "hold",
  });
}

async function replyTo(
  run: TurnRun,
  how: {
    readonly llm: Llm;
    readonly closing: string | undefined;
    readonly onText: (text: string) => void;
    readonly signal?: AbortSignal;
  },
): Promise<Reply> {
  const { llm, closing, onText } = how;
  const { deps, tools } = run.room;
  const messages = [...turnMessages(run, llm)];
  if (closing !== undefined)
    messages.push(new HumanMessage(deps.prompts.render("closing", { holes: { reason: closing } })));
  const request = {
    messages,
    tools,
    toolChoice: closing === undefined ? ("auto" as const) : ("none" as const),
    signal: how.signal ?? run.signal,
  };
  deps.meter.add("orrery_agent_model_calls_total", 1, { llm: llm.name });
  return streamReply(llm, request, deps.clock, onText);
}

interface Answered {
  readonly llm: Llm;
  readonly reply: Reply;
  readonly speech: Speech;
  readonly closing: string | undefined;
}

async function settle(run: TurnRun, answered: Answered): Promise<Said | undefined> {
  const { llm, reply, speech, closing } = answered;
  const { spending } = run;
  spending.modelCalls += 1;
  spending.inputTokens += reply.inputTokens;
  spending.outputTokens += reply.outputTokens;
  if (reply.stopReason === "refusal") throw new ModelFailure("refusal", "it refused");
  const isCut = LENGTH_REASONS.has(reply.stopReason);
  // Whoever still wants to look when there is no more looking has had the word.
  if (closing !== undefined && reply.text.trim() === "") return conclude(run, closing);
  const calls = closing === undefined ? usableCalls(run, reply, isCut) : [];
  speech.end(isCut);
  mustSaySomething(run, { reply, calls, isCut });
  const spoken = await spokenOf(run, answered, calls);
  const said = saidOf(llm, reply, { spoken, calls });
  await run.journal.append(() => ({ type: "model-answered", said }));
  if (calls.length > 0) {
    await lookAgain(run);
    return said;
  }
  if (said.shown.trim() === "" && reply.text.trim() !== "")
    return conclude(run, "nothing of what was written could be proven");
  if (isCut) endPartial(run, "the answer is cut at its limit of length");
  if (closing !== undefined) endPartial(run, closing);
  return said;
}

/** A model thinks for minutes while an incident goes on: what it asks for next is answered from the system as it is then. */
async function lookAgain(run: TurnRun): Promise<void> {
  const ageMs = run.room.deps.clock.nowMs() - run.context.nowMs;
  if (ageMs >= LOOK_AGAIN_MS) run.context = await run.look();
}

function mustSaySomething(
  run: TurnRun,
  what: { readonly reply: Reply; readonly calls: readonly RecordedCall[]; readonly isCut: boolean },
): void {
  if (what.calls.length > 0 || what.reply.text.trim() !== "") return;
  if (what.isCut) throw new ModelFailure("length", "it ran out of room before it answered");
  if (!hasSpoken(run.turn)) throw new ModelFailure("empty", "its reply is empty");
}

/** Whole calls only when the reply was cut; each under an id that no other call of the conversation has. */
function usableCalls(run: TurnRun, reply: Reply, isCut: boolean): readonly RecordedCall[] {
  const { state } = run.journal;
  const taken = new Set<string>();
  const where = `${run.turn.number}_${run.turn.steps.length + 1}`;
  return reply.calls
    .filter((call) => !isCut || call.input !== undefined)
    .map((call, index) => {
      const isFree = USABLE_ID.test(call.id) && !state.hasCall(call.id) && !taken.has(call.id);
      const id = isFree ? call.id : `call_${where}_${index + 1}`;
      taken.add(id);
      return { ...call, id };
    });
}

/** What the reader gets of the message; a final answer with sentences held is asked for again, once. */
async function spokenOf(
  run: TurnRun,
  { llm, reply, speech }: Answered,
  calls: readonly RecordedCall[],
): Promise<Spoken> {
  const isFinal = calls.length === 0;
  if (
    speech.held !== "" &&
    isFinal &&
    run.spending.spent(run.room.deps.clock.nowMs()) === undefined
  )
    return rewriteHeld(run, { llm, speech, written: reply.text });
  const spoken = speech.held === "" ? speech.spoken : speech.release();
  countDropped(run, spoken.withheld.length);
  return spoken;
}

function saidOf(
  llm: Llm,
  reply: Pick<Reply, "thinking" | "inputTokens" | "outputTokens">,
  { spoken, calls }: { readonly spoken: Spoken; readonly calls: readonly RecordedCall[] },
): Said {
  return {
    llm: llm.name,
    text: spoken.source,
    shown: spoken.shown,
    thinking: reply.thinking,
    calls,
    withheld: spoken.withheld,
    inputTokens: reply.inputTokens,
    outputTokens: reply.outputTokens,
  };
}

function endPartial(run: TurnRun, reason: string): void {
  run.ending = { outcome: "partial", reason };
  run.room.deps.meter.add("orrery_agent_turns_cut_total");
}

/** The time ended in the middle of a message: what was shown of it stands as the end. */
async function outOfTime(run: TurnRun, speech: Speech): Promise<Said | undefined> {
  const reason = run.spending.spent(run.room.deps.clock.nowMs()) ?? "its time is over";
  if (!speech.hasShown) return conclude(run, reason);
  const nothing = { thinking: [], inputTokens: 0, outputTokens: 0 };
  const said = saidOf(run.llm, nothing, { spoken: speech.end(true), calls: [] });
  await run.journal.append(() => ({ type: "model-answered", said }));
  endPartial(run, reason);
  return said;
}

/** Code writes the findings from what the tools have answered; the turn ends as partial. */
async function conclude(run: TurnRun, reason: string): Promise<Said | undefined> {
  const { offline } = run.room;
  endPartial(run, reason);
  await failOver(run, {
    llm: offline,
    name: run.llmName,
    line: `_What is known so far (${reason}):_`,
  });
  const speech = speechOf(run, offline);
  run.voice.beginMessage();
  const reply = await replyTo(run, {
    llm: offline,
    closing: reason,
    onText: (text) => speech.push(text),
    signal: run.stopped,
  });
  const spoken = speech.end();
  countDropped(run, spoken.withheld.length);
  const said = saidOf(offline, reply, { spoken, calls: [] });
  await run.journal.append(() => ({ type: "model-answered", said }));
  return said;
}
