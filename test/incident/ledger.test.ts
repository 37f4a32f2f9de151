import { expect, test } from "vitest";
import type { Action } from "../../src/incident/action.ts";
import type { Outcome, ProposalEvent } from "../../src/incident/events.ts";
import { newEvent } from "../../src/incident/stored-event.ts";
import { diagnosis, hypothesis, outcome } from "../slack/samples.ts";
import {
  ALICE,
  type Desk,
  lifeOn,
  modelOf,
  openDesk,
  RESTART,
  ROLLBACK,
  SCALE,
} from "./proposal-record.ts";
import { NOW_MS, sharedShop } from "./shop.ts";

/** An outcome whose p95 was predicted as 200 (150 to 300). */
function observed(value: number, verdict: Outcome["verdict"] = "inside"): Outcome {
  const [row] = outcome().observed;
  if (row === undefined) throw new Error("the sample has a row");
  const predicted = { median: 200, low: 150, high: 300 };
  const inside = value >= 150 && value <= 300;
  return outcome({ verdict, observed: [{ ...row, predicted, value, inside }] });
}

/** Proposes, approves, carries out and settles, so that the next may be like it. */
async function settle(desk: Desk, action: Action, result: Outcome): Promise<string> {
  const nowMs = NOW_MS + (await desk.proposals.list()).length;
  const { id, actionHash } = await desk.made({ action }, nowMs);
  await desk.proposals.approve({ proposalId: id, by: ALICE, actionHash }, modelOf(), nowMs);
  const done: readonly ProposalEvent[] = [
    { type: "action-started", executor: "x" },
    { type: "action-done", detail: "", finishedMs: nowMs },
  ];
  const events = done.map((event) => newEvent(event, nowMs));
  await desk.store.append(`proposal/${id}`, 2, events);
  await desk.proposals.recordOutcome(id, result, nowMs);
  return id;
}

test("the track record scores what was predicted against what was seen", async () => {
  const desk = await openDesk();
  await settle(desk, ROLLBACK, observed(220));
  await settle(desk, ROLLBACK, observed(500, "outside"));
  await settle(desk, SCALE, observed(200));
  const { types } = await desk.proposals.trackRecord();
  expect(types).toMatchObject([
    { interventionType: "rollback", outcomes: 2, statistics: 2, coverage: 0.5 },
    { interventionType: "scale", outcomes: 1, coverage: 1, medianLogError: 0 },
  ]);
});

test("a void comparison and one without numbers are no score", async () => {
  const desk = await openDesk();
  await settle(desk, ROLLBACK, observed(900, "void"));
  await settle(desk, ROLLBACK, outcome({ verdict: "recovered", observed: [] }));
  expect((await desk.proposals.trackRecord()).types).toEqual([]);
});

test("the track record in one line", async () => {
  const desk = await openDesk();
  expect(await desk.proposals.trackLine("rollback")).toBe(
    "no rollback prediction has been settled here yet",
  );
  await settle(desk, RESTART, outcome({ verdict: "recovered", observed: [] }));
  await settle(desk, RESTART, outcome({ verdict: "not-recovered", observed: [] }));
  expect(await desk.proposals.trackLine("restart")).toBe(
    "restart here: no number was predicted, 1 of 2 recovered",
  );
  await settle(desk, ROLLBACK, observed(210));
  await settle(desk, ROLLBACK, observed(212));
  await settle(desk, ROLLBACK, observed(500, "outside"));
  expect(await desk.proposals.trackLine("rollback")).toBe(
    "rollback predictions here: 2 of 3 inside the 90 % band, median error 6 %",
  );
});

test("the ledger is the same after a restart, also its gauges", async () => {
  const desk = await openDesk();
  await settle(desk, ROLLBACK, observed(220));
  await settle(desk, SCALE, observed(500, "outside"));
  const next = lifeOn(desk.store);
  expect(await next.proposals.trackRecord()).toEqual(await desk.proposals.trackRecord());
  await next.proposals.sweep(sharedShop(), NOW_MS);
  const gauge = (name: string, labels: Readonly<Record<string, string>>): number =>
    next.meter.get(name, labels);
  expect(gauge("orrery_predictions_settled", { type: "rollback", verdict: "inside" })).toBe(1);
  expect(gauge("orrery_predictions_settled", { type: "scale", verdict: "outside" })).toBe(1);
  expect(gauge("orrery_prediction_coverage_ratio", { type: "rollback" })).toBe(1);
  expect(gauge("orrery_prediction_log_error_median", { type: "rollback" })).toBeCloseTo(0.095, 2);
});

test("an outcome is recorded once, and only of what was done", async () => {
  const desk = await openDesk();
  const id = await settle(desk, ROLLBACK, observed(220));
  await desk.proposals.recordOutcome(id, observed(900, "outside"), NOW_MS);
  expect((await desk.proposals.read(id))?.outcome?.verdict).toBe("inside");
  expect(await desk.proposals.unsettled()).toEqual([]);
  const { id: open } = await desk.made({ action: SCALE });
  const early = desk.proposals.recordOutcome(open, observed(1), NOW_MS);
  await expect(early).rejects.toMatchObject({ code: "not_acted_on" });
  const none = desk.proposals.recordOutcome("p-none", observed(1), NOW_MS);
  await expect(none).rejects.toMatchObject({ code: "unknown_proposal" });
});

test("what helped in the end is counted by its rank in the first diagnosis", async () => {
  const desk = await openDesk();
  const causes = [hypothesis({ root: "service:cart" as never, changes: [] }), hypothesis()];
  const first = diagnosis({ hypotheses: causes });
  await desk.incidents.recordDiagnosis(desk.incidentId, "first", first, NOW_MS);
  await settle(desk, ROLLBACK, observed(900, "outside"));
  await settle(desk, ROLLBACK, observed(220));
  await settle(desk, { type: "restart", service: "payment" }, outcome({ verdict: "recovered" }));
  const count = (rank: string): number => desk.meter.get("orrery_causes_confirmed_total", { rank });
  expect([count("1"), count("2"), count("none")]).toEqual([0, 1, 1]);
});
