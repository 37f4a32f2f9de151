import { randomUUID } from "node:crypto";
import { errorText, OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ClickOptions, DeliveryResult, Json, LocalMessage } from "./contract.ts";
import { actionOf, findElement } from "./elements.ts";
import type { ApiContext } from "./methods.ts";
import { wireMessage } from "./methods-chat.ts";
import type { ResponseTarget, ResponseUrls } from "./response-urls.ts";
import { encodeText } from "./text.ts";
import {
  APP_ID,
  BOT_USER_ID,
  type Channel,
  directChannelId,
  SlackError,
  TEAM_ID,
  type Workspace,
} from "./workspace.ts";

/** Slack refuses a longer message of a person. */
const MAX_SAID = 12_000;
const TOKEN = "local-verification-token";

/**
 * What people do in the workspace. The page and the tests' driver both come through here, and what the app gets is
 * what Slack would send it. Limits: a person's message carries no rich_text blocks; the app's own messages are not
 * sent back to it.
 */
export class People {
  readonly #context: ApiContext;
  readonly #responses: ResponseUrls;
  readonly #log: Log;

  constructor(context: ApiContext, responses: ResponseUrls, log: Log) {
    this.#context = context;
    this.#responses = responses;
    this.#log = log;
  }

  get #workspace(): Workspace {
    return this.#context.workspace;
  }

  /** The channel, when the person is in it. */
  #entered(userId: string, reference: string): Channel {
    const channel = this.#workspace.channel(reference);
    this.#workspace.user(userId);
    if (!channel.members.has(userId)) throw new SlackError("not_in_channel");
    return channel;
  }

  say(userId: string, reference: string, text: string, threadTs?: string): LocalMessage {
    const channel = this.#entered(userId, reference);
    if (text.trim() === "") throw new SlackError("no_text");
    if (text.length > MAX_SAID) throw new SlackError("msg_too_long");
    const message = this.#workspace.post({
      channel: channel.id,
      user: userId,
      text: encodeText(text, this.#workspace),
      ...(threadTs === undefined ? {} : { threadTs }),
    });
    if (channel.members.has(BOT_USER_ID)) this.#tellApp(channel, message);
    else if (message.text.includes(`<@${BOT_USER_ID}>`))
      this.#notice(userId, this.#unheard(channel));
    return message;
  }

  /** As at Slack: who mentions somebody that is not there is told. */
  #unheard(channel: Channel): string {
    const { botName, channels } = this.#workspace;
    const heard = [...channels.values()]
      .filter(({ kind, members }) => kind === "channel" && members.has(BOT_USER_ID))
      .map(({ name }) => `#${name}`);
    const where = [...heard, "its direct messages"].join(" or in ");
    return `${botName} is not in #${channel.name} and does not read this. Ask in ${where}.`;
  }

  #tellApp(channel: Channel, message: LocalMessage): void {
    const root = this.#workspace.find(channel.id, message.thread_ts);
    const event: Json = {
      user: message.user,
      text: message.text,
      ts: message.ts,
      client_msg_id: randomUUID(),
      team: TEAM_ID,
      channel: channel.id,
      event_ts: message.ts,
      ...(message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts }),
      ...(root === undefined ? {} : { parent_user_id: root.user }),
    };
    const mentioned = message.text.includes(`<@${BOT_USER_ID}>`);
    if (mentioned && channel.kind === "channel") this.#send({ type: "app_mention", ...event });
    this.#send({ type: "message", channel_type: channel.kind, ...event });
  }

  /** A person opens the direct channel: `app_home_opened` on the messages tab. */
  openDirect(userId: string): void {
    this.#workspace.user(userId);
    const event = { type: "app_home_opened", user: userId, tab: "messages" };
    this.#send({
      ...event,
      channel: directChannelId(userId),
      event_ts: this.#workspace.nextTs(),
    });
  }

  /** Delivery goes on in the background, as at Slack: a person does not wait for the app. */
  #send(event: Json): void {
    const payload = {
      token: TOKEN,
      team_id: TEAM_ID,
      context_team_id: TEAM_ID,
      api_app_id: APP_ID,
      type: "event_callback",
      event_id: this.#workspace.newId("Ev"),
      event_time: Math.floor(this.#workspace.clock.nowMs() / 1000),
      is_ext_shared_channel: false,
      authorizations: [
        {
          enterprise_id: null,
          team_id: TEAM_ID,
          user_id: BOT_USER_ID,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      event,
    };
    this.#context.socketMode.deliverEvent(payload).catch((error: unknown) => {
      this.#log.error("local_slack_delivery_failed", { error: errorText(error) });
    });
  }

  async command(
    userId: string,
    reference: string,
    command: string,
    text: string,
  ): Promise<DeliveryResult> {
    const channel = this.#entered(userId, reference);
    const target: ResponseTarget = { channel: channel.id, userId };
    const ack = await this.#context.socketMode.deliverOnce("slash_commands", {
      token: TOKEN,
      team_id: TEAM_ID,
      team_domain: "local",
      channel_id: channel.id,
      channel_name: channel.kind === "im" ? "directmessage" : channel.name,
      user_id: userId,
      user_name: this.#workspace.user(userId).name,
      command,
      text,
      api_app_id: APP_ID,
      is_enterprise_install: "false",
      response_url: this.#responseUrl(target),
      trigger_id: this.#context.triggers.issue(),
    });
    if (ack === undefined) {
      this.#notice(userId, `${command} did not work: ${this.#absence()}`);
      return "failed";
    }
    if (Object.keys(ack.payload).length > 0) this.#responses.post(target, ack.payload);
    return "delivered";
  }

  async click(
    userId: string,
    at: Pick<LocalMessage, "channel" | "ts">,
    actionId: string,
    options: ClickOptions,
  ): Promise<DeliveryResult> {
    const channel = this.#entered(userId, at.channel);
    const message = this.#workspace.find(channel.id, at.ts);
    const hidden = message?.ephemeralTo !== undefined && message.ephemeralTo !== userId;
    if (message === undefined || hidden) throw new SlackError("message_not_found");
    const placed = findElement(message.blocks ?? [], actionId, options.value);
    if (placed === undefined)
      throw new OperationError(
        "action_not_found",
        `message ${at.ts} has no element ${actionId}; it may have been edited: read it again`,
      );
    if (placed.element.confirm !== undefined && options.confirm === false) return "dismissed";
    const action = actionOf(placed, options.value, this.#workspace.nextTs());
    const payload = this.#blockActions(userId, message, action);
    const ack = await this.#context.socketMode.deliverOnce("interactive", payload);
    if (ack !== undefined) return "delivered";
    this.#notice(userId, `The button did not work: ${this.#absence()}`);
    return "failed";
  }

  #blockActions(userId: string, message: LocalMessage, action: Json): Json {
    const channel = this.#workspace.channel(message.channel);
    const user = this.#workspace.user(userId);
    const threadTs = message.thread_ts;
    const target: ResponseTarget = {
      channel: channel.id,
      userId,
      messageTs: message.ts,
      ...(threadTs === undefined ? {} : { threadTs }),
    };
    return {
      type: "block_actions",
      user: { id: userId, username: user.name, name: user.name, team_id: TEAM_ID },
      api_app_id: APP_ID,
      token: TOKEN,
      container: {
        type: "message",
        message_ts: message.ts,
        channel_id: channel.id,
        is_ephemeral: message.ephemeralTo !== undefined,
        ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
      },
      trigger_id: this.#context.triggers.issue(),
      team: { id: TEAM_ID, domain: "local" },
      enterprise: null,
      is_enterprise_install: false,
      channel: {
        id: channel.id,
        name: channel.kind === "im" ? "directmessage" : channel.name,
      },
      message: wireMessage(message, this.#context),
      state: { values: {} },
      response_url: this.#responseUrl(target),
      actions: [action],
    };
  }

  #responseUrl(target: ResponseTarget): string {
    return `${this.#context.baseUrl()}/response/${this.#responses.issue(target)}`;
  }

  #absence(): string {
    return this.#context.socketMode.connected
      ? "the app did not answer in time."
      : "the app is not connected.";
  }

  #notice(userId: string, text: string): void {
    this.#workspace.tell({ type: "notice", userId, text });
  }
}
