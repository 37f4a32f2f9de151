import { describe, expect, test } from "vitest";
import { PAGE, question, startAgent, type TestAgent } from "../running-agent.ts";

const ALONE = { conversation: { id: "slack-C1-1" } };

async function talk(agent: TestAgent, ...questions: readonly string[]) {
  const told = [];
  for (const text of questions) {
    const answer = await agent.ask(question(text), ALONE);
    expect(answer.end, text).toMatchObject({
      outcome: "complete",
      llm: "offline investigator",
      usage: { claimsDropped: 0 },
    });
    told.push(answer);
  }
  return told;
}

describe("questions", () => {
  test("are answered from the model, every number with its evidence", async () => {
    const [why, status, changes, past] = await talk(
      startAgent(),
      "why is GET /product/{id} slow?",
      "status of catalog",
      "what changed in the last hour?",
      "what did it look like at 02:02?",
    );
    expect(why?.text).toContain("**Likely cause:** catalog 1.1.0 became slower");
    expect(why?.calls).toEqual(["rank_causes", "compare_windows", "search_traces", "list_changes"]);
    expect(status?.text).toMatch(/catalog serves .*\/s with p95 \d+ ms and 0 % errors \[e\d+\]/);
    expect(changes?.text).toMatch(/3 changes in the last 60 min \[e\d+\]/);
    expect(changes?.text).toContain("catalog went to version 1.1.0 (was 1.0.0) at 02:02:55 UTC");
    expect(past?.text).toMatch(/^At 02:02:00 UTC:/);
    expect(past?.text).toContain("POST /checkout keeps its objective: 0 % of requests were bad");
  });

  test("about places say who calls whom and what runs where", async () => {
    const [callers] = await talk(startAgent(), "who calls catalog?");
    expect(callers?.text).toContain("catalog is called by gateway");
    expect(callers?.text).toContain("catalog-0 runs on node-0 in zone-a");
  });

  test("about a time that is not kept say since when it is", async () => {
    const [past] = await talk(startAgent(), "what did it look like at 01:00?");
    expect(past?.text).toMatch(/does not keep that time; it begins at 02:00:\d\d UTC \[e\d+\]\./);
  });

  test("about what does not exist say what does", async () => {
    const [why, status] = await talk(startAgent(), "why is catalgo slow?", "status of chekcout");
    expect(why?.text).toMatch(/No entity called catalgo was observed\. Did you mean .*catalog/);
    expect(status?.text).toContain("Did you mean");
  });

  test("that are not understood get a plain no and a list of what is", async () => {
    const [unknown, help] = await talk(startAgent(), "write me a poem", "help");
    expect(unknown?.text).toMatch(
      /^I did not understand that; without Claude I know these forms only:/,
    );
    expect(unknown?.calls).toEqual([]);
    expect(help?.text).toContain("- what changed in the last hour");
  });
});

describe("follow-ups", () => {
  test("take what they leave out from the conversation", async () => {
    const [, why, back, scale] = await talk(
      startAgent(),
      "status of catalog",
      "why?",
      "and if we roll back?",
      "what if we scale it to 4?",
    );
    expect(why?.text).toContain("catalog 1.1.0 became slower");
    expect(back?.text).toMatch(/rolling catalog back to 1\.0\.0 brings .* \(grade [ABC]\)/);
    expect(back?.text).toContain("nothing was done");
    expect(scale?.text).toContain("scaling catalog to 4 replicas");
  });

  test("find the version before in the changes, when nothing was ranked", async () => {
    const [back] = await talk(startAgent(), "what if we roll back catalog?");
    expect(back?.calls).toEqual(["list_changes", "simulate_intervention"]);
    expect(back?.text).toContain("rolling catalog back to 1.0.0");
  });

  test("ask back when the conversation does not say it", async () => {
    const [scale, propose] = await talk(startAgent(), "what if we scale up?", "propose it");
    expect(scale?.text).toContain("Scale what");
    expect(propose?.text).toContain("Propose what?");
  });
});

describe("orders", () => {
  test("in an incident's thread can put an action before an approver", async () => {
    const agent = startAgent();
    await agent.ask(question("what if we roll back catalog?"));
    const told = await agent.ask(question("ok, do it"));
    expect(told.events.some((event) => event.type === "proposal")).toBe(true);
    expect(agent.written.proposals.at(-1)).toMatchObject({
      action: { type: "rollback", service: "catalog", toVersion: "1.0.0" },
    });
    expect(told.text).toMatch(/^Proposed; it waits for approval until \d\d:\d\d:\d\d UTC/);
  });

  test("propose the action that was named, whatever was simulated before", async () => {
    const agent = startAgent();
    await agent.ask(question("what if we scale checkout to 4?"));
    await agent.ask(question("is it better?"));
    const told = await agent.ask(question("propose limit payment to 5 calls to psp.example"));
    const limit = { type: "limit", from: "payment", to: "psp.example", max_concurrent: 5 };
    const simulated = told.events.filter((event) => event.type === "tool-call");
    expect(simulated.map(({ title }) => title).join()).not.toContain("checkout to 4");
    expect(told.text).not.toContain("scaling checkout");
    expect(told.text).toContain("limiting payment to 5 concurrent calls to psp.example");
    for (const { action } of agent.written.proposals)
      expect(action).toEqual({
        type: "limit_caller",
        caller: limit.from,
        callee: limit.to,
        maxConcurrent: limit.max_concurrent,
      });
  });

  test("propose nothing where the action is not understood, or was spoken of long ago", async () => {
    const agent = startAgent();
    await agent.ask(question("what if we scale checkout to 4?"));
    const unread = await agent.ask(question("propose to throttle the payment provider"));
    expect(unread.text).toMatch(/^I did not understand which action "to throttle/);
    const old = await agent.ask(question("propose it"));
    expect(old.text).toMatch(/^Propose what\?[\s\S]*- propose scale checkout to 4 \[e\d+\]/);
    const several = await agent.ask(question("propose restart cart and scale catalog to 3"));
    expect(several.text).toContain("One action at a time");
    expect([...unread.calls, ...old.calls, ...several.calls]).toEqual([]);
    expect(agent.written.proposals).toEqual([]);
  });

  test("name the service that was spoken of before, not a suspect", async () => {
    const agent = startAgent();
    const [, restart] = await talk(agent, "status of payment", "what if we restart it?");
    expect(restart?.text).toContain("restarting payment");
  });

  test("outside an incident cannot", async () => {
    const agent = startAgent();
    const [, told] = await talk(
      agent,
      "what if we roll back catalog?",
      "roll back catalog to 1.0.0",
    );
    expect(agent.written.proposals).toEqual([]);
    expect(told?.text).toContain("An action is proposed in an incident's thread only.");
  });
});

test("an order to do what no action does says so, with its prediction", async () => {
  const agent = startAgent();
  const told = await agent.ask(question("please propose load +30%"));
  expect(agent.written.proposals).toEqual([]);
  expect(told.text).toContain("it can only be simulated");
});

test("a notice is answered in a sentence or two", async () => {
  const agent = startAgent();
  await agent.ask(PAGE);
  const told = await agent.ask({ type: "notice", text: "the rollback is done" });
  expect(told.calls).toEqual(["check_outcome", "get_slo_status"]);
  expect(told.end.outcome).toBe("complete");
  expect(told.text.split(/(?<=\.)\s/).length).toBeLessThanOrEqual(2);
});
