import nock from "nock";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter } from "../../src/meter.ts";
import { createOutbox, type Outbox } from "../../src/slack/outbox.ts";
import { createClients } from "../../src/slack/wire.ts";
import type { Store } from "../../src/store/store.ts";
import { createMemoryStore } from "../support/memory-store.ts";

const SLACK = "https://slack.com";
const post = {
  key: "incident/i-1/page",
  channel: "C0CHECKOUT",
  message: { text: "hello", blocks: [] },
};
/** Does not wait, but keeps count of how long it would have. */
let sleptMs = 0;
let store: Store;

function outbox(): Outbox {
  const config = {
    botToken: "xoxb-test",
    appToken: "xapp-test",
    approvers: [],
    defaultChannel: "x",
  };
  const clock = {
    ...systemClock,
    sleep: async (ms: number) => {
      sleptMs += ms;
    },
  };
  const log = silentLog;
  return createOutbox({
    clients: createClients(config, log),
    store,
    clock,
    log,
    meter: createMeter(),
  });
}
const posted = (ts: string): object => ({ ok: true, channel: "C0CHECKOUT", ts });
const inHistory = (key: string, ts: string): object => ({
  ok: true,
  messages: [
    {
      ts,
      user: "U0ORRERY",
      text: "hello",
      metadata: { event_type: "orrery_post", event_payload: { key } },
    },
  ],
});

beforeEach(() => {
  nock.disableNetConnect();
  sleptMs = 0;
  store = createMemoryStore();
});
afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
  nock.enableNetConnect();
});

test("a key is posted once, also by two at the same time and after a restart", async () => {
  nock(SLACK).post("/api/chat.postMessage").reply(200, posted("1.1"));
  const first = outbox();
  const both = await Promise.all([first.post(post), first.post(post)]);
  const again = await outbox().post(post);
  for (const one of [...both, again]) expect(one).toEqual({ channel: "C0CHECKOUT", ts: "1.1" });
});

test("the message carries its key and makes no previews", async () => {
  const bodies: Record<string, unknown>[] = [];
  nock(SLACK)
    .post("/api/chat.postMessage", (body) => {
      bodies.push(body);
      return true;
    })
    .reply(200, posted("1.1"));
  await outbox().post(post);
  expect(bodies[0]).toMatchObject({ unfurl_links: "false", unfurl_media: "false" });
  expect(JSON.parse(String(bodies[0]?.metadata))).toEqual({
    event_type: "orrery_post",
    event_payload: { key: post.key },
  });
});

test("429 is waited for, as long as Slack says", async () => {
  nock(SLACK)
    .post("/api/chat.postMessage")
    .reply(429, { ok: false, error: "ratelimited" }, { "retry-after": "7" })
    .post("/api/chat.postMessage")
    .reply(200, posted("1.2"));
  expect(await outbox().post(post)).toEqual({ channel: "C0CHECKOUT", ts: "1.2" });
  expect(sleptMs).toBe(7_000);
});

test("a wait of minutes is left to the caller, and the next call sends", async () => {
  nock(SLACK).post("/api/chat.postMessage").reply(429, {}, { "retry-after": "600" });
  await expect(outbox().post(post)).rejects.toMatchObject({ code: "slack_rate_limited" });
  nock(SLACK)
    .post("/api/conversations.history")
    .times(2)
    .reply(200, { ok: true, messages: [] })
    .post("/api/chat.postMessage")
    .reply(200, posted("1.3"));
  expect(await outbox().post(post)).toMatchObject({ ts: "1.3" });
});

test("an error of the server is looked into, and a message that is there is not posted again", async () => {
  nock(SLACK)
    .post("/api/chat.postMessage")
    .reply(500, "oops")
    .post("/api/conversations.history")
    .reply(200, inHistory(post.key, "1.4"));
  expect(await outbox().post(post)).toEqual({ channel: "C0CHECKOUT", ts: "1.4" });
});

test("a message that is not there after two looks is posted again", async () => {
  nock(SLACK)
    .post("/api/chat.postMessage")
    .replyWithError("socket hang up")
    .post("/api/conversations.history")
    .times(2)
    .reply(200, inHistory("another/key", "1.1"))
    .post("/api/chat.postMessage")
    .reply(200, posted("1.5"));
  expect(await outbox().post(post)).toEqual({ channel: "C0CHECKOUT", ts: "1.5" });
});

test("when nobody can look, it stays unknown; the next attempt looks before it sends", async () => {
  nock(SLACK).post("/api/chat.postMessage").reply(500, "oops");
  nock(SLACK).post("/api/conversations.history").reply(200, { ok: false, error: "missing_scope" });
  await expect(outbox().post(post)).rejects.toMatchObject({ code: "slack_unclear" });
  expect(await store.get("slack-outbox", post.key)).toMatchObject({ state: "unknown" });
  nock(SLACK).post("/api/conversations.history").reply(200, inHistory(post.key, "1.6"));
  expect(await outbox().post(post)).toEqual({ channel: "C0CHECKOUT", ts: "1.6" });
});

test("a crash between send and note is found out by looking", async () => {
  const row = { state: "sending", channel: "C0CHECKOUT", startedMs: systemClock.nowMs() };
  await store.insertIfAbsent("slack-outbox", post.key, row);
  nock(SLACK).post("/api/conversations.history").reply(200, inHistory(post.key, "1.7"));
  expect(await outbox().post(post)).toEqual({ channel: "C0CHECKOUT", ts: "1.7" });
});

test("blocks that Slack refuses are posted as text", async () => {
  nock(SLACK)
    .post("/api/chat.postMessage", /blocks=/)
    .reply(200, { ok: false, error: "invalid_blocks" })
    .post("/api/chat.postMessage", (body) => !("blocks" in body))
    .reply(200, posted("1.8"));
  const message = { text: "hello", blocks: [{ type: "divider" as const }] };
  expect(await outbox().post({ ...post, message })).toMatchObject({ ts: "1.8" });
});

test("what Slack refuses for good is told with what to do", async () => {
  nock(SLACK).post("/api/chat.postMessage").reply(200, { ok: false, error: "not_in_channel" });
  await expect(outbox().post(post)).rejects.toMatchObject({
    code: "slack_refused",
    message: expect.stringMatching(/not_in_channel.*invite the app/),
  });
});

test("a page of a proxy instead of an answer is unclear, not refused", async () => {
  nock(SLACK)
    .post("/api/chat.postMessage")
    .reply(200, "<html>captive portal</html>")
    .post("/api/conversations.history")
    .reply(200, inHistory(post.key, "1.9"));
  expect(await outbox().post(post)).toMatchObject({ ts: "1.9" });
});

test("an edit that changes nothing costs no call", async () => {
  nock(SLACK).post("/api/chat.update").reply(200, { ok: true });
  const one = outbox();
  const where = { channel: "C0CHECKOUT", ts: "1.1" };
  await one.edit(where, post.message);
  await one.edit(where, post.message);
});
