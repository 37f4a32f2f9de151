import { expect, test } from "vitest";
import type { Diagnosis } from "../../src/model/causes/diagnosis.ts";
import { entityId } from "../../src/model/entity.ts";
import { candidateRows } from "../../tools/candidate-rows.ts";
import { proposeAction } from "../../tools/propose-action.ts";
import { simulateIntervention } from "../../tools/simulate-intervention.ts";
import * as samples from "../slack/samples.ts";
import { contextOf, sharedShop } from "./tool-world.ts";

const { view, diagnose } = contextOf(sharedShop());
const diagnosisOf = (over: Partial<Diagnosis["hypotheses"][number]>): Diagnosis => ({
  ...diagnose(view, { sloId: "product" }),
  hypotheses: [samples.hypothesis({ probability: 0.9, changes: [], ...over })],
});

test("name what to simulate and what to propose, in the words of both tools", () => {
  const rows = candidateRows(view, diagnose(view, { sloId: "product" }));
  expect(rows[0]).toEqual({
    cause: "catalog",
    why: "undoes the deploy change before the trouble",
    intervention: { type: "rollback", entity: "catalog", to_version: "1.0.0" },
    action: { type: "rollback", service: "catalog", toVersion: "1.0.0" },
  });
  for (const { intervention, action } of rows) {
    expect(simulateIntervention.input.safeParse({ plans: [[intervention]] }).success).toBe(true);
    const input = { action, reason: "because it is so", evidenceIds: ["e1"] };
    expect(proposeAction.input.safeParse(input).success).toBe(true);
  }
});

test("name the service of an instance that is to be restarted", () => {
  const root = entityId("service.instance", "catalog-0");
  const rows = candidateRows(
    view,
    diagnosisOf({ type: "instance", root, name: "instance:catalog-0" }),
  );
  expect(rows).toMatchObject([
    { action: { type: "restart", service: "catalog", instance: "catalog-0" } },
  ]);
});

test("do not go back to the version that serves", () => {
  const [deploy] = diagnose(view, { sloId: "product" }).hypotheses.flatMap((one) => one.changes);
  if (deploy === undefined) throw new Error("a deploy was before the trouble");
  const undone = { ...deploy, attributes: { version: "1.0.0", previous_version: "1.1.0" } };
  const root = entityId("service", "catalog");
  const versions = (change: typeof deploy) =>
    candidateRows(view, diagnosisOf({ root, name: "catalog", changes: [change] })).map(
      ({ intervention }) => intervention.to_version,
    );
  expect(versions(undone)).not.toContain("1.1.0");
  expect(versions(deploy)).toContain("1.0.0");
});

test("say when nothing that may be proposed does it", () => {
  const root = entityId("host", "node-0");
  const rows = candidateRows(view, diagnosisOf({ type: "host", root, name: "host:node-0" }));
  expect(rows).toMatchObject([{ intervention: { type: "drain", entity: "node-0" }, action: null }]);
});
