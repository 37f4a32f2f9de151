import { describe, expect, test } from "vitest";
import { PAGE, question, startAgent } from "./running-agent.ts";
import { LOOK, scripted, withClaude } from "./running-claude.ts";

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

describe("the stand-in", () => {
  test("goes on from what Claude has found, and proposes nothing a second time", async () => {
    const { agent } = await withClaude(
      scripted(
        LOOK,
        {
          calls: [
            {
              name: "propose_action",
              input: {
                action: { type: "rollback", service: "catalog", toVersion: "1.0.0" },
                reason: "catalog is slower on its new version",
                evidenceIds: ["e2"],
              },
            },
            {
              name: "record_hypothesis",
              input: { title: "catalog became slower", stance: "leading", evidenceFor: ["e2"] },
            },
          ],
        },
        { status: 401 },
      ),
    );
    const told = await agent.ask(PAGE);
    expect(told.end.llm).toContain("offline investigator (");
    expect(agent.written.proposals).toHaveLength(1);
    expect(agent.written.hypotheses).toHaveLength(1);
    expect(told.calls.filter((tool) => tool === "rank_causes")).toHaveLength(1);
    expect(told.text).toContain('**Do:** "Roll back catalog to 1.0.0" is proposed');
  });
});

test("a reply without end is given up", async () => {
  const { agent } = await withClaude(scripted({ text: "word ".repeat(30_000) }));
  const told = await agent.ask(PAGE);
  expect(told.end.llm).toContain("its reply has no end");
  expect(told.text.length).toBeLessThan(5_000);
});
