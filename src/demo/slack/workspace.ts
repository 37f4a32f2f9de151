import { randomBytes } from "node:crypto";
import { must } from "../../assert.ts";
import type { Clock } from "../../clock.ts";
import type {
  Json,
  LocalChannel,
  LocalFile,
  LocalMessage,
  LocalReaction,
  LocalStatus,
  LocalUser,
} from "./contract.ts";

/** Oldest messages of a channel are dropped beyond this. */
const MAX_MESSAGES_PER_CHANNEL = 5000;
/** Oldest files are dropped beyond this. */
const MAX_FILES = 500;
/** Oldest opened views are dropped beyond this. */
const MAX_VIEWS = 200;

/** Slack's own error codes, thrown by whatever refuses and answered as `{ ok: false, error }`. */
export class SlackError extends Error {
  override readonly name = "SlackError";
  readonly code: string;
  readonly messages: readonly string[];

  constructor(code: string, messages: readonly string[] = []) {
    super(code);
    this.code = code;
    this.messages = messages;
  }
}

type ChannelKind = "channel" | "im";

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly topic: string;
  readonly kind: ChannelKind;
  /** People and, where it joined, the bot. */
  readonly members: Set<string>;
  readonly createdS: number;
}

/** What the page and `waitFor` hear of. */
export type Change =
  | { readonly type: "message"; readonly message: LocalMessage }
  | {
      readonly type: "deleted";
      readonly channel: string;
      readonly ts: string;
      readonly only?: string;
    }
  | { readonly type: "status"; readonly status: LocalStatus }
  | { readonly type: "prompts"; readonly channel: string; readonly prompts: Json }
  | { readonly type: "presence"; readonly connected: boolean }
  | { readonly type: "notice"; readonly userId: string; readonly text: string };

export interface Draft {
  readonly channel: string;
  readonly user: string;
  readonly text: string;
  readonly threadTs?: string;
  readonly blocks?: readonly Json[];
  readonly metadata?: Json;
  readonly fileIds?: readonly string[];
  readonly ephemeralTo?: string;
  readonly broadcast?: boolean;
  readonly streaming?: boolean;
}

export const TEAM_ID = "T0ORRERYDEMO";
export const APP_ID = "A0ORRERY";
export const BOT_USER_ID = "U0ORRERY";
export const BOT_ID = "B0ORRERY";

/** The state of the workspace and the only place that changes it; every change is told to the listeners. */
export class Workspace {
  readonly users: ReadonlyMap<string, LocalUser>;
  readonly channels = new Map<string, Channel>();
  readonly files = new Map<string, LocalFile>();
  readonly views: Json[] = [];
  readonly homes = new Map<string, Json>();
  readonly prompts = new Map<string, Json>();
  readonly statuses = new Map<string, LocalStatus>();
  readonly botName: string;
  readonly clock: Clock;
  /** Counts what limits dropped. */
  dropped = 0;
  readonly #messages = new Map<string, LocalMessage[]>();
  readonly #listeners = new Set<(change: Change) => void>();
  #lastTsMicros = 0;

  constructor(
    people: { readonly users: readonly LocalUser[]; readonly channels: readonly LocalChannel[] },
    botName: string,
    clock: Clock,
  ) {
    this.botName = botName;
    this.clock = clock;
    this.users = new Map(people.users.map((user) => [user.id, user]));
    for (const channel of people.channels) this.#addChannel(channel);
    for (const user of people.users) this.#addDirect(user.id);
  }

  #addChannel(channel: LocalChannel): void {
    const members = new Set(channel.memberIds ?? this.users.keys());
    if (channel.hasBot !== false) members.add(BOT_USER_ID);
    const { id, name, topic = "" } = channel;
    const createdS = Math.floor(this.clock.nowMs() / 1000);
    this.channels.set(id, { id, name, topic, kind: "channel", members, createdS });
    this.#messages.set(id, []);
  }

  #addDirect(userId: string): void {
    const id = directChannelId(userId);
    const members = new Set([userId, BOT_USER_ID]);
    const createdS = Math.floor(this.clock.nowMs() / 1000);
    this.channels.set(id, { id, name: userId, topic: "", kind: "im", members, createdS });
    this.#messages.set(id, []);
  }

  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Slack's ts: seconds with six digits, unique and rising in the whole workspace. */
  nextTs(): string {
    this.#lastTsMicros = Math.max(this.clock.nowMs() * 1000, this.#lastTsMicros + 1);
    const seconds = Math.floor(this.#lastTsMicros / 1_000_000);
    return `${seconds}.${String(this.#lastTsMicros % 1_000_000).padStart(6, "0")}`;
  }

  newId(prefix: string): string {
    return `${prefix}${randomBytes(6).toString("hex").toUpperCase()}`;
  }

  user(id: string): LocalUser {
    const user = this.users.get(id);
    if (user === undefined) throw new SlackError("user_not_found");
    return user;
  }

  /** By id, by name with or without #, or by a person's id (their direct channel), as `chat.postMessage` takes it. */
  channel(reference: string | undefined): Channel {
    const name = (reference ?? "").replace(/^#/, "");
    const direct = this.users.has(name) ? directChannelId(name) : name;
    const channel =
      this.channels.get(direct) ?? [...this.channels.values()].find((each) => each.name === name);
    if (channel === undefined) throw new SlackError("channel_not_found");
    return channel;
  }

  messages(channelId: string): readonly LocalMessage[] {
    return this.#messages.get(channelId) ?? [];
  }

  find(channelId: string, ts: string | undefined): LocalMessage | undefined {
    return this.messages(channelId).findLast((message) => message.ts === ts);
  }

  thread(channelId: string, ts: string): readonly LocalMessage[] {
    return this.messages(channelId).filter(
      (message) => message.ts === ts || message.thread_ts === ts,
    );
  }

  post(draft: Draft): LocalMessage {
    const isBot = draft.user === BOT_USER_ID;
    const root = this.#root(draft);
    const message: LocalMessage = {
      type: "message",
      channel: draft.channel,
      ts: this.nextTs(),
      ...(root === undefined ? {} : { thread_ts: root }),
      user: draft.user,
      ...(isBot ? { bot_id: BOT_ID, app_id: APP_ID } : {}),
      text: draft.text,
      ...(draft.blocks === undefined ? {} : { blocks: this.#withBlockIds(draft.blocks) }),
      ...(draft.metadata === undefined ? {} : { metadata: draft.metadata }),
      ...(draft.fileIds === undefined ? {} : { fileIds: draft.fileIds }),
      ...(draft.ephemeralTo === undefined ? {} : { ephemeralTo: draft.ephemeralTo }),
      ...(draft.broadcast === true ? { reply_broadcast: true } : {}),
      ...(draft.streaming === true ? { streaming: true } : {}),
    };
    const list = must(this.#messages.get(draft.channel), "a channel has a message list");
    list.push(message);
    if (list.length > MAX_MESSAGES_PER_CHANNEL) {
      list.shift();
      this.dropped += 1;
    }
    if (isBot) this.clearStatus(draft.channel, root);
    this.tell({ type: "message", message });
    if (root !== undefined && draft.ephemeralTo === undefined) this.#countReply(message, root);
    return message;
  }

  /** A reply to a reply belongs to the root of its thread. */
  #root(draft: Draft): string | undefined {
    if (draft.threadTs === undefined) return undefined;
    const parent = this.find(draft.channel, draft.threadTs);
    if (parent === undefined) throw new SlackError("thread_not_found");
    return parent.thread_ts ?? parent.ts;
  }

  #countReply(reply: LocalMessage, rootTs: string): void {
    const root = this.find(reply.channel, rootTs);
    if (root === undefined) return;
    const repliers = new Set([...(root.reply_users ?? []), reply.user]);
    this.replace({
      ...root,
      thread_ts: rootTs,
      reply_count: (root.reply_count ?? 0) + 1,
      latest_reply: reply.ts,
      reply_users: [...repliers],
    });
  }

  /** Slack gives a block without an id one of its own. */
  #withBlockIds(blocks: readonly Json[]): readonly Json[] {
    return blocks.map((block) => ({
      ...block,
      block_id: block.block_id ?? randomBytes(4).toString("base64url"),
    }));
  }

  /** Puts a new state of a message in the place of the old. */
  replace(message: LocalMessage): LocalMessage {
    const list = must(this.#messages.get(message.channel), "a channel has a message list");
    const at = list.findLastIndex((each) => each.ts === message.ts);
    if (at < 0) throw new SlackError("message_not_found");
    const kept =
      message.blocks === undefined
        ? message
        : { ...message, blocks: this.#withBlockIds(message.blocks) };
    list[at] = kept;
    this.tell({ type: "message", message: kept });
    return kept;
  }

  remove(channelId: string, ts: string): void {
    const list = must(this.#messages.get(channelId), "a channel has a message list");
    const at = list.findLastIndex((each) => each.ts === ts);
    const [gone] = at < 0 ? [] : list.splice(at, 1);
    if (gone === undefined) throw new SlackError("message_not_found");
    const only = gone.ephemeralTo;
    this.tell({
      type: "deleted",
      channel: channelId,
      ts,
      ...(only === undefined ? {} : { only }),
    });
    const root = gone.thread_ts === undefined ? undefined : this.find(channelId, gone.thread_ts);
    if (root === undefined || only !== undefined) return;
    const left = this.thread(channelId, root.ts).filter(
      (each) => each.ts !== root.ts && each.ephemeralTo === undefined,
    );
    this.replace({
      ...root,
      reply_count: left.length,
      latest_reply: left.at(-1)?.ts ?? root.ts,
      reply_users: [...new Set(left.map((each) => each.user))],
    });
  }

  react(message: LocalMessage, name: string, userId: string): void {
    const reactions = message.reactions ?? [];
    const old = reactions.find((each) => each.name === name);
    if (old?.users.includes(userId) === true) throw new SlackError("already_reacted");
    const next: LocalReaction = { name, users: [...(old?.users ?? []), userId] };
    this.replace({
      ...message,
      reactions: [...reactions.filter((each) => each !== old), next],
    });
  }

  setStatus(status: LocalStatus): void {
    const key = `${status.channel}/${status.threadTs ?? ""}`;
    if (status.text === "") this.statuses.delete(key);
    else this.statuses.set(key, status);
    this.tell({ type: "status", status });
  }

  /** Slack takes a status away when the app answers. */
  clearStatus(channel: string, threadTs: string | undefined): void {
    if (!this.statuses.has(`${channel}/${threadTs ?? ""}`)) return;
    this.setStatus({ channel, text: "", ...(threadTs === undefined ? {} : { threadTs }) });
  }

  keepFile(file: LocalFile): void {
    this.files.set(file.id, file);
    const [oldest] = this.files.keys();
    if (this.files.size > MAX_FILES && oldest !== undefined) {
      this.files.delete(oldest);
      this.dropped += 1;
    }
  }

  keepView(view: Json): void {
    this.views.push(view);
    if (this.views.length > MAX_VIEWS) {
      this.views.shift();
      this.dropped += 1;
    }
  }
}

export function directChannelId(userId: string): string {
  return `D${userId.replace(/^U/, "")}`;
}
