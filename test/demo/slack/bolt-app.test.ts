import type { App } from "@slack/bolt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LocalSlack } from "#src/demo/slack/contract.ts";
import { ALICE, BOB, boltApp, INC, startWorkspace } from "./fixture.ts";

let slack: LocalSlack;
let app: App;

beforeEach(async () => {
  slack = await startWorkspace({ ackTimeoutMs: 300, retryDelaysMs: [0, 60_000] });
  app = boltApp(slack);
});

afterEach(async () => {
  await app.stop();
  await slack.close();
});

async function start(): Promise<void> {
  await app.start();
  await slack.waitForApp(5000);
}

const button = (text: string, extra: object = {}) => ({
  type: "button" as const,
  text: { type: "plain_text" as const, text },
  ...extra,
});

describe("the unmodified Bolt app, mentioned", () => {
  test("answers a mention with a streamed reply of tasks, text and buttons", async () => {
    app.event("app_mention", async ({ setStatus, sayStream }) => {
      await setStatus({ status: "is investigating…" });
      const stream = sayStream({ task_display_mode: "plan", buffer_size: 1 });
      await stream.append({
        chunks: [{ type: "task_update", id: "t1", title: "Rank causes", status: "in_progress" }],
      });
      await stream.append({ markdown_text: "**cart** " });
      await stream.append({
        chunks: [
          { type: "task_update", id: "t1", title: "Rank causes", status: "complete", output: "3" },
        ],
      });
      await stream.append({ markdown_text: "is slow." });
      await stream.stop({
        blocks: [{ type: "actions", elements: [button("OK", { action_id: "ok" })] }],
      });
    });
    await start();
    const growing = slack.waitFor((message) => message.streaming === true, 3000);
    const said = await slack.say(ALICE, "#incidents", "@orrery why is it slow?");
    expect(said.text).toBe(`<@${slack.botUserId}> why is it slow?`);
    expect((await growing).thread_ts).toBe(said.ts);
    const reply = await slack.waitFor(
      (message) => message.bot_id !== undefined && message.streaming !== true,
      3000,
    );
    expect(reply.blocks?.map((block) => block.type)).toEqual(["plan", "markdown", "actions"]);
    expect(reply.text).toBe("**cart** is slow.");
    expect(reply.blocks?.[0]).toMatchObject({ tasks: [{ status: "complete", task_id: "t1" }] });
    expect(slack.status).toEqual([]);
    expect(slack.thread(INC, said.ts)).toHaveLength(2);
    expect(slack.messages("incidents")[0]).toMatchObject({ reply_count: 1 });
  });
});

describe("the unmodified Bolt app, commanded and clicked", () => {
  test("acknowledges a command privately and answers it in the channel", async () => {
    app.command("/sre", async ({ ack, respond, command }) => {
      await ack({ text: "looking" });
      await respond({ text: `all about ${command.text}`, response_type: "in_channel" });
    });
    await start();
    await expect(slack.command(ALICE, INC, "/sre", "status cart")).resolves.toBe("delivered");
    const answer = await slack.waitFor((message) => message.text.startsWith("all about"), 3000);
    expect(answer.text).toBe("all about status cart");
    expect(answer.ephemeralTo).toBeUndefined();
    expect(slack.messages(INC)[0]).toMatchObject({ text: "looking", ephemeralTo: ALICE });
  });

  test("gets a click with value, person and message, and edits the card in place", async () => {
    app.action("approve", async ({ ack, body, action, client }) => {
      await ack();
      if (body.type !== "block_actions" || action.type !== "button") return;
      const text = `approved ${action.value} by ${body.user.id}`;
      await client.chat.update({ channel: INC, ts: body.message?.ts ?? "", text, blocks: [] });
    });
    await start();
    const confirm = {
      title: { type: "plain_text" as const, text: "Sure?" },
      text: { type: "plain_text" as const, text: "It rolls back." },
      confirm: { type: "plain_text" as const, text: "Yes" },
      deny: { type: "plain_text" as const, text: "No" },
    };
    await app.client.chat.postMessage({
      channel: INC,
      text: "card",
      blocks: [
        {
          type: "actions",
          elements: [
            button("Approve 1", { action_id: "approve", value: "a_1", confirm }),
            button("Other", { action_id: "other", value: "x" }),
          ],
        },
      ],
    });
    const [card] = slack.messages(INC);
    if (card === undefined) throw new Error("the card is missing");
    await expect(slack.click(BOB, card, "approve", { confirm: false })).resolves.toBe("dismissed");
    await expect(slack.click(ALICE, card, "approve", { value: "a_1" })).resolves.toBe("delivered");
    const edited = await slack.waitFor((message) => message.edited !== undefined, 3000);
    expect(edited).toMatchObject({ ts: card.ts, text: `approved a_1 by ${ALICE}` });
    expect(edited.blocks).toBeUndefined();
    await expect(slack.click(ALICE, card, "approve")).rejects.toMatchObject({
      code: "action_not_found",
    });
  });
});

describe("the unmodified Bolt app, with files and direct messages", () => {
  test("uploads a chart into a thread", async () => {
    await start();
    const root = await app.client.chat.postMessage({ channel: INC, text: "page" });
    const png = Buffer.from("89504e470d0a1a0a00ff00ff", "hex");
    await app.client.filesUploadV2({
      channel_id: INC,
      thread_ts: root.ts ?? "",
      initial_comment: "p95",
      file: png,
      filename: "p95.png",
      title: "p95 of cart",
      alt_text: "p95 rises",
    });
    const [file] = slack.files;
    expect(file).toMatchObject({ title: "p95 of cart", mimetype: "image/png" });
    expect(file?.bytes.equals(png)).toBe(true);
    expect(slack.thread(INC, root.ts ?? "").at(-1)).toMatchObject({
      text: "p95",
      fileIds: [file?.id],
    });
    const served = await fetch(`${slack.url}files/${file?.id}`);
    expect(served.headers.get("content-type")).toBe("image/png");
    expect(served.headers.get("content-security-policy")).toContain("sandbox");
  });

  test("sees direct messages and ordinary channel messages, and app_home_opened", async () => {
    const seen: string[] = [];
    app.message(async ({ message }) => {
      if ("text" in message) seen.push(`${message.channel_type}: ${message.text}`);
    });
    await start();
    await slack.say(ALICE, slack.directChannel(ALICE), "hello");
    await slack.say(BOB, INC, "a < b & c, see https://example.com/x");
    await expect.poll(() => seen).toHaveLength(2);
    expect(seen).toEqual(["im: hello", "channel: a &lt; b &amp; c, see <https://example.com/x>"]);
  });
});

describe("delivery", () => {
  test("an event that nobody acknowledges comes again at once, with its number and reason", async () => {
    const opened = await app.client.apps.connections.open({ token: slack.appToken });
    const seen: unknown[] = [];
    const socket = new WebSocket(opened.url ?? "");
    socket.onmessage = (event) => {
      const { type, retry_attempt, retry_reason, payload } = JSON.parse(String(event.data));
      if (type === "events_api") seen.push([retry_attempt, retry_reason, payload.event.type]);
    };
    await slack.waitForApp(3000);
    await slack.say(ALICE, slack.directChannel(ALICE), "anybody?");
    await expect.poll(() => seen.length, { timeout: 3000 }).toBe(2);
    expect(seen).toEqual([
      [0, "", "message"],
      [1, "timeout", "message"],
    ]);
    socket.close();
  });

  test("an event that found no app comes when it is back", async () => {
    const attempts: unknown[] = [];
    app.use(async ({ context, body, next }) => {
      attempts.push([context.retryNum, context.retryReason, Reflect.get(body, "event_id")]);
      await next();
    });
    await start();
    slack.faults.dropSockets();
    await slack.say(ALICE, INC, "@orrery are you there?");
    await expect.poll(() => attempts.length, { timeout: 8000 }).toBeGreaterThanOrEqual(2);
    const [first] = attempts;
    expect(first).toMatchObject([expect.any(Number), "connection_failed", expect.any(String)]);
  });

  test("a duplicate carries the same event_id", async () => {
    const ids: unknown[] = [];
    app.event("app_mention", async ({ body }) => {
      ids.push(body.event_id);
    });
    await start();
    slack.faults.duplicateNext(1);
    await slack.say(ALICE, INC, "@orrery once");
    await expect.poll(() => ids.length).toBe(2);
    expect(ids[0]).toBe(ids[1]);
  });

  test("a planned refresh brings the app back", async () => {
    let mentions = 0;
    app.event("app_mention", async () => {
      mentions += 1;
    });
    await start();
    slack.faults.refreshSockets();
    await expect
      .poll(() => slack.calls.filter(({ method }) => method === "apps.connections.open").length, {
        timeout: 8000,
      })
      .toBe(2);
    await slack.waitForApp(5000);
    await slack.say(ALICE, INC, "@orrery back?");
    await expect.poll(() => mentions).toBe(1);
  });

  test("a command without an app fails and does not hang", async () => {
    await expect(slack.command(ALICE, INC, "/sre", "status")).resolves.toBe("failed");
  });
});

describe("the driver", () => {
  test("waitFor says what was said when its time is up", async () => {
    await slack.say(ALICE, INC, "only this");
    await expect(slack.waitFor(() => false, 20)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining("only this"),
    });
  });

  test("a person can neither write nor click where they are not", async () => {
    await expect(slack.say("U0NOBODY", INC, "x")).rejects.toMatchObject({ code: "user_not_found" });
    await expect(slack.say(BOB, slack.directChannel(ALICE), "x")).rejects.toMatchObject({
      code: "not_in_channel",
    });
  });

  test("the transcript reads like the conversation", async () => {
    const root = await slack.say(ALICE, INC, "is cart slow?");
    await app.client.chat.postMessage({
      channel: INC,
      thread_ts: root.ts,
      text: "fallback",
      blocks: [
        { type: "header", text: { type: "plain_text", text: "Likely cause" } },
        { type: "section", fields: [{ type: "mrkdwn", text: "*Path*\ncart" }] },
        { type: "actions", elements: [button("Approve", { action_id: "a" })] },
      ],
    });
    expect(slack.transcript().replace(/\d\d:\d\d:\d\d/g, "T")).toBe(
      "#incidents T alice\n  is cart slow?\n\n" +
        "#incidents T ↳ orrery\n    Likely cause\n    *Path*: cart\n    [Approve]",
    );
  });
});
