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

interface Trouble {
  readonly change: Parameters<typeof changeSignal>[1];
  readonly versionAt: (atS: number) => string;
}

/** The shop, in which catalog becomes slow with a change of one's own. */
function shopWith({ change, versionAt }: Trouble): World {
  const versioned = (visit: Visit, version: string): Visit => ({
    ...visit,
    ...(visit.service === "catalog" ? { version } : {}),
    calls: (visit.calls ?? []).map((call) =>
      "service" in call.to ? { ...call, to: versioned(call.to, version) } : call,
    ),
  });
  return buildWorld({
    seconds: SHOP_S,
    rate: 10,
    visit: (request, atS) => versioned(shopVisit(request, atS), versionAt(atS)),
    slos: [
      CHECKOUT,
      { ...CHECKOUT, id: "product", operation: "GET /product/{id}", latencyThresholdMs: 120 },
    ],
    signals: [changeSignal(FAULT_S - 5, change)],
  });
}

const flagged: Trouble = {
  change: {
    kind: "flag",
    entity: "catalog",
    attributes: { flag: "review-highlights", variant: "on", previous_variant: "off" },
  },
  versionAt: () => "1.0.0",
};
const goneBack: Trouble = {
  change: {
    kind: "deploy",
    entity: "catalog",
    attributes: { version: "1.0.0", previous_version: "1.1.0" },
  },
  versionAt: (atS) => (atS < FAULT_S ? "1.1.0" : "1.0.0"),
};

test("a version that was gone back to is what somebody calls the rollback", async () => {
  const agent = startAgent({ world: shopWith(goneBack) });
  await agent.ask(PAGE);
  const told = await agent.ask(question("so the rollback broke it?"));
  expect(told.text).toMatch(/^\*\*It is what I think:\*\* catalog 1\.0\.0 became slower/);
});

test("the change behind the likeliest cause is what is thought, by its name and by its kind", async () => {
  const agent = startAgent({ world: shopWith(flagged) });
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
  const [deploy, flag, back, statement, , advice] = await askInIncident(
    "is it the deploy?",
    "is it the flag?",
    "so the rollback broke it?",
    "so the database broke it?",
    "what if we restart broke?",
    "what should we do?",
  );
  expect(deploy?.text).toMatch(/^\*\*It is what I think:\*\* catalog 1\.1\.0 became slower/);
  for (const other of [flag, back]) {
    expect(other?.text).toMatch(/^\*\*Nothing that I see points there/);
    expect(other?.text).toContain("catalog 1.1.0 became slower is likelier");
  }
  expect(statement?.text).toContain("is none of the causes that I ranked");
  expect(advice?.text).toMatch(/^\*\*Do:\*\* roll back catalog to 1\.0\.0/);
});
