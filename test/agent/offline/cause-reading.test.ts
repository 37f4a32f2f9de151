import { expect, test } from "vitest";
import { causesText } from "../../../src/agent/offline/incident-text.ts";
import { rankingIn } from "../../../src/agent/offline/tool-data.ts";
import type { EvidenceRow, Look, TranscriptTurn } from "../../../src/agent/offline/transcript.ts";

const look = (tool: string, data: unknown, row: EvidenceRow, input = {}): Look => ({
  tool,
  input,
  ok: true,
  data,
  evidence: [row],
  notes: [],
  code: "",
  message: "",
  didYouMean: [],
});
const health = (ownMs: number) => ({ requestsPerSecond: 5, errorRatio: 0, ownMs });

test("what waits for others speaks against a cause by its own time, not by how slow its requests became", () => {
  const cause = {
    cause: "orders",
    type: "service",
    title: "orders became slower",
    probability: 0.6,
    onset: null,
  };
  const ranked = look(
    "rank_causes",
    {
      symptom: { operation: "gateway POST /checkout", kind: "latency", onset: "02:03:00" },
      causes: [cause],
      noneOfThese: 0.1,
    },
    {
      id: "e1",
      kind: "cause",
      about: "orders",
      text: "orders became slower",
      values: { probability: "60 %" },
    },
  );
  const values = {
    beforeP95Ms: "240 ms",
    afterP95Ms: "2 s",
    factor: "8.6×",
    beforeOwnMs: "24 ms",
    afterOwnMs: "25 ms",
  };
  const compared = look(
    "compare_windows",
    { rows: [{ what: "orders", before: health(24), after: health(25) }] },
    {
      id: "e2",
      kind: "service",
      about: "orders",
      text: "p95 of orders went from {{beforeP95Ms}} to {{afterP95Ms}} ({{factor}})",
      values,
    },
    { about: "orders" },
  );
  const ranking = rankingIn(ranked);
  if (ranking === undefined) throw new Error("the ranking can be read");
  const turn: TranscriptTurn = {
    asked: { type: "question", now: "2026-11-24T02:14:07Z", text: "why?" },
    looks: [ranked, compared],
  };
  const text = causesText(turn, ranking, ranked);
  expect(text).toContain(
    "- against: orders takes no longer itself: {{e2.beforeOwnMs}} before and {{e2.afterOwnMs}} since",
  );
  expect(text).not.toContain("afterP95Ms");
});
