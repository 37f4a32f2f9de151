import { expect, test } from "vitest";
import { chooseAction, gainOf } from "../../../src/agent/offline/action-choice.ts";
import type { Candidate, Plan, Ranking, Simulation } from "../../../src/agent/offline/tool-data.ts";

const OPERATION = "gateway POST /checkout";
const cause = (name: string, probability: number, type = "version") => ({
  cause: name,
  type,
  title: `${name} became slower`,
  probability,
  onset: null,
  path: [],
  for: [],
  against: [],
  changes: [],
});
const candidate = (of: string, type: string): Candidate => ({
  cause: of,
  why: "",
  intervention: { type },
  action: { type },
});
const plan = (median: number, high: number, grade = "B"): Plan => ({
  plan: "x",
  grade,
  missing: [],
  after:
    grade === "D" ? [] : [{ operation: OPERATION, statistic: "bad_ratio", median, low: 0, high }],
  assumes: [],
  wrongIf: [],
});
const simulation = (...plans: readonly Plan[]): Simulation => ({
  noAction: [
    { operation: OPERATION, statistic: "p95", median: 900, low: 800, high: 1_000 },
    { operation: OPERATION, statistic: "bad_ratio", median: 0.4, low: 0.3, high: 0.5 },
  ],
  plans: [...plans],
});
const ranking = (
  causes: readonly ReturnType<typeof cause>[],
  candidates: readonly Candidate[],
): Ranking => ({
  symptom: { operation: OPERATION, kind: "latency", onset: "", isOver: false },
  causes: [...causes],
  noneOfThese: 0.1,
  notSeen: [],
  candidates: [...candidates],
  uncalibrated: false,
});

test("gain is the share of the trouble that goes, and none while the interval allows for no effect", () => {
  expect(gainOf(plan(0.04, 0.1), simulation())).toBeCloseTo(0.9);
  expect(gainOf(plan(0.04, 0.4), simulation())).toBe(0);
  expect(gainOf(plan(0.6, 0.7), simulation())).toBe(0);
  expect(gainOf(plan(0, 0, "D"), simulation())).toBe(0);
  const saturating = plan(0.04, 0.1);
  const [first] = saturating.after;
  expect(
    gainOf(
      { ...saturating, after: first === undefined ? [] : [{ ...first, saturatesInSeconds: 30 }] },
      simulation(),
    ),
  ).toBe(0);
});

test("the larger gain wins, weighed by the probability of the cause", () => {
  const ranked = ranking(
    [cause("a", 0.7), cause("b", 0.2)],
    [candidate("b", "restart"), candidate("a", "rollback")],
  );
  expect(chooseAction(ranked, simulation(plan(0, 0.01), plan(0.1, 0.2)))).toMatchObject({
    index: 1,
    isPredicted: true,
  });
});

test("of about equal ones the first is chosen", () => {
  const ranked = ranking([cause("a", 0.8)], [candidate("a", "flag"), candidate("a", "rollback")]);
  expect(chooseAction(ranked, simulation(plan(0.02, 0.1), plan(0.01, 0.1)))?.index).toBe(0);
});

test("what helps too little, or cannot be proposed, is not chosen", () => {
  const ranked = ranking([cause("a", 0.9)], [candidate("a", "rollback")]);
  expect(chooseAction(ranked, simulation(plan(0.35, 0.39)))).toBeUndefined();
  const drain = ranking([cause("a", 0.9)], [{ ...candidate("a", "drain"), action: null }]);
  expect(chooseAction(drain, simulation(plan(0, 0.01)))).toBeUndefined();
  expect(chooseAction(ranking([cause("a", 0.9)], []), simulation())).toBeUndefined();
});

test("without a number only a change or the place of a likely cause carries an action", () => {
  const unknown = simulation(plan(0, 0, "D"));
  const of = (type: string, probability: number, action: string) =>
    chooseAction(ranking([cause("a", probability, type)], [candidate("a", action)]), unknown);
  expect(of("version", 0.6, "rollback")).toMatchObject({ isPredicted: false });
  expect(of("stopped", 0.6, "restart")).toMatchObject({ isPredicted: false });
  expect(of("external", 0.6, "limit")).toMatchObject({ isPredicted: false });
  expect(of("version", 0.3, "rollback")).toBeUndefined();
  expect(of("traffic", 0.9, "scale")).toBeUndefined();
  expect(of("service", 0.9, "restart")).toBeUndefined();
});
