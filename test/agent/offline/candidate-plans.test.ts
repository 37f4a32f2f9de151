import { expect, test } from "vitest";
import { candidatePlans, simulatedCandidates } from "../../../src/agent/offline/candidate-plans.ts";
import type { PlannedCall } from "../../../src/agent/offline/move.ts";
import type { Ranking } from "../../../src/agent/offline/tool-data.ts";
import type { Look, TranscriptTurn } from "../../../src/agent/offline/transcript.ts";

const candidate = (entity: string) => ({
  cause: "a",
  why: "",
  intervention: { type: "restart", entity },
  action: { type: "restart", service: entity },
});
const ranking: Ranking = {
  symptom: { operation: "GET /x", kind: "latency", onset: "", isOver: false },
  causes: [],
  noneOfThese: 0,
  notSeen: [],
  candidates: [candidate("one"), candidate("two")],
  uncalibrated: false,
};
const turnOf = (...looks: readonly Look[]): TranscriptTurn => ({
  asked: { type: "question", now: "", text: "" },
  looks,
});

function answered(call: PlannedCall, over: Partial<Look> = {}): Look {
  const plans = call.input.plans as readonly (readonly { readonly entity: string }[])[];
  return {
    ...call,
    ok: true,
    data: {
      noAction: [{ operation: "GET /x", statistic: "p95", median: 9, low: 8, high: 10 }],
      plans: plans.map((plan) => ({ plan: plan[0]?.entity ?? "", grade: "B" })),
    },
    evidence: plans.map((plan) => ({
      id: `e-${plan[0]?.entity}`,
      kind: "prediction",
      about: "",
      text: "",
      values: {},
    })),
    notes: [],
    code: "",
    message: "",
    didYouMean: [],
    ...over,
  };
}

const first = (turn: TranscriptTurn): PlannedCall => {
  const [call] = candidatePlans(turn, ranking);
  if (call === undefined) throw new Error("there was nothing left to simulate");
  return call;
};

test("all candidates are compared in one simulation of what is hurt", () => {
  const call = first(turnOf());
  expect(call.input).toMatchObject({
    plans: [[{ entity: "one" }], [{ entity: "two" }]],
    operations: ["GET /x"],
  });
  const turn = turnOf(answered(call));
  expect(candidatePlans(turn, ranking)).toEqual([]);
  expect(simulatedCandidates(turn, ranking)?.rows.map((row) => row?.id)).toEqual([
    "e-one",
    "e-two",
  ]);
});

test("an operation that cannot be resolved is left out", () => {
  const refused = answered(first(turnOf()), { ok: false, code: "not_an_entry" });
  const call = first(turnOf(refused));
  expect(call.input).not.toHaveProperty("operations");
  const again = { ...answered(call), ok: false };
  expect(candidatePlans(turnOf(refused, again), ranking)).toEqual([]);
  expect(simulatedCandidates(turnOf(refused, again), ranking)?.refusal).toBe(again);
});

test("an answer that lost plans is asked for again, each plan for itself", () => {
  const cut = answered(first(turnOf()), { notes: ["cut to fit an answer: plans"] });
  const calls = candidatePlans(turnOf(cut), ranking);
  expect(calls).toHaveLength(2);
  const turn = turnOf(cut, ...calls.map((call) => answered(call)));
  const simulated = simulatedCandidates(turn, ranking);
  expect(simulated?.simulation.plans.map((plan) => plan.plan)).toEqual(["one", "two"]);
  expect(simulated?.rows.map((row) => row?.id)).toEqual(["e-one", "e-two"]);
});

test("plans that another model simulated are not taken for the candidates", () => {
  const other = answered({
    tool: "simulate_intervention",
    input: { plans: [[{ type: "restart", entity: "two" }]] },
  });
  expect(simulatedCandidates(turnOf(other), ranking)).toBeUndefined();
});
