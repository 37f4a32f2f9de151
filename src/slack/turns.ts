import { z } from "zod";
import type { AgentEvent, Conversation, Evidence, TurnInput } from "../agent/events.ts";
import { errorText } from "../errors.ts";
import { replyFooter } from "./blocks/reply-footer.ts";
import type { SlackDeps } from "./deps.ts";
import { type ReplyDeps, type ReplyTarget, StreamedReply } from "./streamed-reply.ts";

const BUCKET = "slack-turns";
/** A turn has budgets of its own; this one is for when they fail. */
const TURN_MS_MAX = 10 * 60_000;
/** Turns of one conversation that wait for the one before. */
const TURNS_WAITING_MAX = 3;
/** A turn that three starts could not finish is given up. */
const TURN_RESUMES_MAX = 3;

const turnSchema = z.object({
  id: z.string(),
  conversation: z.object({ id: z.string(), incidentId: z.string().optional() }),
  input: z.unknown(),
  channel: z.string(),
  threadTs: z.string(),
  recipientUserId: z.string().optional(),
  replyTs: z.string().optional(),
  resumes: z.number(),
});

/** One question or one investigation, and where its answer goes. Durable until the answer is whole. */
export interface Turn {
  readonly id: string;
  readonly conversation: Conversation;
  readonly input: TurnInput;
  readonly channel: string;
  readonly threadTs: string;
  readonly recipientUserId?: string;
}

interface KeptTurn extends Turn {
  readonly replyTs?: string;
  readonly resumes: number;
}

export interface Turns {
  /** Runs after the turns of the same conversation; `false`: too many are waiting. Returns once it is durable. */
  begin(turn: Turn): Promise<boolean>;
  /** Takes up what a stop interrupted. */
  resumeAll(): Promise<void>;
  /** Marks running replies as interrupted and waits for them. */
  stop(): Promise<void>;
}

export interface TurnDeps {
  readonly deps: SlackDeps;
  readonly reply: ReplyDeps;
  readonly self: () => { readonly botUserId: string; readonly teamId: string };
}

const LLM_UNKNOWN = "unknown";

export function createTurns(turnDeps: TurnDeps): Turns {
  return new TurnRunner(turnDeps);
}

class TurnRunner implements Turns {
  readonly #room: TurnDeps;
  readonly #chains = new Map<string, { tail: Promise<void>; waiting: number }>();
  readonly #stopping = new AbortController();

  constructor(room: TurnDeps) {
    this.#room = room;
  }

  async begin(turn: Turn): Promise<boolean> {
    const waiting = this.#chains.get(turn.conversation.id)?.waiting ?? 0;
    const { store, meter } = this.#room.deps;
    if (waiting > TURNS_WAITING_MAX || this.#stopping.signal.aborted) {
      meter.add("orrery_slack_turns_refused_total");
      return false;
    }
    const kept: KeptTurn = { ...turn, resumes: 0 };
    if (await store.insertIfAbsent(BUCKET, turn.id, kept)) this.#chain(kept);
    return true;
  }

  async resumeAll(): Promise<void> {
    const { store, log } = this.#room.deps;
    for (const { key, value } of await store.list(BUCKET)) {
      const parsed = turnSchema.safeParse(value);
      if (!parsed.success) {
        log.warn("slack_turn_unreadable", { key });
        // biome-ignore lint/performance/noAwaitInLoops: a handful at a start
        await store.remove(BUCKET, key);
        continue;
      }
      // Written by `begin` of this room, so the input has the shape that it had then.
      this.#chain({ ...(parsed.data as KeptTurn), resumes: parsed.data.resumes + 1 });
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#chains.values()].map(({ tail }) => tail));
  }

  #chain(turn: KeptTurn): void {
    const id = turn.conversation.id;
    const chain = this.#chains.get(id) ?? { tail: Promise.resolve(), waiting: 0 };
    chain.waiting += 1;
    chain.tail = chain.tail
      .then(() => this.#run(turn))
      .catch((error: unknown) => {
        this.#room.deps.meter.add("orrery_slack_turns_failed_total");
        this.#room.deps.log.error("slack_turn_failed", { turn: turn.id, error: errorText(error) });
      })
      .finally(() => {
        chain.waiting -= 1;
        if (chain.waiting === 0) this.#chains.delete(id);
      });
    this.#chains.set(id, chain);
  }

  async #run(turn: KeptTurn): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { deps } = this.#room;
    if (turn.resumes > TURN_RESUMES_MAX) {
      deps.meter.add("orrery_slack_turns_given_up_total");
      await this.#giveUp(turn);
      return;
    }
    const reply = await this.#open(turn);
    await deps.store.put(BUCKET, turn.id, { ...turn, replyTs: reply.ts });
    if (turn.resumes === 0) await this.#record(turn, { type: "started" });
    const end = await this.#follow(turn, reply);
    if (end === "interrupted") return;
    await this.#record(turn, { type: "ended", outcome: end.outcome, llm: end.llm });
    await deps.store.remove(BUCKET, turn.id);
  }

  #open(turn: KeptTurn): Promise<StreamedReply> {
    const { botUserId, teamId } = this.#room.self();
    const { id, channel, threadTs, recipientUserId } = turn;
    const target: ReplyTarget = {
      key: `reply/${id}`,
      channel,
      threadTs,
      botUserId,
      ...(recipientUserId === undefined ? {} : { recipient: { userId: recipientUserId, teamId } }),
    };
    const { reply } = this.#room;
    return turn.replyTs === undefined
      ? StreamedReply.open(reply, target)
      : StreamedReply.resume(reply, target, turn.replyTs, "Continued after a restart");
  }

  async #follow(
    turn: KeptTurn,
    reply: StreamedReply,
  ): Promise<"interrupted" | Extract<AgentEvent, { type: "turn-end" }>> {
    const { deps } = this.#room;
    const stopping = this.#stopping.signal;
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(TURN_MS_MAX)]);
    let end: Extract<AgentEvent, { type: "turn-end" }> | undefined;
    try {
      for await (const event of deps.investigate(turn.conversation, turn.input, signal)) {
        if (event.type === "turn-end") end = event;
        else show(reply, event, turn.input.type);
      }
    } catch (error) {
      deps.log.error("slack_turn_broke_contract", { turn: turn.id, error: errorText(error) });
    }
    // A stop cuts the turn off: it stays in the store, and the next start continues it in the same message.
    if (stopping.aborted && end?.outcome !== "complete") {
      await reply.finish([replyFooter({ type: "interrupted" })], "error");
      return "interrupted";
    }
    const last = end ?? failedEnd();
    await reply.finish(
      [replyFooter({ type: "ended", end: last })],
      last.outcome === "complete" ? "complete" : "error",
    );
    return last;
  }

  async #giveUp(turn: KeptTurn): Promise<void> {
    const reply = await this.#open(turn);
    const end = { ...failedEnd(), reason: "several restarts interrupted it; ask again" };
    await reply.finish([replyFooter({ type: "ended", end })], "error");
    await this.#record(turn, { type: "ended", outcome: "failed", llm: LLM_UNKNOWN });
    await this.#room.deps.store.remove(BUCKET, turn.id);
  }

  async #record(
    { conversation, input }: Turn,
    what:
      | { readonly type: "started" }
      | {
          readonly type: "ended";
          readonly outcome: "complete" | "partial" | "failed";
          readonly llm: string;
        },
  ): Promise<void> {
    if (input.type !== "incident") return;
    await this.#room.deps.incidents.recordInvestigation(input.incidentId, {
      ...what,
      conversationId: conversation.id,
    });
  }
}

function failedEnd(): Extract<AgentEvent, { type: "turn-end" }> {
  return {
    type: "turn-end",
    outcome: "failed",
    reason: "the answer broke off",
    llm: LLM_UNKNOWN,
    usage: {
      modelCalls: 0,
      toolCalls: 0,
      inputTokens: 0,
      outputTokens: 0,
      durationMs: 0,
      claimsDropped: 0,
    },
  };
}

/** Under which ids the answer cites what a look has brought, so that `[e4]` leads back to it. */
function citedAs(evidence: readonly Evidence[]): string {
  const first = evidence[0]?.id;
  const last = evidence.at(-1)?.id;
  if (first === undefined || last === undefined) return "";
  return first === last ? ` [${first}]` : ` [${first} to ${last}]`;
}

function show(
  reply: StreamedReply,
  event: Exclude<AgentEvent, { type: "turn-end" }>,
  asked: TurnInput["type"],
): void {
  switch (event.type) {
    case "turn-start":
    case "proposal":
      // The proposal's own card shows it; a start has nothing to show yet.
      return;
    case "text-reset":
      reply.reset(`Begun again: ${event.reason}`);
      return;
    case "tool-call":
      reply.task({ id: event.callId, title: event.title, status: "in_progress" });
      return;
    case "tool-result": {
      const status = event.ok ? "complete" : "error";
      const ids = citedAs(event.evidence);
      // To a question the answer follows at once: what each look brought would be said twice.
      const isRepeated = asked === "question" && event.ok;
      const output = isRepeated ? ids.trim() : `${event.summary}${ids}`;
      reply.taskResult(event.callId, status, output === "" ? undefined : output);
      return;
    }
    case "text-delta":
      reply.text(event.text);
      return;
  }
}
