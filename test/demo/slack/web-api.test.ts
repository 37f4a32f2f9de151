import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
} from "@slack/web-api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LocalSlack } from "#src/demo/slack/contract.ts";
import { ALICE, BOB, clientOf, INC, shiftedClock, startWorkspace } from "./fixture.ts";

let slack: LocalSlack;
let client: WebClient;
const clock = shiftedClock();

beforeEach(async () => {
  slack = await startWorkspace({ clock, streamIdleMs: 60_000 });
  client = clientOf(slack);
});

afterEach(() => slack.close());

const post = (text = "x") => client.chat.postMessage({ channel: INC, text });

async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(WebAPIPlatformError);
  return error instanceof WebAPIPlatformError ? error.data.error : "";
}

describe("faults", () => {
  test("each comes out as the client's own error class", async () => {
    slack.faults.set("chat.postMessage", { kind: "rate_limited", retryAfterS: 7 });
    await expect(post()).rejects.toSatisfy(
      (error) => error instanceof WebAPIRateLimitedError && error.retryAfter === 7,
    );
    slack.faults.set("chat.postMessage", { kind: "server_error" });
    await expect(post()).rejects.toBeInstanceOf(WebAPIHTTPError);
    slack.faults.set("chat.postMessage", { kind: "reset_before_commit" });
    await expect(post()).rejects.toBeInstanceOf(WebAPIRequestError);
    slack.faults.set("chat.postMessage", { kind: "hang" });
    await expect(post()).rejects.toBeInstanceOf(WebAPIRequestError);
    slack.faults.set("*", { kind: "error", code: "invalid_blocks" });
    expect(await refusal(post())).toBe("invalid_blocks");
    expect(slack.messages(INC)).toEqual([]);
    await post("now it works");
    expect(slack.messages(INC)).toHaveLength(1);
  });

  test("a reset after the commit makes a retrying client post twice", async () => {
    slack.faults.set("chat.postMessage", { kind: "reset_after_commit" });
    await clientOf(slack, 1).chat.postMessage({ channel: INC, text: "once?" });
    expect(slack.messages(INC).map(({ text }) => text)).toEqual(["once?", "once?"]);
  });

  test("a slow answer still takes effect", async () => {
    slack.faults.set("chat.postMessage", { kind: "slow", delayMs: 1500 });
    await expect(post("slow")).rejects.toBeInstanceOf(WebAPIRequestError);
    expect(slack.messages(INC)).toHaveLength(1);
  });

  test("posting faster than one a second is refused when that limit is on", async () => {
    slack.faults.limitPosting(true);
    await post();
    await expect(post()).rejects.toBeInstanceOf(WebAPIRateLimitedError);
    clock.advance(1000);
    await post();
    slack.faults.clear();
    await post();
    expect(slack.messages(INC)).toHaveLength(3);
  });
});

describe("tokens", () => {
  test("a call needs a token of the right kind", async () => {
    const answer = await fetch(`${slack.apiUrl}auth.test`, { method: "POST" });
    expect(await answer.json()).toEqual({ ok: false, error: "not_authed" });
    expect(await refusal(client.auth.test({ token: "hello" }))).toBe("invalid_auth");
    expect(await refusal(client.apps.connections.open())).toBe("not_allowed_token_type");
    await expect(client.auth.test()).resolves.toMatchObject({ user_id: slack.botUserId });
  });

  test("a socket needs a ticket, and a ticket opens one socket", async () => {
    const opened = await client.apps.connections.open({ token: slack.appToken });
    const connect = (): Promise<string> =>
      new Promise((resolve) => {
        const socket = new WebSocket(opened.url ?? "");
        socket.onmessage = (event) => {
          resolve(JSON.parse(String(event.data)).type);
          socket.close();
        };
        socket.onerror = () => resolve("refused");
      });
    await expect(connect()).resolves.toBe("hello");
    await expect(connect()).resolves.toBe("refused");
  });
});

describe("messages", () => {
  test("refusals carry Slack's codes", async () => {
    expect(await refusal(client.chat.postMessage({ channel: "C0NONE", text: "x" }))).toBe(
      "channel_not_found",
    );
    expect(await refusal(client.chat.postMessage({ channel: "quiet", text: "x" }))).toBe(
      "not_in_channel",
    );
    expect(await refusal(client.chat.postMessage({ channel: INC, text: "" }))).toBe("no_text");
    expect(await refusal(post("x".repeat(40_001)))).toBe("msg_too_long");
    expect(await refusal(client.chat.update({ channel: INC, ts: "1.000001", text: "x" }))).toBe(
      "message_not_found",
    );
    const said = await slack.say(ALICE, INC, "mine");
    expect(await refusal(client.chat.update({ channel: INC, ts: said.ts, text: "x" }))).toBe(
      "cant_update_message",
    );
    expect(await refusal(client.chat.delete({ channel: INC, ts: said.ts }))).toBe(
      "cant_delete_message",
    );
    expect(
      await refusal(client.chat.postEphemeral({ channel: INC, user: "U0NONE", text: "x" })),
    ).toBe("user_not_in_channel");
    await client.conversations.join({ channel: "C0QUIET" });
    await client.chat.postMessage({ channel: "#quiet", text: "now in" });
  });

  test("a thread: replies to replies belong to the root, history shows roots alone", async () => {
    const root = await post("root");
    const reply = await client.chat.postMessage({
      channel: INC,
      text: "one",
      thread_ts: root.ts ?? "",
    });
    await client.chat.postMessage({ channel: INC, text: "two", thread_ts: reply.ts ?? "" });
    await client.chat.postMessage({
      channel: INC,
      text: "shown",
      thread_ts: root.ts ?? "",
      reply_broadcast: true,
    });
    await client.chat.postEphemeral({ channel: INC, user: BOB, text: "hidden" });
    const thread = await client.conversations.replies({ channel: INC, ts: reply.ts ?? "" });
    expect(thread.messages?.map(({ text }) => text)).toEqual(["root", "one", "two", "shown"]);
    expect(thread.messages?.[0]).toMatchObject({ reply_count: 3, thread_ts: root.ts });
    const history = await client.conversations.history({ channel: INC });
    expect(history.messages?.map(({ text }) => text)).toEqual(["shown", "root"]);
    await client.chat.delete({ channel: INC, ts: reply.ts ?? "" });
    expect(slack.messages(INC)[0]).toMatchObject({ reply_count: 2 });
    expect(
      await refusal(client.chat.postMessage({ channel: INC, text: "x", thread_ts: "1.000001" })),
    ).toBe("thread_not_found");
  });

  test("history is paged by cursor", async () => {
    for (const text of ["1", "2", "3"]) await post(text);
    const first = await client.conversations.history({ channel: INC, limit: 2 });
    expect(first.messages?.map(({ text }) => text)).toEqual(["3", "2"]);
    const cursor = first.response_metadata?.next_cursor ?? "";
    const rest = await client.conversations.history({ channel: INC, limit: 2, cursor });
    expect(rest.messages?.map(({ text }) => text)).toEqual(["1"]);
    expect(rest.has_more).toBe(false);
  });
});

describe("what a message carries", () => {
  test("metadata is kept, and returned only when asked for", async () => {
    const metadata = { event_type: "incident_card", event_payload: { id: "i1" } };
    await client.chat.postMessage({ channel: INC, text: "x", metadata });
    const plain = await client.conversations.history({ channel: INC });
    expect(plain.messages?.[0]?.metadata).toBeUndefined();
    const full = await client.conversations.history({ channel: INC, include_all_metadata: true });
    expect(full.messages?.[0]?.metadata).toEqual(metadata);
  });

  test("a text that looks like JSON stays a text", async () => {
    await post('["a"]');
    expect(slack.messages(INC)[0]?.text).toBe('["a"]');
  });

  test("the permalink opens on this server", async () => {
    const { ts } = await post();
    const link = await client.chat.getPermalink({ channel: INC, message_ts: ts ?? "" });
    const page = await fetch(link.permalink ?? "");
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("/page/app.js");
  });

  test("a reaction counts once", async () => {
    const { ts } = await post();
    const eyes = { channel: INC, timestamp: ts ?? "", name: "eyes" };
    await client.reactions.add(eyes);
    expect(await refusal(client.reactions.add(eyes))).toBe("already_reacted");
    expect(slack.messages(INC)[0]?.reactions).toEqual([{ name: "eyes", users: [slack.botUserId] }]);
  });
});

describe("streams", () => {
  const start = async (): Promise<string> => {
    const root = await slack.say(ALICE, INC, "go");
    const to = { recipient_user_id: ALICE, recipient_team_id: slack.teamId };
    const begun = await client.chat.startStream({ channel: INC, thread_ts: root.ts, ...to });
    return begun.ts ?? "";
  };

  test("grow until they are stopped", async () => {
    const ts = await start();
    await client.chat.appendStream({ channel: INC, ts, markdown_text: "a" });
    expect(await refusal(client.chat.update({ channel: INC, ts, text: "x" }))).toBe(
      "streaming_state_conflict",
    );
    const tooLong = "x".repeat(12_001);
    expect(
      await refusal(client.chat.appendStream({ channel: INC, ts, markdown_text: tooLong })),
    ).toBe("msg_too_long");
    await client.chat.stopStream({ channel: INC, ts, markdown_text: "b" });
    expect(slack.messages(INC).at(-1)).toMatchObject({ text: "ab" });
    expect(await refusal(client.chat.appendStream({ channel: INC, ts, markdown_text: "c" }))).toBe(
      "message_not_in_streaming_state",
    );
  });

  test("expire when nothing is appended, and can then be finished by an update", async () => {
    const ts = await start();
    clock.advance(59_000);
    await client.chat.appendStream({ channel: INC, ts, markdown_text: "still here" });
    clock.advance(61_000);
    expect(await refusal(client.chat.appendStream({ channel: INC, ts, markdown_text: "x" }))).toBe(
      "message_not_in_streaming_state",
    );
    expect(slack.messages(INC).at(-1)?.streaming).toBeUndefined();
    await client.chat.update({ channel: INC, ts, text: "finished" });
    expect(slack.messages(INC).at(-1)?.text).toBe("finished");
  });

  test("in a channel need a recipient", async () => {
    const root = await slack.say(ALICE, INC, "go");
    expect(await refusal(client.chat.startStream({ channel: INC, thread_ts: root.ts }))).toBe(
      "missing_recipient_user_id",
    );
  });
});

describe("directory", () => {
  test("people and channels are found", async () => {
    const found = await client.users.lookupByEmail({ email: "ALICE@example.com" });
    expect(found.user?.id).toBe(ALICE);
    expect(await refusal(client.users.lookupByEmail({ email: "no@example.com" }))).toBe(
      "users_not_found",
    );
    expect((await client.users.info({ user: BOB })).user?.is_restricted).toBe(true);
    const list = await client.conversations.list();
    expect(list.channels?.map(({ name }) => name)).toEqual(["incidents", "quiet"]);
    const direct = await client.conversations.open({ users: BOB });
    expect(direct.channel?.id).toBe(slack.directChannel(BOB));
    const members = await client.conversations.members({ channel: INC });
    expect(members.members).toEqual([ALICE, BOB, slack.botUserId]);
    expect(await refusal(client.apiCall("chat.nonsense"))).toBe("unknown_method");
  });

  test("a view opens once, with a trigger that a person gave", async () => {
    const view = {
      type: "modal" as const,
      title: { type: "plain_text" as const, text: "T" },
      blocks: [],
    };
    expect(await refusal(client.views.open({ trigger_id: "made-up", view }))).toBe(
      "invalid_trigger_id",
    );
    await client.views.publish({ user_id: ALICE, view: { type: "home", blocks: [] } });
    expect(slack.views).toEqual([]);
  });
});
