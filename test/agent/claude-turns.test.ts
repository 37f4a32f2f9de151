import { describe, expect, test } from "vitest";
import { z } from "zod";
import { answer } from "../../tools/answer.ts";
import { defineTool, type ToolContext } from "../../tools/define-tool.ts";
import { type FakeReply, type Script, toolResults } from "../support/fake-claude.ts";
import { at, SHOP_S } from "../tools/tool-world.ts";
import { manualClock } from "./manual-clock.ts";
import { PAGE, question } from "./running-agent.ts";
import { API_KEY, LOOK, requestOf, scripted, sent, withClaude } from "./running-claude.ts";

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
    expect(first?.headers.authorization).toBe(`Bearer ${API_KEY}`);
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
    const text = sent(fake, 3);
    expect(text).toContain("Likely catalog.");
    expect(text).toContain("are you sure?");
    expect(text).toContain("rank_causes");
    expect(text).not.toContain("Rank first.");
    expect(text).not.toContain("secret");
  });
});

describe("while the model thinks", () => {
  const seen: ToolContext[] = [];
  const watching = defineTool({
    name: "survey_system",
    description: "",
    input: z.object({}),
    output: z.object({}),
    effect: "read",
    timeoutMs: 1_000,
    run: (context) => {
      seen.push(context);
      return answer({}, []);
    },
  });
  const TWO = [1, 2].map(() => ({ name: "survey_system", input: {} }));

  test.each([
    ["for long, the system goes on, and its next calls see it together", 30_000, 2],
    ["for a moment, its calls see what stood at the start", 1_000, 1],
  ])("%s", async (_how, thinksMs, contexts) => {
    seen.length = 0;
    const clock = manualClock(at(SHOP_S + 10));
    const script: Script = (_request, number) => {
      void clock.advance(thinksMs);
      return number === 1 ? { calls: TWO } : { text: "Done." };
    };
    const { agent } = await withClaude(script, { clock, tools: [watching] });
    await agent.ask(PAGE);
    expect(agent.contexts).toHaveLength(contexts);
    const newest = agent.contexts.at(-1);
    expect(seen).toHaveLength(2);
    expect(seen.every(({ viewAt }) => viewAt === newest?.viewAt)).toBe(true);
  });
});

describe("a slip of the model", () => {
  test("tells the model how a call was wrong, and its reader only that it was", async () => {
    const { agent, fake } = await withClaude(
      scripted(
        {
          calls: [
            { name: "propose_action", input: { action: { type: "run", command: "rm" } } },
            { name: "run_command", input: {} },
          ],
        },
        { text: "Done." },
      ),
    );
    const told = await agent.ask(PAGE);
    expect(told.events.filter((one) => one.type === "tool-result")).toMatchObject([
      { ok: false, summary: "asked in a form that there is not" },
      { ok: false, summary: "asked in a form that there is not" },
    ]);
    expect(sent(fake, 2)).toContain("action.type must be one of rollback");
    expect(sent(fake, 2)).toContain("There is no tool run_command.");
  });

  test("does not show that it did what only a person can have done", async () => {
    const { agent } = await withClaude(
      scripted(
        { text: "The flag is the cause. I have turned it off. It came before." },
        { text: " I turned it off. It came before." },
      ),
    );
    const told = await agent.ask(PAGE);
    expect(told.text).toBe("The flag is the cause. It came before.");
    expect(told.end.usage.claimsDropped).toBe(1);
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
    expect(requestOf(fake, 3).body.tool_choice).toEqual({ type: "none" });
    const note = sent(fake, 3);
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
    expect(sent(fake, 2)).toContain("It has 42 errors.");
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
    const results = toolResults(requestOf(fake, 2));
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
