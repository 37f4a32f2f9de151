import type { KnownBlock } from "@slack/types";
import { errorText } from "../errors.ts";
import { redact } from "../redact.ts";
import type { Message } from "./blocks/text.ts";
import type { Outbox, OutboxDeps, Posted } from "./outbox.ts";
import { messagesOf } from "./outside.ts";
import { type Chunk, ReplyContent, type Task } from "./reply-content.ts";
import { failureOf, failureText } from "./wire.ts";

/** Slack takes about a hundred appends a minute … */
const APPEND_EVERY_MS = 600;
/** … unless this much text waits, which is worth a call of its own. */
const APPEND_CHARS = 256;
/** Edits are dearer: fifty a minute. */
const EDIT_EVERY_MS = 1_500;
/** A stream that is silent for some minutes is closed by Slack; a sign of life keeps it open and the reader calm. */
const HEARTBEAT_MS = 20_000;
const FLUSH_LOOK_MS = 100;
/** Ends of a stream that are tried; a stop that took effect without an answer is refused the second time. */
const STOP_ATTEMPTS_MAX = 3;
const STOP_RETRY_MS = 300;
const STOP_WAIT_MAX_MS = 10_000;

export interface ReplyTarget {
  /** Unique for ever; the fallback message is posted under it. */
  readonly key: string;
  readonly channel: string;
  readonly threadTs: string;
  /** Whom the stream is for: channels require it. Without one the reply is edited instead of streamed. */
  readonly recipient?: { readonly userId: string; readonly teamId: string };
  /** Who we are, to recognise a stream that was begun without an answer. */
  readonly botUserId: string;
}

export interface ReplyDeps extends OutboxDeps {
  readonly outbox: Outbox;
}

type Mode = "stream" | "edit";

/**
 * One reply that grows in place. It streams; when Slack refuses, closes or loses the stream, the same message is edited
 * from then on, so that there is never a second one.
 */
export class StreamedReply {
  readonly #deps: ReplyDeps;
  readonly #target: ReplyTarget;
  readonly #content = new ReplyContent();
  readonly #notes: string[] = [];
  #posted: Posted;
  #mode: Mode;
  #pending: Chunk[] = [];
  #lastCallMs: number;
  #isStale = false;
  #queue: Promise<void> = Promise.resolve();
  #stopTimer: () => void;

  private constructor(
    deps: ReplyDeps,
    target: ReplyTarget,
    opened: { posted: Posted; mode: Mode },
  ) {
    this.#deps = deps;
    this.#target = target;
    this.#posted = opened.posted;
    this.#mode = opened.mode;
    this.#lastCallMs = deps.clock.nowMs();
    this.#stopTimer = deps.clock.every(
      FLUSH_LOOK_MS,
      () => this.#tick(),
      (error) => deps.log.warn("slack_reply_failed", { error: errorText(error) }),
    );
  }

  /** Begins the reply. Errors: OperationError of the outbox when nothing can be posted at all. */
  static async open(deps: ReplyDeps, target: ReplyTarget): Promise<StreamedReply> {
    const streamed = await startStream(deps, target);
    if (streamed !== undefined)
      return new StreamedReply(deps, target, { posted: streamed, mode: "stream" });
    const message = new ReplyContent().message([], []);
    const { key, channel, threadTs } = target;
    const posted = await deps.outbox.post({ key, channel, threadTs, message });
    return new StreamedReply(deps, target, { posted, mode: "edit" });
  }

  /** Takes up a reply of an earlier life: its stream is ended, and it is written anew. */
  static async resume(
    deps: ReplyDeps,
    target: ReplyTarget,
    ts: string,
    note: string,
  ): Promise<StreamedReply> {
    const posted: Posted = { channel: target.channel, ts };
    await endStream(deps, posted, [], []);
    const reply = new StreamedReply(deps, target, { posted, mode: "edit" });
    reply.#notes.push(note);
    reply.#isStale = true;
    return reply;
  }

  get ts(): string {
    return this.#posted.ts;
  }

  get isStreaming(): boolean {
    return this.#mode === "stream";
  }

  text(delta: string): void {
    this.#pending.push(...this.#content.addText(delta));
    this.#isStale = true;
  }

  task(task: Task): void {
    this.#pending.push(...this.#content.setTask(task));
    this.#isStale = true;
  }

  /** The end of a task that was shown as under way. */
  taskResult(id: string, status: "complete" | "error", output?: string): void {
    this.#pending.push(...this.#content.endTask(id, status, output));
    this.#isStale = true;
  }

  /** Void so far: a stream cannot take words back, so the message is edited from here on. */
  reset(note: string): void {
    this.#content.reset();
    this.#pending = [];
    this.#notes.splice(0, this.#notes.length, note);
    this.#enqueue(() => this.#toEdits());
    this.#isStale = true;
  }

  /** Ends the reply with its last blocks; resolves when Slack has them, or has refused every form of them. */
  async finish(footer: readonly KnownBlock[], endTasksAs: "complete" | "error"): Promise<void> {
    this.#stopTimer();
    this.#pending.push(...this.#content.endText(), ...this.#content.endTasks(endTasksAs));
    this.#enqueue(() => this.#close(footer));
    await this.#queue;
  }

  #enqueue(job: () => Promise<void>): void {
    this.#queue = this.#queue.then(job).catch((error: unknown) => {
      this.#deps.meter.add("orrery_slack_reply_failures_total");
      this.#deps.log.warn("slack_reply_failed", { key: this.#target.key, error: errorText(error) });
    });
  }

  #isDue(): boolean {
    const idleMs = this.#deps.clock.nowMs() - this.#lastCallMs;
    if (this.#mode === "edit") return this.#isStale && idleMs >= EDIT_EVERY_MS;
    const chars = this.#pending.reduce(
      (sum, chunk) => sum + (chunk.type === "markdown_text" ? chunk.text.length : APPEND_CHARS),
      0,
    );
    if (chars === 0) return idleMs >= HEARTBEAT_MS;
    return idleMs >= APPEND_EVERY_MS || (chars >= APPEND_CHARS && idleMs >= APPEND_EVERY_MS / 2);
  }

  async #tick(): Promise<void> {
    if (!this.#isDue()) return;
    this.#enqueue(() => (this.#mode === "stream" ? this.#append() : this.#write([])));
    await this.#queue;
  }

  async #append(): Promise<void> {
    const { clients, clock, meter } = this.#deps;
    const chunks = this.#pending;
    this.#pending = [];
    this.#isStale = false;
    const sent = chunks.length === 0 ? this.#heartbeat() : merged(chunks);
    this.#lastCallMs = clock.nowMs();
    if (sent.length === 0) return;
    try {
      const { channel, ts } = this.#posted;
      await clients.once.chat.appendStream({ channel, ts, chunks: [...sent] });
    } catch (error) {
      const failure = failureOf(error);
      meter.add("orrery_slack_append_failures_total", 1, { type: failure.type });
      this.#deps.log.info("slack_append_failed", { text: failureText(failure) });
      if (failure.type === "rate-limited") {
        this.#pending.unshift(...chunks);
        this.#lastCallMs = clock.nowMs() + failure.retryAfterMs;
        return;
      }
      await this.#toEdits();
      await this.#write([]);
    }
  }

  #heartbeat(): readonly Chunk[] {
    const task = this.#content.runningTask();
    return task === undefined
      ? []
      : [{ type: "task_update", id: task.id, title: task.title, status: task.status }];
  }

  async #toEdits(): Promise<void> {
    if (this.#mode === "edit") return;
    this.#mode = "edit";
    this.#isStale = true;
    this.#deps.meter.add("orrery_slack_streams_replaced_total");
    await endStream(this.#deps, this.#posted, [], []);
  }

  async #write(footer: readonly KnownBlock[]): Promise<void> {
    this.#isStale = false;
    this.#lastCallMs = this.#deps.clock.nowMs();
    const message: Message = this.#content.message(this.#notes, footer);
    await this.#deps.outbox.edit(this.#posted, message);
  }

  async #close(footer: readonly KnownBlock[]): Promise<void> {
    const isClean = redact(this.#content.text) === this.#content.text;
    if (this.#mode === "stream") {
      const isEnded = await endStream(this.#deps, this.#posted, merged(this.#pending), footer);
      if (isEnded && isClean) return;
      // Two pieces that were harmless alone made a secret, or the end was not taken: the message is written over.
      if (!isClean) this.#deps.meter.add("orrery_slack_streams_redacted_total");
      this.#mode = "edit";
    }
    await this.#write(footer);
  }
}

/** Neighbouring text goes as one chunk. */
function merged(chunks: readonly Chunk[]): readonly Chunk[] {
  const out: Chunk[] = [];
  for (const chunk of chunks) {
    const last = out.at(-1);
    if (chunk.type === "markdown_text" && last?.type === "markdown_text")
      out[out.length - 1] = { type: "markdown_text", text: last.text + chunk.text };
    else out.push(chunk);
  }
  return out;
}

/** Ends a stream; `false`: it was not one any more, or Slack would not take its end. */
async function endStream(
  { clients, clock, log }: ReplyDeps,
  { channel, ts }: Posted,
  chunks: readonly Chunk[],
  footer: readonly KnownBlock[],
): Promise<boolean> {
  for (let tried = 0; tried < STOP_ATTEMPTS_MAX; tried++) {
    try {
      // biome-ignore lint/performance/noAwaitInLoops: a retry comes after the attempt that failed
      await clients.once.chat.stopStream({
        channel,
        ts,
        ...(chunks.length === 0 ? {} : { chunks: [...chunks] }),
        ...(footer.length === 0 ? {} : { blocks: [...footer] }),
      });
      return true;
    } catch (error) {
      const failure = failureOf(error);
      log.info("slack_stop_stream_failed", { text: failureText(failure) });
      if (failure.type === "refused") return false;
      const waitMs = failure.type === "rate-limited" ? failure.retryAfterMs : STOP_RETRY_MS;
      await clock.sleep(Math.min(waitMs, STOP_WAIT_MAX_MS));
    }
  }
  return false;
}

/** The stream's message; undefined when a stream is not to be had here. */
async function startStream(deps: ReplyDeps, target: ReplyTarget): Promise<Posted | undefined> {
  const { clients, clock, log, meter } = deps;
  const { channel, threadTs, recipient } = target;
  if (recipient === undefined) return undefined;
  const startedMs = clock.nowMs();
  try {
    const answer = await clients.once.chat.startStream({
      channel,
      thread_ts: threadTs,
      recipient_user_id: recipient.userId,
      recipient_team_id: recipient.teamId,
      task_display_mode: "plan",
    });
    return answer.ts === undefined ? undefined : { channel, ts: answer.ts };
  } catch (error) {
    const failure = failureOf(error);
    meter.add("orrery_slack_stream_starts_failed_total", 1, { type: failure.type });
    log.info("slack_start_stream_failed", { text: failureText(failure) });
    return failure.type === "unclear" ? findStream(deps, target, startedMs) : undefined;
  }
}

/** A stream that was begun although no answer came: our message in the thread since then, without a key. */
async function findStream(
  { clients }: ReplyDeps,
  { channel, threadTs, botUserId }: ReplyTarget,
  startedMs: number,
): Promise<Posted | undefined> {
  const answer = await clients.web.conversations.replies({
    channel,
    ts: threadTs,
    oldest: String((startedMs - 2_000) / 1000),
    include_all_metadata: true,
    limit: 50,
  });
  const found = messagesOf(answer).findLast(
    (message) =>
      message.user === botUserId &&
      message.ts !== threadTs &&
      message.metadata === undefined &&
      (message.files ?? []).length === 0 &&
      (message.text ?? "") === "",
  );
  return found === undefined ? undefined : { channel, ts: found.ts };
}
