import { checkBlocks, LIMITS } from "./block-rules.ts";
import type { Json, LocalMessage } from "./contract.ts";
import { asObject, asObjects, asString, isObject } from "./json.ts";
import { type ApiContext, isTrue, type Method, required } from "./methods.ts";
import {
  BOT_USER_ID,
  type Channel,
  type Draft,
  directChannelId,
  SlackError,
  TEAM_ID,
  type Workspace,
} from "./workspace.ts";

/** The channel that the app may write to. */
function writable(workspace: Workspace, reference: string | undefined): Channel {
  const channel = workspace.channel(reference);
  if (!channel.members.has(BOT_USER_ID)) throw new SlackError("not_in_channel");
  return channel;
}

export interface Content {
  readonly text: string;
  readonly blocks?: readonly Json[];
  readonly metadata?: Json;
}

function metadataOf(args: Json): Pick<Content, "metadata"> {
  const metadata = args.metadata;
  if (metadata === undefined || metadata === "") return {};
  if (!isObject(metadata)) throw new SlackError("invalid_metadata_format");
  if (asString(metadata.event_type) === undefined || !isObject(metadata.event_payload))
    throw new SlackError("invalid_metadata_schema");
  return { metadata };
}

/** Text and blocks of a message, checked as Slack checks them. */
export function contentOf(args: Json): Content {
  const text = asString(args.text) ?? "";
  const markdown = asString(args.markdown_text);
  const given = args.blocks;
  if (typeof given === "string" && given !== "") throw new SlackError("invalid_blocks_format");
  if (markdown !== undefined && (text !== "" || given !== undefined))
    throw new SlackError("markdown_text_conflict");
  const problems = checkBlocks(given);
  if (problems.length > 0) throw new SlackError("invalid_blocks", problems);
  if (text.length > LIMITS.messageText) throw new SlackError("msg_too_long");
  if ((markdown ?? "").length > LIMITS.markdownTotal) throw new SlackError("msg_too_long");
  const blocks = markdown === undefined ? asObjects(given) : [{ type: "markdown", text: markdown }];
  if (text === "" && blocks.length === 0) throw new SlackError("no_text");
  return {
    text: markdown ?? text,
    ...(blocks.length === 0 ? {} : { blocks }),
    ...metadataOf(args),
  };
}

/** A message as Slack's answers carry it: what only this server knows is left out. */
export function wireMessage(message: LocalMessage, context: ApiContext): Json {
  const { channel: _channel, fileIds, ephemeralTo: _to, streaming: _streaming, ...rest } = message;
  const files = (fileIds ?? []).flatMap((id) => {
    const file = context.workspace.files.get(id);
    if (file === undefined) return [];
    const { mimetype, name, title } = file;
    const url = `${context.baseUrl()}/files/${id}`;
    return [{ id, name, title, mimetype, size: file.bytes.length, url_private: url }];
  });
  return {
    ...rest,
    team: TEAM_ID,
    ...(files.length === 0 ? {} : { files }),
    ...(message.reply_count === undefined
      ? {}
      : { reply_users_count: message.reply_users?.length ?? 0, subscribed: false }),
  };
}

function threadOf(args: Json): Pick<Draft, "threadTs"> {
  const threadTs = asString(args.thread_ts);
  return threadTs === undefined || threadTs === "" ? {} : { threadTs };
}

const postMessage: Method = (args, context) => {
  const channel = writable(context.workspace, required(args, "channel"));
  const message = context.workspace.post({
    channel: channel.id,
    user: BOT_USER_ID,
    ...contentOf(args),
    ...threadOf(args),
    broadcast: isTrue(args.reply_broadcast),
  });
  return { channel: channel.id, ts: message.ts, message: wireMessage(message, context) };
};

const postEphemeral: Method = (args, context) => {
  const channel = writable(context.workspace, required(args, "channel"));
  const to = required(args, "user");
  if (!channel.members.has(to)) throw new SlackError("user_not_in_channel");
  const message = context.workspace.post({
    channel: channel.id,
    user: BOT_USER_ID,
    ...contentOf(args),
    ...threadOf(args),
    ephemeralTo: to,
  });
  return { message_ts: message.ts };
};

/** A message that this app posted and that everybody sees. */
function ownMessage(workspace: Workspace, args: Json, notOwn: string): LocalMessage {
  const channel = workspace.channel(required(args, "channel"));
  const message = workspace.find(channel.id, required(args, "ts"));
  if (message === undefined || message.ephemeralTo !== undefined)
    throw new SlackError("message_not_found");
  if (message.bot_id === undefined) throw new SlackError(notOwn);
  return message;
}

const update: Method = (args, context) => {
  const { workspace, streams } = context;
  const message = ownMessage(workspace, args, "cant_update_message");
  if (streams.isOpen(message.channel, message.ts)) throw new SlackError("streaming_state_conflict");
  const content = contentOf(args);
  const { blocks: _blocks, ...rest } = message;
  // Text without blocks takes the blocks away; an absent text keeps the old one.
  const next = workspace.replace({
    ...rest,
    ...content,
    text: args.text === undefined && args.markdown_text === undefined ? message.text : content.text,
    edited: { user: BOT_USER_ID, ts: workspace.nextTs() },
  });
  return {
    channel: next.channel,
    ts: next.ts,
    text: next.text,
    message: wireMessage(next, context),
  };
};

const remove: Method = (args, { workspace }) => {
  const message = ownMessage(workspace, args, "cant_delete_message");
  workspace.remove(message.channel, message.ts);
  return { channel: message.channel, ts: message.ts };
};

const startStream: Method = (args, { workspace, streams }) => {
  const channel = writable(workspace, required(args, "channel"));
  const threadTs = required(args, "thread_ts");
  if (channel.kind === "channel") {
    if (asString(args.recipient_user_id) === undefined)
      throw new SlackError("missing_recipient_user_id");
    if (asString(args.recipient_team_id) === undefined)
      throw new SlackError("missing_recipient_team_id");
  }
  const draft: Draft = { channel: channel.id, user: BOT_USER_ID, text: "", threadTs };
  const message = streams.start(draft, args);
  return { channel: channel.id, ts: message.ts };
};

const appendStream: Method = (args, { workspace, streams }) => {
  const channel = writable(workspace, required(args, "channel"));
  required(args, "ts");
  const message = streams.append(channel.id, args);
  return { channel: channel.id, ts: message.ts };
};

const stopStream: Method = (args, context) => {
  const channel = writable(context.workspace, required(args, "channel"));
  required(args, "ts");
  const problems = checkBlocks(args.blocks);
  if (problems.length > 0) throw new SlackError("invalid_blocks", problems);
  metadataOf(args);
  const message = context.streams.stop(channel.id, args);
  return { channel: channel.id, ts: message.ts, message: wireMessage(message, context) };
};

const getPermalink: Method = (args, { workspace, baseUrl }) => {
  const channel = workspace.channel(required(args, "channel"));
  const message = workspace.find(channel.id, required(args, "message_ts"));
  if (message === undefined) throw new SlackError("message_not_found");
  const thread =
    message.thread_ts === undefined ? "" : `?thread_ts=${message.thread_ts}&cid=${channel.id}`;
  const permalink = `${baseUrl()}/archives/${channel.id}/p${message.ts.replace(".", "")}${thread}`;
  return { channel: channel.id, permalink };
};

const addReaction: Method = (args, { workspace }) => {
  const channel = workspace.channel(required(args, "channel"));
  const message = workspace.find(channel.id, required(args, "timestamp"));
  if (message === undefined) throw new SlackError("message_not_found");
  workspace.react(message, required(args, "name"), BOT_USER_ID);
  return {};
};

const setStatus: Method = (args, { workspace }) => {
  const channel = writable(workspace, required(args, "channel_id"));
  const text = asString(args.status) ?? "";
  workspace.setStatus({ channel: channel.id, text, ...threadOf(args) });
  return {};
};

const setTitle: Method = (args, { workspace }) => {
  writable(workspace, required(args, "channel_id"));
  required(args, "title");
  return {};
};

const setSuggestedPrompts: Method = (args, { workspace }) => {
  const channel = writable(workspace, required(args, "channel_id"));
  const prompts = asObjects(args.prompts);
  if (prompts.length < 1 || prompts.length > 4) throw new SlackError("invalid_arguments");
  const kept = { title: asString(args.title) ?? "", prompts };
  workspace.prompts.set(channel.id, kept);
  workspace.tell({ type: "prompts", channel: channel.id, prompts: kept });
  return {};
};

function checkedView(args: Json): Json {
  const view = asObject(args.view);
  const problems = checkBlocks(view.blocks, "view");
  if (!Array.isArray(view.blocks)) throw new SlackError("invalid_arguments");
  if (problems.length > 0) throw new SlackError("invalid_arguments", problems);
  return view;
}

const openView: Method = (args, { workspace, triggers }) => {
  const view = checkedView(args);
  triggers.use(asString(args.trigger_id));
  const id = workspace.newId("V");
  const kept = { ...view, id, team_id: TEAM_ID, hash: "1", state: { values: {} } };
  workspace.keepView(kept);
  return { view: kept };
};

const publishView: Method = (args, { workspace }) => {
  const user = workspace.user(required(args, "user_id"));
  const kept = { ...checkedView(args), id: `V${directChannelId(user.id)}`, team_id: TEAM_ID };
  workspace.homes.set(user.id, kept);
  return { view: kept };
};

export const CHAT_METHODS: Readonly<Record<string, Method>> = {
  "chat.postMessage": postMessage,
  "chat.postEphemeral": postEphemeral,
  "chat.update": update,
  "chat.delete": remove,
  "chat.startStream": startStream,
  "chat.appendStream": appendStream,
  "chat.stopStream": stopStream,
  "chat.getPermalink": getPermalink,
  "reactions.add": addReaction,
  "assistant.threads.setStatus": setStatus,
  "assistant.threads.setTitle": setTitle,
  "assistant.threads.setSuggestedPrompts": setSuggestedPrompts,
  "views.open": openView,
  "views.publish": publishView,
};
