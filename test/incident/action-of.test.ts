import { expect, test } from "vitest";
import { interventionOf } from "../../src/incident/action.ts";
import { actionOf } from "../../src/incident/action-of.ts";
import { diagnose } from "../../src/model/causes/diagnose.ts";
import { proposeCandidates } from "../../src/model/whatif/candidates.ts";
import { predict } from "../../src/model/whatif/predict.ts";
import { draftOf, FLAG_OFF, openDesk, RESTART, ROLLBACK, SCALE } from "./proposal-record.ts";
import { NOW_MS, sharedShop } from "./shop.ts";

test.each([ROLLBACK, SCALE, RESTART, FLAG_OFF])("is the inverse of the what-if of %j", (action) => {
  expect(actionOf(interventionOf(action), sharedShop())).toEqual(action);
});

test("what nobody can do, and an instance of nothing, is no action", () => {
  const view = sharedShop();
  expect(actionOf({ type: "load", factor: 2 }, view)).toBeUndefined();
  expect(actionOf({ type: "restart", entity: "nobody-0" }, view)).toBeUndefined();
});

test("what the model proposes against the leading cause passes the gate with the model's own prediction", async () => {
  const view = sharedShop();
  const diagnosis = diagnose(view, { sloId: "checkout" });
  const [candidate] = proposeCandidates(view, diagnosis);
  const action = candidate === undefined ? undefined : actionOf(candidate.intervention, view);
  if (action === undefined) throw new Error("a bad deploy has a remedy");
  const { proposals, incidentId } = await openDesk();
  const answer = await proposals.propose(
    draftOf(incidentId, { action }),
    { view, predict: async (interventions) => predict(view, { interventions }) },
    NOW_MS,
  );
  expect(answer).toMatchObject({ ok: true, data: { action: ROLLBACK, executable: true } });
});

test("a remedy against what is not the cause is predicted to do nothing, and refused", async () => {
  const view = sharedShop();
  const { proposals, incidentId } = await openDesk();
  const restart = { type: "restart", service: "cart" } as const;
  const answer = await proposals.propose(
    draftOf(incidentId, { action: restart, evidenceKinds: ["service"] }),
    { view, predict: async (interventions) => predict(view, { interventions }) },
    NOW_MS,
  );
  expect(answer).toMatchObject({ ok: false, code: "no_effect" });
});
