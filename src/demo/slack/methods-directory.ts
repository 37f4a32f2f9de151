import type { Json, LocalMessage, LocalUser } from "./contract.ts";
import { asString } from "./json.ts";
import { isTrue, type Method, paged, required } from "./methods.ts";
import { wireMessage } from "./methods-chat.ts";
import {
  APP_ID,
  BOT_ID,
  BOT_USER_ID,
  type Channel,
  directChannelId,
  SlackError,
  TEAM_ID,
  type Workspace,
} from "./workspace.ts";

function wireChannel(channel: Channel): Json {
  const isDirect = channel.kind === "im";
  return {
    id: channel.id,
    ...(isDirect ? { user: channel.name } : { name: channel.name, name_normalized: channel.name }),
    is_channel: !isDirect,
    is_group: false,
    is_im: isDirect,
    is_mpim: false,
    is_private: isDirect,
    is_archived: false,
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_member: channel.members.has(BOT_USER_ID),
    created: channel.createdS,
    context_team_id: TEAM_ID,
    num_members: channel.members.size,
    topic: { value: channel.topic, creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
  };
}

function wireUser(user: LocalUser): Json {
  return {
    id: user.id,
    team_id: TEAM_ID,
    name: user.name,
    real_name: user.realName,
    deleted: false,
    is_bot: false,
    is_app_user: false,
    is_admin: false,
    is_owner: false,
    is_restricted: user.guest === true,
    is_ultra_restricted: false,
    is_stranger: false,
    tz: "Etc/UTC",
    tz_offset: 0,
    profile: {
      real_name: user.realName,
      display_name: user.name,
      title: user.title ?? "",
      email: user.email ?? "",
    },
  };
}

function wireBot(workspace: Workspace): Json {
  const name = workspace.botName;
  return {
    id: BOT_USER_ID,
    team_id: TEAM_ID,
    name,
    real_name: name,
    deleted: false,
    is_bot: true,
    is_app_user: false,
    tz: "Etc/UTC",
    tz_offset: 0,
    profile: { real_name: name, display_name: name, bot_id: BOT_ID, api_app_id: APP_ID },
  };
}

const listChannels: Method = (args, { workspace }) => {
  const types = (asString(args.types) ?? "public_channel").split(",");
  const all = [...workspace.channels.values()].filter((channel) =>
    types.includes(channel.kind === "im" ? "im" : "public_channel"),
  );
  const page = paged(all.map(wireChannel), args, 100);
  return { channels: page.items, response_metadata: { next_cursor: page.nextCursor } };
};

const listMembers: Method = (args, { workspace }) => {
  const channel = workspace.channel(required(args, "channel"));
  const page = paged([...channel.members], args, 100);
  return { members: page.items, response_metadata: { next_cursor: page.nextCursor } };
};

const open: Method = (args, { workspace }) => {
  const users = (asString(args.users) ?? "").split(",").filter((id) => id !== "");
  const [first] = users;
  if (first === undefined) throw new SlackError("users_list_not_supplied");
  // Limit: conversations of several people are not kept here.
  if (users.length > 1) throw new SlackError("method_not_supported_for_channel_type");
  workspace.user(first);
  const id = directChannelId(first);
  return isTrue(args.return_im)
    ? { channel: wireChannel(workspace.channel(id)) }
    : { channel: { id } };
};

const join: Method = (args, { workspace }) => {
  const channel = workspace.channel(required(args, "channel"));
  if (channel.kind === "im") throw new SlackError("method_not_supported_for_channel_type");
  channel.members.add(BOT_USER_ID);
  return { channel: wireChannel(channel) };
};

function within(message: LocalMessage, args: Json): boolean {
  const oldest = Number(args.oldest ?? 0);
  const latest = Number(args.latest ?? Number.POSITIVE_INFINITY);
  const ts = Number(message.ts);
  return isTrue(args.inclusive) ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
}

function readable(workspace: Workspace, args: Json): Channel {
  const channel = workspace.channel(required(args, "channel"));
  if (!channel.members.has(BOT_USER_ID)) throw new SlackError("not_in_channel");
  return channel;
}

/** Newest first; replies stay in their threads unless they were sent to the channel too. */
const history: Method = (args, context) => {
  const channel = readable(context.workspace, args);
  const shown = context.workspace
    .messages(channel.id)
    .filter((message) => message.ephemeralTo === undefined && within(message, args))
    .filter(
      ({ thread_ts, ts, reply_broadcast }) =>
        thread_ts === undefined || thread_ts === ts || reply_broadcast === true,
    )
    .toReversed();
  const page = paged(shown, args, 100);
  return {
    messages: page.items.map((message) => withoutMetadata(wireMessage(message, context), args)),
    has_more: page.nextCursor !== "",
    response_metadata: { next_cursor: page.nextCursor },
  };
};

/** Oldest first, the root always among them. */
const replies: Method = (args, context) => {
  const channel = readable(context.workspace, args);
  const asked = context.workspace.find(channel.id, required(args, "ts"));
  if (asked === undefined) throw new SlackError("thread_not_found");
  const rootTs = asked.thread_ts ?? asked.ts;
  const shown = context.workspace
    .thread(channel.id, rootTs)
    .filter((message) => message.ephemeralTo === undefined)
    .filter((message) => message.ts === rootTs || within(message, args));
  const page = paged(shown, args, 1000);
  return {
    messages: page.items.map((message) => withoutMetadata(wireMessage(message, context), args)),
    has_more: page.nextCursor !== "",
    response_metadata: { next_cursor: page.nextCursor },
  };
};

function withoutMetadata(message: Json, args: Json): Json {
  if (isTrue(args.include_all_metadata)) return message;
  const { metadata: _metadata, ...rest } = message;
  return rest;
}

const userInfo: Method = (args, { workspace }) => {
  const id = required(args, "user");
  return { user: id === BOT_USER_ID ? wireBot(workspace) : wireUser(workspace.user(id)) };
};

const listUsers: Method = (args, { workspace }) => {
  const all = [...[...workspace.users.values()].map(wireUser), wireBot(workspace)];
  const page = paged(all, args, 100);
  return { members: page.items, response_metadata: { next_cursor: page.nextCursor } };
};

const lookupByEmail: Method = (args, { workspace }) => {
  const email = required(args, "email").toLowerCase();
  const user = [...workspace.users.values()].find((each) => each.email?.toLowerCase() === email);
  if (user === undefined) throw new SlackError("users_not_found");
  return { user: wireUser(user) };
};

const authTest: Method = (_args, { workspace, baseUrl }) => ({
  url: `${baseUrl()}/`,
  team: "Local workspace",
  user: workspace.botName,
  team_id: TEAM_ID,
  user_id: BOT_USER_ID,
  bot_id: BOT_ID,
  is_enterprise_install: false,
});

const openConnection: Method = (_args, { socketMode, baseUrl }) => {
  const ticket = socketMode.openTicket();
  return { url: `${baseUrl().replace("http:", "ws:")}/link/?ticket=${ticket}&app_id=${APP_ID}` };
};

const teamInfo: Method = () => ({
  team: { id: TEAM_ID, name: "Local workspace", domain: "local", email_domain: "" },
});

const botInfo: Method = (_args, { workspace }) => ({
  bot: {
    id: BOT_ID,
    deleted: false,
    name: workspace.botName,
    app_id: APP_ID,
    user_id: BOT_USER_ID,
  },
});

export const DIRECTORY_METHODS: Readonly<Record<string, Method>> = {
  "api.test": (args) => ({ args }),
  "auth.test": authTest,
  "apps.connections.open": openConnection,
  "bots.info": botInfo,
  "team.info": teamInfo,
  "conversations.info": (args, { workspace }) => ({
    channel: wireChannel(workspace.channel(required(args, "channel"))),
  }),
  "conversations.list": listChannels,
  "conversations.members": listMembers,
  "conversations.open": open,
  "conversations.join": join,
  "conversations.history": history,
  "conversations.replies": replies,
  "users.info": userInfo,
  "users.list": listUsers,
  "users.lookupByEmail": lookupByEmail,
};
