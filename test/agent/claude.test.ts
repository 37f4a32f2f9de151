import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import nock from "nock";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { checkClaude, createClaude } from "../../src/agent/claude.ts";
import { ModelFailure } from "../../src/agent/model-failure.ts";
import { streamReply } from "../../src/agent/reply-stream.ts";
import { systemClock } from "../../src/clock.ts";
import { PAGE, startAgent } from "./running-agent.ts";

const API = "https://api.anthropic.com";

beforeAll(() => nock.disableNetConnect());
afterEach(() => nock.cleanAll());
afterAll(() => {
  nock.enableNetConnect();
  nock.restore();
});

const sse = (...events: readonly { readonly type: string }[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

const STREAM = sse(
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-opus-5-5",
      content: [],
      stop_reason: null,
      usage: { input_tokens: 12, cache_read_input_tokens: 30, output_tokens: 1 },
    },
  } as { type: string },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } } as {
    type: string;
  },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello." } } as {
    type: string;
  },
  { type: "content_block_stop", index: 0 } as { type: string },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 4 } } as {
    type: string;
  },
  { type: "message_stop" },
);
const EVENTS = { "content-type": "text/event-stream" };

function ask() {
  const llm = createClaude({ apiKey: "sk-test" });
  const request = {
    messages: [new SystemMessage("be brief"), new HumanMessage("hi")],
    tools: [
      { name: "look", description: "looks", input_schema: { type: "object", properties: {} } },
    ],
    toolChoice: "auto" as const,
    signal: new AbortController().signal,
  };
  const heard: string[] = [];
  return streamReply(llm, request, systemClock, (text) => heard.push(text)).then((reply) => ({
    reply,
    heard,
  }));
}

describe("the loop's way to Claude", () => {
  test("is the current API with the key of the settings, and nothing that it does not know", async () => {
    let sent: Record<string, unknown> = {};
    nock(API, {
      reqheaders: { authorization: "Bearer sk-test", "anthropic-version": "2026-10-21" },
    })
      .post("/v1/messages", (body: Record<string, unknown>) => {
        sent = body;
        return true;
      })
      .reply(200, STREAM, EVENTS);
    const { reply, heard } = await ask();
    expect(heard).toEqual(["Hello."]);
    expect(reply).toMatchObject({
      text: "Hello.",
      stopReason: "end_turn",
      calls: [],
      inputTokens: 42,
    });
    expect(sent).toMatchObject({
      model: "claude-opus-5-5",
      stream: true,
      system: "be brief",
      thinking: { type: "adaptive" },
      output_config: { effort: "medium" },
    });
    expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(["temperature"]));
  });

  test.each([
    [429, { "retry-after": "7" }, "overloaded", 7_000],
    [529, {}, "overloaded", undefined],
    [500, {}, "overloaded", undefined],
    [401, {}, "rejected", undefined],
    [413, {}, "rejected", undefined],
  ] as const)("tells a %i apart, asked once", async (status, headers, kind, retryAfterMs) => {
    const error = { type: "error", error: { type: "x", message: "no" } };
    const scope = nock(API).post("/v1/messages").reply(status, error, headers);
    const failure = await ask().catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ModelFailure);
    expect(failure).toMatchObject({ kind, retryAfterMs });
    expect(scope.isDone()).toBe(true);
    expect(nock.pendingMocks()).toEqual([]);
  });

  test("tells a stream without its end from a whole one", async () => {
    nock(API).post("/v1/messages").reply(200, STREAM.split("event: message_delta")[0], EVENTS);
    expect(await ask().catch((thrown: unknown) => thrown)).toMatchObject({ kind: "cut" });
  });
});

describe("the check at the start", () => {
  const counts = () => nock(API).post("/v1/messages/count_tokens");

  test("is silent when all is well", async () => {
    counts().reply(200, { input_tokens: 5 });
    expect(await checkClaude({ apiKey: "sk-test" })).toBeUndefined();
  });

  test.each([
    [401, "does not accept the key in ANTHROPIC_API_KEY (401)"],
    [404, "knows no model claude-opus-5-5"],
    [400, "refuses requests for claude-opus-5-5"],
    [503, "answers with 503"],
  ])("says in one line what a %i means", async (status, words) => {
    counts().reply(status, { type: "error", error: { type: "x", message: "sk-test at /srv" } });
    const line = await checkClaude({ apiKey: "sk-test" });
    expect(line).toContain(words);
    expect(line).not.toMatch(/sk-test|\n/);
  });

  test("says when the address is wrong", async () => {
    nock("http://gateway.invalid").post("/v1/messages/count_tokens").replyWithError("ENOTFOUND");
    const line = await checkClaude({ apiKey: "k", baseUrl: "http://gateway.invalid" });
    expect(line).toBe(
      "Claude cannot be reached at http://gateway.invalid; check ANTHROPIC_BASE_URL and the network",
    );
  });
});

test("nothing is sent to LangSmith, whatever the environment says", async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    LANGSMITH_TRACING: "true",
    LANGCHAIN_TRACING_V2: "true",
    LANGSMITH_API_KEY: "ls-key",
    LANGSMITH_ENDPOINT: "http://langsmith.invalid",
  });
  const sent: string[] = [];
  const heard = (request: Request): void => {
    sent.push(request.url);
  };
  nock.emitter.on("no match", heard);
  try {
    nock(API).post("/v1/messages").times(2).reply(200, STREAM, EVENTS);
    expect((await startAgent().ask(PAGE)).end.outcome).toBe("complete");
    const told = await startAgent({ claude: { apiKey: "k" } }).ask(PAGE);
    expect(told.text).toBe("Hello.");
    // The tracer sends in batches, a moment later.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(sent).toEqual([]);
  } finally {
    nock.emitter.off("no match", heard);
    for (const key of Object.keys(process.env)) if (!(key in before)) delete process.env[key];
  }
});
