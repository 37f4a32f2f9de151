import { catalogue } from "../../tools/registry.ts";
import { errorText, isOperationError } from "../errors.ts";
import { canonicalJson } from "../incident/action.ts";
import type { WorldView } from "../model/view.ts";
import { runLoop } from "./agent-loop.ts";
import { BUDGET, Spending } from "./budget.ts";
import { type Ground, sameAmount } from "./claims/claims.ts";
import { amountOf, numberWordSet, numberWords } from "./claims/number-words.ts";
import { createClaude } from "./claude.ts";
import type { TurnRecord } from "./conversation.ts";
import type { TurnEnded } from "./conversation-events.ts";
import { ConversationJournal } from "./conversation-journal.ts";
import type { InvestigatorDeps } from "./deps.ts";
import { EventQueue } from "./event-queue.ts";
import type { AgentEvent, Conversation, Investigate, TurnInput } from "./events.ts";
import { createOffline } from "./offline/offline-llm.ts";
import { type InvestigatorRoom, type TurnRun, usageOf } from "./turn-run.ts";
import { TurnVoice } from "./turn-voice.ts";

/** The page's own investigation asks in our name. */
const OWN_NAME = "orrery";
const ABANDONED = "another question came before it was answered";

/** Builds the one function that the rest of the product knows of the agent. */
export function createInvestigator(deps: InvestigatorDeps): Investigate {
  const offline = createOffline(deps.prompts.frames);
  const room: InvestigatorRoom = {
    deps,
    budget: { ...BUDGET, ...deps.budget },
    tools: catalogue([...deps.registry.tools.values()]).map((entry) => ({
      name: entry.name,
      description: entry.description,
      input_schema: entry.inputSchema,
    })),
    first: deps.claude === undefined ? offline : createClaude(deps.claude),
    offline,
  };
  return (conversation, input, signal) => events(room, { conversation, input, signal });
}

interface Asked {
  readonly conversation: Conversation;
  readonly input: TurnInput;
  readonly signal: AbortSignal;
}

async function* events(room: InvestigatorRoom, asked: Asked): AsyncGenerator<AgentEvent, void> {
  const queue = new EventQueue<AgentEvent>();
  const left = new AbortController();
  const signal = AbortSignal.any([asked.signal, left.signal]);
  const done = answerTurn(room, { ...asked, signal }, (event) => queue.push(event)).finally(() =>
    queue.end(),
  );
  try {
    yield* queue;
  } finally {
    // A reader that goes away before the end stops the turn; a later start continues it.
    left.abort();
    await done;
  }
}

type Emit = (event: AgentEvent) => void;

/** Contract: never rejects; whatever happens, the last event is a `turn-end`. */
async function answerTurn(room: InvestigatorRoom, asked: Asked, emit: Emit): Promise<void> {
  const startedMs = room.deps.clock.nowMs();
  const wall = new AbortController();
  const ended = new AbortController();
  let run: TurnRun | undefined;
  try {
    const journal = await openTurn(room, asked);
    const turn = journal.state.turns.at(-1);
    if (turn?.end !== undefined) return replayEnded(asked, turn, emit);
    startWall(room, wall, ended.signal);
    run = await startTurn(room, { asked, journal, startedMs, wall: wall.signal, emit });
    await runLoop(run);
    emit({ type: "turn-end", ...(await finish(run)) });
  } catch (error) {
    emit({ type: "turn-end", ...failedEnd(room, { error, run, startedMs }) });
  } finally {
    ended.abort();
  }
}

function startWall(room: InvestigatorRoom, wall: AbortController, ended: AbortSignal): void {
  room.deps.clock.sleep(room.budget.wallMs, ended).then(
    () => wall.abort(),
    () => undefined,
  );
}

const sameInput = (a: TurnInput, b: TurnInput): boolean => canonicalJson(a) === canonicalJson(b);

/** The journal with the asked turn last: the one that was interrupted, one that is told again, or a new one. */
async function openTurn(room: InvestigatorRoom, asked: Asked): Promise<ConversationJournal> {
  const { store, clock } = room.deps;
  const journal = await ConversationJournal.open(store, clock, asked.conversation.id);
  const last = journal.state.turns.at(-1);
  const isSame = last !== undefined && sameInput(last.input, asked.input);
  if (isSame && last.end?.outcome !== "failed") return journal;
  if (last !== undefined && last.end === undefined) {
    const usage = usageAtOnce();
    const end: TurnEnded = { outcome: "failed", reason: ABANDONED, llm: room.first.name, usage };
    await journal.append(() => ({ type: "turn-ended", end }));
  }
  await journal.append(() => ({ type: "turn-began", input: asked.input }));
  return journal;
}

function usageAtOnce(durationMs = 0): TurnEnded["usage"] {
  return {
    modelCalls: 0,
    toolCalls: 0,
    inputTokens: 0,
    outputTokens: 0,
    durationMs,
    claimsDropped: 0,
  };
}

/** The turn was over before: the reader who asks again gets the same answer. */
function replayEnded({ conversation }: Asked, turn: TurnRecord, emit: Emit): void {
  const { end } = turn;
  if (end === undefined) return;
  emit({ type: "turn-start", conversationId: conversation.id, llm: end.llm });
  new TurnVoice(emit).replay(turn);
  emit({ type: "turn-end", ...end });
}

async function startTurn(
  room: InvestigatorRoom,
  start: {
    readonly asked: Asked;
    readonly journal: ConversationJournal;
    readonly startedMs: number;
    readonly wall: AbortSignal;
    readonly emit: Emit;
  },
): Promise<TurnRun> {
  const { asked, journal, emit } = start;
  const { conversation, input } = asked;
  const turn = journal.state.turns.at(-1);
  if (turn === undefined) throw new TypeError("a turn was begun");
  const signal = AbortSignal.any([asked.signal, start.wall]);
  const speaker = input.type === "question" ? input.speaker : OWN_NAME;
  const look = () => room.deps.contextFor({ conversation, speaker, signal });
  const llm = turn.llmChange === undefined ? room.first : room.offline;
  const run: TurnRun = {
    room,
    conversation,
    journal,
    turn,
    look,
    context: await look(),
    ground: groundOf(journal, () => run.context.view, input),
    spending: spendingOf(room, turn, start.startedMs),
    voice: new TurnVoice(emit),
    stopped: asked.signal,
    signal,
    llm,
    llmName: turn.llmChange ?? llm.name,
  };
  emit({ type: "turn-start", conversationId: conversation.id, llm: run.llmName });
  if (turn.steps.length > 0) run.voice.reset("a restart interrupted it", turn);
  return run;
}

/** What a resumed turn had spent counts; its time begins anew. */
function spendingOf(room: InvestigatorRoom, turn: TurnRecord, startedMs: number): Spending {
  const spending = new Spending(room.budget, startedMs);
  for (const step of turn.steps) {
    if (step.type !== "said") continue;
    spending.modelCalls += 1;
    spending.toolCalls += step.answers.size;
    spending.inputTokens += step.said.inputTokens;
    spending.outputTokens += step.said.outputTokens;
    spending.claimsDropped += step.said.withheld.length;
  }
  return spending;
}

function groundOf(
  journal: ConversationJournal,
  viewNow: () => WorldView,
  input: TurnInput,
): Ground {
  const text = input.type === "incident" ? input.summary : input.text;
  const asked = numberWordSet([text]);
  const amounts = numberWords(text).flatMap((word) => amountOf(word) ?? []);
  const namesIn = new WeakMap<WorldView, ReadonlySet<string>>();
  const names = (): ReadonlySet<string> => {
    const view = viewNow();
    const known = namesIn.get(view) ?? numberWordSet(view.entities().map((entity) => entity.name));
    namesIn.set(view, known);
    return known;
  };
  return {
    evidence: (id) => journal.state.evidence(id),
    isKnown: (word) => asked.has(word) || names().has(word),
    isAsked: (amount) => amounts.some((one) => sameAmount(one, amount)),
  };
}

async function finish(run: TurnRun): Promise<TurnEnded> {
  const { meter } = run.room.deps;
  const ending = run.ending ?? { outcome: "complete" as const };
  const end: TurnEnded = { ...ending, llm: run.llmName, usage: usageOf(run) };
  // A stopped turn is not over: the next start continues it.
  if (!run.stopped.aborted) {
    await run.journal.append(() => ({ type: "turn-ended", end }));
    meter.add("orrery_agent_turns_total", 1, { outcome: end.outcome });
  }
  return end;
}

function failedEnd(
  room: InvestigatorRoom,
  what: {
    readonly error: unknown;
    readonly run: TurnRun | undefined;
    readonly startedMs: number;
  },
): TurnEnded {
  const { log, meter, clock } = room.deps;
  const cause = rootCause(what.error);
  log.error("agent_turn_failed", { error: errorText(cause) });
  meter.add("orrery_agent_turns_total", 1, { outcome: "failed" });
  return {
    outcome: "failed",
    reason: isOperationError(cause) ? cause.message : "something inside went wrong; it is logged",
    llm: what.run?.llmName ?? room.first.name,
    usage: what.run === undefined ? usageAtOnce(clock.nowMs() - what.startedMs) : usageOf(what.run),
  };
}

/** LangChain wraps what its middleware throws. */
function rootCause(error: unknown): unknown {
  let cause = error;
  while (!isOperationError(cause) && cause instanceof Error && cause.cause instanceof Error)
    cause = cause.cause;
  return cause;
}
