import type { KnownBlock } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { OperationError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Store } from "../store/store.ts";
import type { Message, MessageFacts } from "./blocks/text.ts";
import { messagesOf } from "./outside.ts";
import { failureOf, failureText, type SlackClients, type WireFailure } from "./wire.ts";

const BUCKET = "slack-outbox";
const POST_METADATA_TYPE = "orrery_post";
/** Sends of one message before it is given up for now; the caller may come back. */
const POST_ATTEMPTS_MAX = 4;
/** A longer wait than this is left to the caller. */
const RATE_LIMIT_WAIT_MAX_MS = 30_000;
/** Slack shows a message to readers a moment after it took it. */
const LOOK_DELAYS_MS: readonly number[] = [150, 1_000];
/** Clocks differ: a look begins this much before the first attempt. */
const LOOK_SLACK_MS = 60_000;
const LOOK_MESSAGES_MAX = 200;

/** Messages whose last content is remembered, so that an edit that changes nothing costs no call. */
const SHOWN_MAX = 300;

const rowSchema = z.object({
  /** `sending`: an attempt is under way, or was when we died. `unknown`: an attempt ended without an answer. */
  state: z.enum(["sending", "posted", "unknown"]),
  channel: z.string(),
  threadTs: z.string().optional(),
  ts: z.string().optional(),
  startedMs: z.number(),
});
type Row = z.infer<typeof rowSchema>;

/** Where a message is, once it is posted. */
export interface Posted {
  readonly channel: string;
  readonly ts: string;
}

interface Post {
  /** Unique for ever: `incident/i-1/page`. The same key is never posted twice. */
  readonly key: string;
  readonly channel: string;
  readonly threadTs?: string;
  /** A reply that the channel sees too. */
  readonly broadcast?: boolean;
  readonly message: Message;
}

export interface Outbox {
  /** Posts once. Errors: OperationError `slack_refused` (final), `slack_unclear`, `slack_rate_limited` (come back). */
  post(post: Post): Promise<Posted>;
  /** Where the message with this key is; undefined until it is surely posted. */
  find(key: string): Promise<Posted | undefined>;
  /** Puts new content into a posted message. With the `key` of its post, facts are renewed too. Errors as for `post`. */
  edit(posted: Posted, message: Message, key?: string): Promise<void>;
}

export interface OutboxDeps {
  readonly clients: SlackClients;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Content that Slack refuses has a second form without blocks. */
const CONTENT_REFUSED = new Set(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"]);

function contentOf({ text, blocks }: Message): { text: string; blocks?: KnownBlock[] } {
  return { text, ...(blocks.length === 0 ? {} : { blocks: [...blocks] }) };
}

function metadataOf(
  key: string,
  facts: MessageFacts = {},
): { event_type: string; event_payload: Record<string, string | number | boolean> } {
  return { event_type: POST_METADATA_TYPE, event_payload: { ...facts, key } };
}

/**
 * Our own outbox: every message that must not appear twice has a key, is written down before it is sent, and carries the
 * key as metadata. When nobody knows whether a send took effect, the channel is looked at before it is sent again.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const sender = new Sender(deps);
  const running = new Map<string, Promise<Posted>>();
  const shown = new Map<string, string>();
  return {
    post: (post) => {
      const known = running.get(post.key);
      if (known !== undefined) return known;
      const job = sender.post(post).finally(() => running.delete(post.key));
      running.set(post.key, job);
      return job;
    },
    find: async (key) => {
      const row = await sender.row(key);
      return row?.state === "posted" && row.ts !== undefined
        ? { channel: row.channel, ts: row.ts }
        : undefined;
    },
    edit: async (posted, message, key) => {
      const id = `${posted.channel}/${posted.ts}`;
      const content = JSON.stringify(message);
      if (shown.get(id) === content) return;
      await edit(deps.clients.web, posted, {
        ...contentOf(message),
        ...(key === undefined ? {} : { metadata: metadataOf(key, message.facts) }),
      });
      shown.delete(id);
      shown.set(id, content);
      const [oldest] = shown.keys();
      if (shown.size > SHOWN_MAX && oldest !== undefined) shown.delete(oldest);
    },
  };
}

function placeOf({ threadTs }: Row, { broadcast }: Post) {
  if (threadTs === undefined) return {};
  if (broadcast !== true) return { thread_ts: threadTs };
  return { thread_ts: threadTs, reply_broadcast: true as const };
}

class Sender {
  readonly #deps: OutboxDeps;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  async row(key: string): Promise<Row | undefined> {
    const parsed = rowSchema.safeParse(await this.#deps.store.get(BUCKET, key));
    return parsed.success ? parsed.data : undefined;
  }

  async post(post: Post): Promise<Posted> {
    const { clock, meter, store } = this.#deps;
    const { key, channel, threadTs } = post;
    const thread = threadTs === undefined ? {} : { threadTs };
    const fresh: Row = { state: "sending", channel, ...thread, startedMs: clock.nowMs() };
    if (await store.insertIfAbsent(BUCKET, key, fresh)) return this.#attempts(post, fresh);
    const row = (await this.row(key)) ?? fresh;
    if (row.state === "posted" && row.ts !== undefined) return { channel: row.channel, ts: row.ts };
    // An attempt of an earlier life, or one without an answer: it may have taken effect.
    meter.add("orrery_slack_post_lookups_total");
    const found = await this.#lookTwice(key, row);
    return found === undefined ? this.#attempts(post, row) : this.#settle(key, row, found);
  }

  async #attempts(post: Post, row: Row): Promise<Posted> {
    let withBlocks = true;
    for (let tried = 0; tried < POST_ATTEMPTS_MAX; tried++) {
      try {
        // biome-ignore lint/performance/noAwaitInLoops: a retry comes after the attempt that failed
        return await this.#settle(post.key, row, await this.#send(post, row, withBlocks));
      } catch (error) {
        const next = await this.#afterFailure(post, row, { error, withBlocks });
        if (next.posted !== undefined) return next.posted;
        withBlocks = next.withBlocks;
      }
    }
    const { key } = post;
    throw new OperationError(
      "slack_unclear",
      `${key} could not be posted; it is tried again later`,
    );
  }

  /** What a failed attempt means for the next one. Throws when there is to be none. */
  async #afterFailure(
    post: Post,
    row: Row,
    { error, withBlocks }: { readonly error: unknown; readonly withBlocks: boolean },
  ): Promise<{ readonly posted?: Posted; readonly withBlocks: boolean }> {
    const { clock, log, meter, store } = this.#deps;
    const failure = failureOf(error);
    meter.add("orrery_slack_post_failures_total", 1, { type: failure.type });
    log.warn("slack_post_failed", { key: post.key, text: failureText(failure) });
    switch (failure.type) {
      case "rate-limited":
        if (failure.retryAfterMs > RATE_LIMIT_WAIT_MAX_MS) throw rateLimited(failure.retryAfterMs);
        await clock.sleep(failure.retryAfterMs);
        return { withBlocks };
      case "refused":
        if (!withBlocks || !CONTENT_REFUSED.has(failure.code))
          throw refused(post, failure.code, error);
        meter.add("orrery_slack_blocks_refused_total");
        return { withBlocks: false };
      case "unclear": {
        await store.put(BUCKET, post.key, { ...row, state: "unknown" });
        const found = await this.#lookTwice(post.key, row);
        return found === undefined
          ? { withBlocks }
          : { withBlocks, posted: await this.#settle(post.key, row, found) };
      }
    }
  }

  async #send(post: Post, row: Row, withBlocks: boolean): Promise<string> {
    const content = withBlocks ? contentOf(post.message) : { text: post.message.text };
    const answer = await this.#deps.clients.once.chat.postMessage({
      channel: row.channel,
      ...content,
      ...placeOf(row, post),
      metadata: metadataOf(post.key, post.message.facts),
      unfurl_links: false,
      unfurl_media: false,
    });
    if (answer.ts === undefined) throw new TypeError("chat.postMessage gave no ts");
    return answer.ts;
  }

  async #settle(key: string, row: Row, ts: string): Promise<Posted> {
    await this.#deps.store.put(BUCKET, key, { ...row, state: "posted", ts });
    return { channel: row.channel, ts };
  }

  async #lookTwice(key: string, row: Row): Promise<string | undefined> {
    for (const delayMs of LOOK_DELAYS_MS) {
      // biome-ignore lint/performance/noAwaitInLoops: the second look comes after the first
      await this.#deps.clock.sleep(delayMs);
      const ts = await look(this.#deps.clients.web, row, key);
      if (ts !== undefined) return ts;
    }
    return undefined;
  }
}

function rateLimited(ms: number): OperationError {
  const text = `Slack asks to wait ${ms} ms; it is tried again later`;
  return new OperationError("slack_rate_limited", text);
}

function refused(post: Post, code: string, cause: unknown): OperationError {
  return new OperationError(
    "slack_refused",
    `Slack refused ${post.key} in ${post.channel}: ${code}; invite the app to the channel and check its scopes`,
    { cause },
  );
}

function editFailed(failure: WireFailure, cause: unknown): OperationError {
  const code = failure.type === "refused" ? "slack_refused" : "slack_unclear";
  return new OperationError(code, `an edit failed: ${failureText(failure)}`, { cause });
}

function unseen(key: string, cause: unknown): OperationError {
  const text = failureText(failureOf(cause));
  const message = `whether ${key} was posted cannot be seen: ${text}; it is looked at again later`;
  return new OperationError("slack_unclear", message, { cause });
}

/** Edits say the same however often they arrive, so the client's own retries are safe. */
async function edit(
  web: WebClient,
  posted: Posted,
  content: ReturnType<typeof contentOf> & { metadata?: ReturnType<typeof metadataOf> },
): Promise<void> {
  const update = (changed: typeof content): Promise<unknown> =>
    web.chat.update({ channel: posted.channel, ts: posted.ts, ...changed });
  try {
    await update(content);
  } catch (error) {
    const failure = failureOf(error);
    if (failure.type !== "refused" || !CONTENT_REFUSED.has(failure.code))
      throw editFailed(failure, error);
    await update({ ...content, blocks: [] });
  }
}

/** Looks in the channel for the message that carries the key. Errors: OperationError `slack_unclear`. */
async function look(web: WebClient, row: Row, key: string): Promise<string | undefined> {
  const oldest = String(Math.max(0, row.startedMs - LOOK_SLACK_MS) / 1000);
  const { channel, threadTs } = row;
  const query = { channel, oldest, limit: LOOK_MESSAGES_MAX, include_all_metadata: true };
  try {
    const answer =
      threadTs === undefined
        ? await web.conversations.history(query)
        : await web.conversations.replies({ ...query, ts: threadTs });
    return messagesOf(answer).find(({ metadata }) => metadata?.event_payload?.key === key)?.ts;
  } catch (error) {
    throw unseen(key, error);
  }
}
