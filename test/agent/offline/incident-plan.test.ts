import { expect, test } from "vitest";
import { suspectCalls } from "../../../src/agent/offline/incident-plan.ts";
import type { Cause, Ranking } from "../../../src/agent/offline/tool-data.ts";

const cause = (name: string, probability: number): Cause => ({
  cause: name,
  type: "service",
  title: `${name} became slower by itself`,
  probability,
  onset: null,
  path: [],
  for: [],
  against: [],
  changes: [],
});

const ranking: Ranking = {
  symptom: {
    operation: "gateway GET /",
    kind: "latency",
    onset: "2026-11-24T02:03:00Z",
    healthyFrom: "2026-11-24T02:01:30Z",
    isOver: false,
  },
  causes: [cause("catalog", 0.8), cause("gateway", 0.1)],
  noneOfThese: 0.1,
  notSeen: [],
  candidates: [],
  uncalibrated: true,
};

test("suspects are compared with the time that was well, not with an earlier trouble", () => {
  const compared = suspectCalls(ranking).filter(({ tool }) => tool === "compare_windows");
  const { onset, healthyFrom } = ranking.symptom;
  expect(compared.map(({ input }) => input)).toEqual([
    { about: "catalog", before: onset, healthyFrom },
    { about: "gateway", before: onset, healthyFrom },
  ]);
});
