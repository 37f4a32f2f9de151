import { describe, expect, test } from "vitest";
import { question, startAgent, type TestAgent } from "../running-agent.ts";
import { askInIncident } from "./ask-in-incident.ts";

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
    expect(status?.text).toMatch(
      /catalog serves .*\/s with p95 \d+ ms and 0 % errors in the last 4 min \[e\d+\]/,
    );
    expect(changes?.text).toMatch(/3 changes since 02:00:\d\d UTC, when watching began \[e\d+\]/);
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
    expect(back?.text).toMatch(/rolling catalog back to 1\.0\.0 brings .* \(grade [ABC]: .*\)/);
    expect(back?.text).toContain("nothing was done");
    expect(scale?.text).toContain("scaling catalog to 4 replicas");
  });

  test("by a word of its path find an operation, for why and for what would happen to it", async () => {
    const [why, back] = await talk(
      startAgent(),
      "why is the product page broken",
      "what wil hapen to my checkouts if i roll this back?",
    );
    expect(why?.text).toContain("GET /product/{id} is hurt since");
    expect(back?.text).toContain("rolling catalog back to 1.0.0");
    expect(back?.text).toContain("POST /checkout");
  });

  test("predict for the one name that is nearly what was said, and say so", async () => {
    const [scale, other] = await talk(
      startAgent(),
      "what if we scale catlog to 4?",
      "what if we scale cetelog to 4?",
    );
    expect(scale?.text).toMatch(/^Nothing is called that; I took it for catalog\./);
    expect(scale?.text).toContain("scaling catalog to 4 replicas");
    expect(other?.text).toContain("No service called cetelog was observed");
  });

  test("do not take a name that nothing has from what was said before", async () => {
    const [, , why] = await talk(startAgent(), "status of catalog", "why is broke slow?", "why?");
    expect(why?.text).toContain("catalog 1.1.0 became slower");
  });

  test("about another place ask the same of it", async () => {
    const [, checkout] = await talk(startAgent(), "why is catalog slow?", "and checkout?");
    expect(checkout?.calls[0]).toBe("rank_causes");
    expect(checkout?.text).toContain("**Likely cause:** payment");
  });

  test("about a time that is still to come say so", async () => {
    const [look] = await talk(startAgent(), "what did it look like at 23:59?");
    expect(look?.text).toMatch(/^That time is still to come/);
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

describe("in an incident's thread", () => {
  test("whether it is better is answered by yes or no, and at most three lines", async () => {
    const [better, burning] = await askInIncident("is it better?", "is it still burning?");
    expect(better?.text).toMatch(/^\*\*No, not yet\.\*\* GET \/product\/\{id\} is burning/);
    expect(better?.text.split("\n").filter((line) => line !== "").length).toBeLessThanOrEqual(3);
    expect(burning?.text).toMatch(/^\*\*Yes, still\.\*\*/);
  });

  test("doubt gets the probability, what speaks for and against it, and what would settle it", async () => {
    const [sure, whyNot] = await askInIncident("are you sure?", "why not the database?");
    expect(sure?.text).toMatch(
      /^\*\*\d+ % sure, and not certain:\*\* catalog 1\.1\.0 became slower/,
    );
    expect(sure?.text).toContain("- against: nothing that I can see.");
    expect(whyNot?.text).toContain("is none of the causes that I ranked");
    expect(whyNot?.text).toContain("catalog 1.1.0 became slower is likelier");
  });

  test("another place is innocent of it, or the cause of what else is hurt", async () => {
    const [gateway, payment] = await askInIncident("what about gateway?", "and payment?");
    expect(gateway?.text).toMatch(/^\*\*Nothing points at gateway:\*\*/);
    expect(payment?.text).toMatch(/^\*\*It is the likeliest cause:\*\* payment/);
    expect(payment?.text).toContain("gateway POST /checkout is hurt since");
  });

  test("what to do is the action that is predicted to help, in the words that propose it", async () => {
    const [advice] = await askInIncident("what should we do?");
    expect(advice?.text).toMatch(
      /^\*\*Do:\*\* roll back catalog to 1\.0\.0 \[e\d+\]\. .*: propose roll back catalog to 1\.0\.0/,
    );
    expect(advice?.text).toContain("if nothing is done");
  });

  test("what else was asked about in between does not change what the trouble is", async () => {
    const [, sure, advice, better] = await askInIncident(
      "what about payment?",
      "are you sure?",
      "what should we do?",
      "is it better?",
    );
    expect(sure?.text).toContain("catalog 1.1.0 became slower");
    expect(advice?.text).toMatch(/^\*\*Do:\*\* roll back catalog to 1\.0\.0/);
    expect(better?.text).toMatch(/^\*\*No, not yet\.\*\* GET \/product/);
  });

  test("what failed is told with the change behind it", async () => {
    const [failed] = await askInIncident("what failed?");
    expect(failed?.text).toContain(
      "- catalog went to version 1.1.0 (was 1.0.0) at 02:02:55 UTC [e",
    );
  });

  test("an id in brackets and a word are explained", async () => {
    const [id, hush] = await askInIncident("what is e3?", "what does hush do?");
    expect(id?.text).toMatch(/^catalog went to version 1\.1\.0 .* It was read with rank causes\.$/);
    expect(hush?.text).toMatch(/^Hush makes me quiet/);
    expect([...(id?.calls ?? []), ...(hush?.calls ?? [])]).toEqual([]);
  });
});

test("logs are told with what was written, its numbers masked", async () => {
  const [logs] = await talk(startAgent(), "logs of catalog");
  expect(logs?.text).toMatch(/`query … took too long`: an error log of catalog/);
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
