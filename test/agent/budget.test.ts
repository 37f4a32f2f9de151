import { describe, expect, test } from "vitest";
import { OperationError } from "../../src/errors.ts";
import type { FakeReply } from "../support/fake-claude.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { PAGE, question, startAgent } from "./running-agent.ts";
import { sent, withClaude } from "./running-claude.ts";

const RANK: FakeReply = { calls: [{ name: "rank_causes" }] };

describe("a budget that ends", () => {
  test("of model calls asks for the findings with the last one", async () => {
    const { agent, fake } = await withClaude(
      ({ body }) => (body.tool_choice?.type === "none" ? { text: "What I know: catalog." } : RANK),
      { budget: { modelCalls: 3 } },
    );
    const told = await agent.ask(PAGE);
    expect(fake.requests).toHaveLength(3);
    expect(sent(fake, 3)).toContain(
      "This turn has to end, because its 3 calls of the model are spent.",
    );
    expect(told.text).toBe("What I know: catalog.");
    expect(told.end).toMatchObject({
      outcome: "partial",
      reason: "its 3 calls of the model are spent",
      llm: "claude-opus-5-5",
    });
  });

  test("is labelled and written by code when the model goes on looking", async () => {
    const { agent, fake } = await withClaude(() => RANK, { budget: { modelCalls: 3 } });
    const told = await agent.ask(PAGE);
    expect(fake.requests.length).toBeLessThanOrEqual(4);
    expect(told.text).toContain("_What is known so far (its 3 calls of the model are spent):_");
    expect(told.text).toContain("**Likely cause:** catalog 1.1.0 became slower");
    expect(told.end).toMatchObject({ outcome: "partial", llm: "claude-opus-5-5" });
  });

  test("of tool calls refuses the rest and asks for the findings", async () => {
    const many: FakeReply = {
      calls: Array.from({ length: 6 }, () => ({ name: "get_slo_status" })),
    };
    const { agent } = await withClaude(
      ({ body }) => (body.tool_choice?.type === "none" ? { text: "Enough." } : many),
      { budget: { toolCalls: 4 } },
    );
    const told = await agent.ask(PAGE);
    expect(told.end).toMatchObject({
      outcome: "partial",
      reason: "its 4 tool calls are spent",
      usage: { toolCalls: 4, modelCalls: 2 },
    });
    expect(told.events.filter((event) => event.type === "tool-result" && !event.ok)).toHaveLength(
      2,
    );
    expect(told.text).toBe("Enough.");
  });

  test("of tokens ends the turn", async () => {
    const { agent } = await withClaude(() => RANK, { budget: { inputTokens: 20_000 } });
    const told = await agent.ask(PAGE);
    expect(told.end).toMatchObject({
      outcome: "partial",
      reason: expect.stringContaining("tokens"),
    });
    expect(told.text).toContain("**Likely cause:**");
  });
});

describe("time that ends", () => {
  test("ends a turn whose model does not answer", async () => {
    const { agent } = await withClaude(
      (_request, number) => (number === 1 ? RANK : { hangAfter: 3, text: "x" }),
      { budget: { wallMs: 60_000 } },
    );
    const asked = agent.ask(PAGE);
    const calls = () =>
      agent.meter.get("orrery_agent_model_calls_total", { llm: "claude-opus-5-5" });
    await expect.poll(calls).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await agent.clock.advance(60_001);
    const told = await asked;
    expect(told.end).toMatchObject({ outcome: "partial", reason: "its time of 1 min is over" });
    expect(told.text).toContain("**Likely cause:** catalog 1.1.0 became slower");
    expect(told.end.usage.durationMs).toBeGreaterThanOrEqual(60_000);
  });

  test("keeps what the reader has of the answer", async () => {
    const { agent } = await withClaude(
      () => ({ text: "It is catalog. And the rest of", hangAfter: 7 }),
      { budget: { wallMs: 60_000 } },
    );
    const seen: string[] = [];
    for await (const event of agent.events(PAGE)) {
      if (event.type === "text-delta") {
        seen.push(event.text);
        await agent.clock.advance(60_001);
      }
      if (event.type === "turn-end") expect(event).toMatchObject({ outcome: "partial" });
    }
    expect(seen).toEqual(["It is catalog."]);
  });
});

test("the offline investigator ends in the same way", async () => {
  for (const modelCalls of [1, 2, 3, 4, 5]) {
    const told = await startAgent({ budget: { modelCalls } }).ask(PAGE);
    expect(told.end.outcome).toBe("partial");
    expect(told.end.reason).toContain("calls of the model are spent");
    expect(told.text.trim()).not.toBe("");
  }
  const told = await startAgent({ budget: { modelCalls: 20 } }).ask(PAGE);
  expect(told.end.outcome).toBe("complete");
});

test("a question costs a fraction of an investigation", async () => {
  const agent = startAgent();
  const page = await agent.ask(PAGE);
  const asked = await agent.ask(question("status of catalog"));
  expect(asked.end.usage.modelCalls).toBeLessThan(page.end.usage.modelCalls / 2);
});

test("trouble of our own ends the turn as failed, with one line and no more", async () => {
  const agent = startAgent({
    context: {
      playbookNames: () => {
        throw new Error("secret detail at /srv/app.ts");
      },
    },
    store: {
      ...createMemoryStore(),
      read: async () => {
        throw new Error("disk at /var/lib is gone");
      },
    },
  });
  const told = await agent.ask(PAGE);
  expect(told.events.map((event) => event.type)).toEqual(["turn-end"]);
  expect(told.end).toMatchObject({
    outcome: "failed",
    reason: "something inside went wrong; it is logged",
  });
  expect(agent.logged.join()).toContain("disk at /var/lib is gone");
});

test("what the turn cannot do without ends it with the words of who refused", async () => {
  const agent = startAgent({
    context: {
      get view(): never {
        throw new OperationError(
          "world_not_ready",
          "The model has seen nothing yet; ask again in a minute.",
        );
      },
    },
  });
  const told = await agent.ask(PAGE);
  expect(told.end).toMatchObject({
    outcome: "failed",
    reason: "The model has seen nothing yet; ask again in a minute.",
  });
});
