import { afterEach, describe, expect, test } from "vitest";
import {
  type FakeClaude,
  type FakeReply,
  requestText,
  type Script,
  startFakeClaude,
  toolResults,
} from "../support/fake-claude.ts";
import { type AgentOptions, PAGE, question, startAgent, type TestAgent } from "./running-agent.ts";

const open: FakeClaude[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((fake) => fake.close()));
});

async function withClaude(
  script: Script,
  options: AgentOptions = {},
): Promise<{ readonly agent: TestAgent; readonly fake: FakeClaude }> {
  const fake = await startFakeClaude(script);
  open.push(fake);
  const agent = startAgent({ claude: { apiKey: "sk-test", baseUrl: fake.url }, ...options });
  agent.clock.skipUpTo(20_000);
  return { agent, fake };
}

/** Replies one after another; the last one for ever. */
const scripted =
  (...replies: readonly FakeReply[]): Script =>
  (_request, number) =>
    replies[Math.min(number, replies.length) - 1] ?? {};

const LOOK: FakeReply = {
  thinking: "Rank first.",
  calls: [
    { name: "rank_causes", input: { about: "product" } },
    { name: "get_slo_status", input: {} },
  ],
};

describe("a turn on Claude", () => {
  test("looks, is answered, and says what it can prove", async () => {
    const { agent, fake } = await withClaude(
      scripted(LOOK, {
        text: "The p95 is {{e1.p95Ms}} [e1].\n\n- Likely {{e2.probability}} catalog 1.1.0.",
      }),
    );
    const told = await agent.ask(PAGE);
    expect(told.end).toMatchObject({ outcome: "complete", llm: "claude-opus-5-5" });
    expect(told.text).toMatch(/^The p95 is \d+ ms \[e1\]\.\n\n- Likely \d+ % catalog 1\.1\.0\.$/);
    expect(told.calls).toEqual(["rank_causes", "get_slo_status"]);
    expect(told.end.usage).toMatchObject({ modelCalls: 2, toolCalls: 2, claimsDropped: 0 });
    expect(told.end.usage.inputTokens).toBeGreaterThan(1_000);
    expect(agent.logged).toEqual([]);
    const [first, second] = fake.requests;
    expect(first?.headers.authorization).toBe("Bearer sk-test");
    expect(first?.headers["anthropic-version"]).toBe("2026-10-21");
    expect(first?.body).toMatchObject({
      model: "claude-opus-5-5",
      stream: true,
      thinking: { type: "adaptive" },
      cache_control: { type: "ephemeral" },
    });
    expect(first?.body).not.toHaveProperty("temperature");
    expect(second?.body.system).toBe(first?.body.system);
    expect(second?.body.tools).toEqual(first?.body.tools);
  });

  test("streams sentences before the reply has ended", async () => {
    const { agent } = await withClaude(scripted({ text: "First. Second", hangAfter: 6 }));
    const seen: string[] = [];
    const stopping = new AbortController();
    for await (const event of agent.events(PAGE, { signal: stopping.signal })) {
      if (event.type === "text-delta") {
        seen.push(event.text);
        stopping.abort();
      }
    }
    expect(seen).toEqual(["First."]);
  });

  test("sends its own thinking back unchanged, with each call answered in one message", async () => {
    const { agent, fake } = await withClaude(scripted(LOOK, { text: "Done." }));
    await agent.ask(PAGE);
    const [, assistant, results] = fake.requests[1]?.body.messages ?? [];
    expect(assistant?.content).toMatchObject([
      { type: "thinking", thinking: "Rank first.", signature: "signed-1" },
      { type: "tool_use", id: "toolu_1_0", name: "rank_causes", input: { about: "product" } },
      { type: "tool_use", id: "toolu_1_1", name: "get_slo_status" },
    ]);
    expect(results?.content).toHaveLength(2);
  });

  test("sees earlier turns, without their thinking", async () => {
    const { agent, fake } = await withClaude(
      scripted(LOOK, { thinking: "secret", text: "Likely catalog." }, { text: "Yes." }),
    );
    await agent.ask(PAGE);
    await agent.ask(question("are you sure?"));
    const text = requestText(fake.requests[2] ?? { headers: {}, body: {} as never });
    expect(text).toContain("Likely catalog.");
    expect(text).toContain("are you sure?");
    expect(text).toContain("rank_causes");
    expect(text).not.toContain("Rank first.");
    expect(text).not.toContain("secret");
  });
});

describe("claims", () => {
  test("a sentence that cannot be proven is held, told, and said again", async () => {
    const { agent, fake } = await withClaude(
      scripted(
        LOOK,
        { text: "It is catalog. It takes 999 ms now. The rest is well." },
        { text: "It takes {{e1.p95Ms}} now. The rest is well." },
      ),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toMatch(/^It is catalog\. It takes \d+ ms now\. The rest is well\.$/);
    expect(told.text).not.toContain("999");
    expect(told.end).toMatchObject({ outcome: "complete", usage: { claimsDropped: 0 } });
    const retry = fake.requests[2];
    expect(retry?.body.tool_choice).toEqual({ type: "none" });
    const note = requestText(retry ?? { headers: {}, body: {} as never });
    expect(note).toContain("It takes 999 ms now.");
    expect(note).toContain("stands in no evidence");
  });

  test("what fails twice is left out and counted", async () => {
    const { agent } = await withClaude(
      scripted(LOOK, { text: "Fine. It takes 999 ms." }, { text: "It takes 998 ms. Good night." }),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toBe("Fine. Good night.");
    expect(told.end.usage.claimsDropped).toBe(1);
    expect(agent.meter.get("orrery_agent_claims_dropped_total")).toBe(1);
  });

  test("when nothing can be proven, code says what is known", async () => {
    const { agent } = await withClaude(scripted(LOOK, { text: "It takes 999 ms." }));
    const told = await agent.ask(PAGE);
    expect(told.end).toMatchObject({ outcome: "partial" });
    expect(told.text).toContain("nothing of what was written could be proven");
    expect(told.text).toContain("**Likely cause:** catalog 1.1.0 became slower");
    expect(told.text).not.toContain("999");
  });

  test("between tool calls it is left out, and the model is told", async () => {
    const { agent, fake } = await withClaude(
      scripted({ ...LOOK, text: "I look. It has 42 errors." }, { text: "Done." }),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toBe("I look.\n\nDone.");
    expect(told.end.usage.claimsDropped).toBe(1);
    expect(requestText(fake.requests[1] ?? { headers: {}, body: {} as never })).toContain(
      "It has 42 errors.",
    );
  });
});

describe("a failing Claude", () => {
  test("that is overloaded for a moment is asked again", async () => {
    const { agent, fake } = await withClaude(
      scripted(
        { status: 529 },
        { status: 429, headers: { "retry-after": "2" } },
        { text: "Here." },
      ),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toBe("Here.");
    expect(told.end).toMatchObject({ outcome: "complete", llm: "claude-opus-5-5" });
    expect(fake.requests).toHaveLength(3);
  });

  test("that stays overloaded is stood in for, in one line", async () => {
    const { agent, fake } = await withClaude(scripted({ status: 529 }));
    const told = await agent.ask(PAGE);
    expect(fake.requests).toHaveLength(3);
    expect(told.text).toMatch(
      /^_Claude did not answer \(overloaded\); the offline investigator goes on\._\n\n\*\*Hurt:\*\*/,
    );
    expect(told.end).toMatchObject({
      outcome: "complete",
      llm: "offline investigator (Claude did not answer: overloaded)",
    });
    expect(agent.written.proposals).toHaveLength(1);
  });

  test("that wants a long pause is not waited for", async () => {
    const { agent, fake } = await withClaude(
      scripted({ status: 429, headers: { "retry-after": "600" } }),
    );
    const told = await agent.ask(PAGE);
    expect(fake.requests).toHaveLength(1);
    expect(told.end.llm).toContain("it wants fewer requests");
  });

  test.each([
    [401, "it does not accept the key"],
    [404, "it does not know the model"],
    [400, "it rejects the request"],
  ])("that answers %i is not asked twice", async (status, reason) => {
    const { agent, fake } = await withClaude(scripted({ status }));
    const told = await agent.ask(PAGE);
    expect(fake.requests).toHaveLength(1);
    expect(told.end.llm).toContain(reason);
    expect(told.end.outcome).toBe("complete");
  });
});

describe("a reply that breaks off", () => {
  test.each([
    ["whose line breaks", { text: "Half a. Reply", cutAfter: 5 }],
    ["whose stream ends without its end", { text: "Half a. Reply", closeAfter: 5 }],
  ] as const)("%s is asked once more, and what was shown is taken back", async (_name, broken) => {
    const { agent } = await withClaude(scripted(LOOK, broken, { text: "A whole one." }));
    const told = await agent.ask(PAGE);
    const reset = told.events.findIndex((event) => event.type === "text-reset");
    expect(told.events[reset]).toMatchObject({ reason: expect.stringContaining("broke off") });
    expect(told.text).toBe("A whole one.");
    expect(told.calls).toEqual(["rank_causes", "get_slo_status"]);
    expect(told.end.llm).toBe("claude-opus-5-5");
  });

  test("whose line breaks twice is stood in for", async () => {
    const { agent, fake } = await withClaude(
      scripted(LOOK, { text: "Half a. Reply", cutAfter: 5 }),
    );
    const told = await agent.ask(PAGE);
    expect(fake.requests).toHaveLength(3);
    expect(told.text).not.toContain("Half");
    expect(told.end.llm).toContain("its reply broke off");
    expect(told.text).toContain("**Likely cause:**");
  });

  test("that fails in the middle of a stream is asked again", async () => {
    const { agent } = await withClaude(
      scripted({ text: "Half a. Reply", failAfter: 5 }, { text: "A whole one." }),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toBe("A whole one.");
  });
});

describe("a Claude that does not answer", () => {
  test("because it refuses is stood in for", async () => {
    const { agent, fake } = await withClaude(
      scripted(LOOK, { text: "I cannot help. With that", stopReason: "refusal" }),
    );
    const told = await agent.ask(PAGE);
    expect(fake.requests).toHaveLength(2);
    expect(told.text).not.toContain("I cannot help");
    expect(told.end).toMatchObject({
      outcome: "complete",
      llm: expect.stringContaining("it refused"),
    });
  });

  test("that says nothing is asked once more", async () => {
    const { agent } = await withClaude(scripted({}, { text: "Something." }));
    expect((await agent.ask(PAGE)).text).toBe("Something.");
  });

  test("that falls silent is given up after its time", async () => {
    const { agent } = await withClaude(scripted({ text: "Half a. Reply", hangAfter: 5 }));
    const asked = agent.ask(PAGE);
    await expect
      .poll(() => agent.meter.get("orrery_agent_model_calls_total", { llm: "claude-opus-5-5" }))
      .toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await agent.clock.advance(121_000);
    const told = await asked;
    expect(told.end.llm).toContain("no sign of it for 120 s");
    expect(told.text).toContain("**Likely cause:**");
  });

  test("that cannot be reached is stood in for", async () => {
    const agent = startAgent({ claude: { apiKey: "k", baseUrl: "http://127.0.0.1:9" } });
    agent.clock.skipUpTo(20_000);
    const told = await agent.ask(PAGE);
    expect(told.end).toMatchObject({
      outcome: "complete",
      llm: "offline investigator (Claude did not answer: it cannot be reached)",
    });
  });

  test("is tried again with the next question", async () => {
    const { agent } = await withClaude(scripted({ status: 401 }, { text: "I am back." }));
    await agent.ask(PAGE);
    const told = await agent.ask(question("and now?"));
    expect(told).toMatchObject({ text: "I am back.", end: { llm: "claude-opus-5-5" } });
  });
});

describe("a reply cut at its length", () => {
  test("is shown to its last whole sentence and labelled", async () => {
    const { agent } = await withClaude(
      scripted(LOOK, { text: "It is catalog. Because of the", stopReason: "max_tokens" }),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toBe("It is catalog.");
    expect(told.end).toMatchObject({
      outcome: "partial",
      reason: "the answer is cut at its limit of length",
    });
  });

  test("runs its whole calls, and not the half one", async () => {
    const { agent, fake } = await withClaude(
      scripted(
        {
          calls: [
            { name: "get_slo_status", input: {} },
            { name: "get_entity", json: '{"entity": "cat' },
          ],
          stopReason: "max_tokens",
        },
        { text: "Done." },
      ),
    );
    const told = await agent.ask(PAGE);
    expect(told.calls).toEqual(["get_slo_status"]);
    expect(told.text).toBe("Done.");
    expect(fake.requests).toHaveLength(2);
  });

  test("without a word is stood in for", async () => {
    const { agent } = await withClaude(scripted({ thinking: "hm", stopReason: "max_tokens" }));
    expect((await agent.ask(PAGE)).end.llm).toContain("it ran out of room");
  });
});

describe("broken tool calls", () => {
  test("get typed answers that the model can act on", async () => {
    const { agent, fake } = await withClaude(
      scripted(
        {
          calls: [
            { name: "get_entity", json: '{"entity": ' },
            { name: "drop_database", input: { all: true } },
            { name: "get_entity", input: { entity: 7, extra: 1 } },
            { name: "get_entity", input: { entity: "catalgo" } },
          ],
        },
        { text: "Done." },
      ),
    );
    const told = await agent.ask(PAGE);
    const results = toolResults(fake.requests[1] ?? { headers: {}, body: {} as never });
    expect(results).toHaveLength(4);
    expect(results[0]).toContain("input_unreadable");
    expect(results[1]).toContain("tool_unknown");
    expect(results[2]).toContain("input_invalid");
    expect(results[3]).toContain("entity_unknown");
    expect(results.join()).not.toMatch(/ at .*\.ts|node_modules/);
    expect(told.end.outcome).toBe("complete");
  });

  test("under ids that the model has used before still have an answer each", async () => {
    const same: FakeReply = { calls: [{ name: "get_slo_status", id: "toolu_x", input: {} }] };
    const { agent, fake } = await withClaude(
      scripted({ calls: [...(same.calls ?? []), { name: "survey_system", id: "toolu_x" }] }, same, {
        text: "Done.",
      }),
    );
    const told = await agent.ask(PAGE);
    expect(told.end).toMatchObject({ outcome: "complete", llm: "claude-opus-5-5" });
    expect(told.calls).toEqual(["get_slo_status", "survey_system", "get_slo_status"]);
    expect(fake.requests).toHaveLength(3);
  });
});
