import { expect, test } from "vitest";
import type { World } from "../../../src/model/world.ts";
import type { Visit } from "../../support/spans.ts";
import {
  buildWorld,
  CHECKOUT,
  changeSignal,
  FAULT_S,
  SHOP_S,
  shopVisit,
} from "../../tools/tool-world.ts";
import { PAGE, question, startAgent } from "../running-agent.ts";
import { askInIncident } from "./ask-in-incident.ts";

/** The shop, in which catalog became slow with a flag and not with a version. */
function flagged(): World {
  const sameVersion = (visit: Visit): Visit => ({
    ...visit,
    ...(visit.service === "catalog" ? { version: "1.0.0" } : {}),
    calls: (visit.calls ?? []).map((call) =>
      "service" in call.to ? { ...call, to: sameVersion(call.to) } : call,
    ),
  });
  return buildWorld({
    seconds: SHOP_S,
    rate: 10,
    visit: (request, atS) => sameVersion(shopVisit(request, atS)),
    slos: [
      CHECKOUT,
      { ...CHECKOUT, id: "product", operation: "GET /product/{id}", latencyThresholdMs: 120 },
    ],
    signals: [
      changeSignal(FAULT_S - 5, {
        kind: "flag",
        entity: "catalog",
        summary: "highlights on",
        attributes: { flag: "review-highlights", variant: "on", previous_variant: "off" },
      }),
    ],
  });
}

test("the change behind the likeliest cause is what is thought, by its name and by its kind", async () => {
  const agent = startAgent({ world: flagged() });
  await agent.ask(PAGE);
  for (const text of [
    "why not review-highlights?",
    "why not the review-highlights flag?",
    "why not the flag?",
  ]) {
    const told = await agent.ask(question(text));
    expect(told.end, text).toMatchObject({ outcome: "complete", usage: { claimsDropped: 0 } });
    expect(told.text, text).toMatch(/^\*\*It is what I think:\*\* catalog became slower/);
    expect(told.text, text).toMatch(
      /- flag review-highlights went to on \(was off\) at 02:02:55 UTC \[e\d+\]\./,
    );
  }
  const other = await agent.ask(question("why not item_limit?"));
  expect(other.text).toContain("is none of the causes that I ranked");
  const predicted = await agent.ask(question("what if we turn the flag off?"));
  expect(predicted.text).toContain("nothing was done");
  expect(predicted.text).toContain("review-highlights");
});

test("a suspicion is weighed, and what nothing is called is not what is spoken of next", async () => {
  const [deploy, statement, , advice] = await askInIncident(
    "is it the deploy?",
    "so the database broke it?",
    "what if we restart broke?",
    "what should we do?",
  );
  expect(deploy?.text).toMatch(/^\*\*It is what I think:\*\* catalog 1\.1\.0 became slower/);
  expect(statement?.text).toContain("is none of the causes that I ranked");
  expect(advice?.text).toMatch(/^\*\*Do:\*\* roll back catalog to 1\.0\.0/);
});
