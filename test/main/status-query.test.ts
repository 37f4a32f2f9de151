import { expect, test } from "vitest";
import type { Incident } from "../../src/incident/contract.ts";
import { statusAnswer } from "../../src/main/status-query.ts";
import { contextOf, sharedShop } from "../tools/tool-world.ts";

test("an incident that has recovered is told in the past", async () => {
  const { view } = contextOf(sharedShop());
  const incident = {
    openedMs: view.asOfMs - 120_000,
    page: {
      title: "GET / is burning its error budget 15×",
      pastTitle: "GET / burned its error budget 15×",
    },
    recovered: { atMs: view.asOfMs - 40_000 },
  } as unknown as Incident;
  const answer = await statusAnswer({ unresolved: () => Promise.resolve([incident]) }, view, {});
  expect(answer.ok && answer.data.openIncidents).toEqual([
    { ...incident.page, openedMs: incident.openedMs, recoveredMs: view.asOfMs - 40_000 },
  ]);
});
