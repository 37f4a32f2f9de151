import fc from "fast-check";
import { expect, test } from "vitest";
import type { Outcome, Proposal } from "../../src/incident/events.ts";
import { entityId } from "../../src/model/entity.ts";
import { GRADE_WORDS } from "../../src/model/whatif/grade-words.ts";
import { type ProposalCard, proposalCard } from "../../src/slack/blocks/proposal-card.ts";
import { ALICE, BOB, textOf } from "./running-slack.ts";
import { outcome, proposal } from "./samples.ts";

const card = (over: Partial<ProposalCard> = {}): ProposalCard => ({
  proposal: proposal(0),
  state: "open",
  clickable: true,
  approvers: [ALICE],
  ...over,
});
const told = (over: Partial<ProposalCard>): string => textOf(proposalCard(card(over)));
const drawn = (over: Partial<ProposalCard> = {}): string =>
  JSON.stringify(proposalCard(card(over)));

test("everybody reads who may decide, before anybody clicks", () => {
  expect(told({})).toContain(`*Who may decide*\nonly <@${ALICE}>`);
  expect(told({ approvers: [] })).toContain("nobody: no approver is configured");
  expect(told({ proposal: proposal(0, { executable: false }) })).toContain("a person, by hand");
});

test("approving is green where it is confirmed too, and rejecting asks first", () => {
  const approve = /"action_id":"proposal_approve".*?"action_id"/.exec(drawn())?.[0] ?? "";
  expect(approve.match(/"style":"primary"/g)).toHaveLength(2);
  expect(approve).not.toContain("danger");
  const reject = /"action_id":"proposal_reject".*/.exec(drawn())?.[0] ?? "";
  expect(reject).toMatch(/"confirm":.*Nothing is executed.*reply in this thread/);
  expect(reject).toContain('"text":"Keep it open"');
});

test("what was rejected keeps its numbers and says how to say why", () => {
  const rejected = told({ state: "rejected", rejectedBy: BOB });
  expect(rejected).toMatch(/Rejected · Roll back catalog to 1\.0\.0/);
  expect(rejected).toContain(
    `*Nothing was executed.* <@${BOB}> rejected it. To say why, reply here`,
  );
  expect(rejected).toContain("p95 latency: now 2.1 s → *240 ms* (200 ms to 350 ms)");
  expect(drawn({ state: "rejected" })).not.toContain('"type":"button"');
});

test("numbers that were predicted again at the click say that the verdict is scored on them", () => {
  const repredicted = { ...proposal(0).prediction, asOfMs: proposal(0).prediction.asOfMs + 90_000 };
  const again = "Predicted again at the click: the verdict is scored on these numbers.";
  for (const state of ["approved", "running", "done"] as const) {
    expect(told({ state, repredicted })).toContain(again);
    expect(told({ state })).not.toContain(again);
  }
  const settled = told({ state: "done", repredicted, outcome: outcome() });
  expect(settled).toContain("predicted again at the click");
  expect(told({ state: "open" })).not.toContain("again at the click");
});

test("a grade has one wording on cards, in evidence and where it is explained", () => {
  const { prediction } = proposal(0);
  for (const [grade, words] of Object.entries(GRADE_WORDS)) {
    const graded = { ...prediction, grade } as typeof prediction;
    expect(told({ proposal: proposal(0, { prediction: graded }) })).toContain(
      `grade ${grade} of A to D: ${words}`,
    );
  }
});

type Observed = Outcome["observed"][number];
const [first] = outcome().observed;
const observed = (inside: readonly boolean[]): readonly Observed[] =>
  inside.map((each, i) => ({ ...first, value: 100 + i, inside: each }) as Observed);
const verdict = (inside: readonly boolean[]): string => {
  const all = inside.every(Boolean);
  return told({
    state: "done",
    outcome: outcome({ verdict: all ? "inside" : "outside", observed: observed(inside) }),
  });
};

test("a verdict is short: what lies outside first, the rest counted", () => {
  expect(verdict([true, true, true, true, true, true, true])).toMatch(
    /The prediction held[\s\S]*and 3 more, inside their intervals/,
  );
  expect(verdict([true])).toContain("p95 latency *100 ms* (predicted 200 ms to 350 ms)");
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), (inside) => {
      const rows = verdict(inside)
        .split("\n")
        .filter((line) => line.includes("(predicted "));
      expect(rows.length).toBeLessThanOrEqual(5);
      const named = rows.filter((line) => line.includes("outside")).length;
      expect(named).toBe(Math.min(rows.length, inside.filter((each) => !each).length));
      const rest = /and (\d+) more/.exec(verdict(inside))?.[1] ?? "0";
      expect(rows.length + Number(rest)).toBe(inside.length);
    }),
  );
});

test("a prediction for several operations is one line for each, without and with the action", () => {
  const made = proposal(0);
  const slis = made.prediction.slis.flatMap((sli) => [
    sli,
    { ...sli, operation: entityId("operation", "gateway GET /") },
  ]);
  const shown = told({ proposal: { ...made, prediction: { ...made.prediction, slis } } });
  expect(shown).toContain(
    [
      "*Predicted*, with 90 % intervals",
      "• `POST /checkout` p95 latency: now 2.1 s → *240 ms* (200 ms to 350 ms); _if nothing is done_ *2.1 s*",
      "• `GET /` p95 latency: now 2.1 s → *240 ms* (200 ms to 350 ms); _if nothing is done_ *2.1 s*",
    ].join("\n"),
  );
});

test("what comes without the action is told in one line, however many statistics there are", () => {
  const made = proposal(0);
  const [sli] = made.prediction.slis;
  const slis = ["p95", "bad_ratio", "p50", "mean"].map((statistic) => ({ ...sli, statistic }));
  const prediction = { ...made.prediction, slis } as Proposal["prediction"];
  const line = /if nothing is done:_(.*)/.exec(told({ proposal: { ...made, prediction } }))?.[1];
  expect(line?.split(" · ").map((part) => part.trim().split(" *")[0])).toEqual([
    "bad requests",
    "p95 latency",
  ]);
});

test("where no number can be given, the card says how it is judged instead", () => {
  const prediction = { ...proposal(0).prediction, grade: "D" as const, missing: ["payment->psp"] };
  const shown = told({ proposal: proposal(0, { prediction }) });
  expect(shown).toMatch(/\*Effect unknown\.\* \*Missing\* payment → psp/);
  expect(shown).toContain("judged by the objective alone");
  expect(told({})).not.toContain("judged by the objective alone");
});

test("a note that tells of all is not said twice", () => {
  const note = "7 of 7 statistics lay inside their intervals";
  const all = observed([true, true, true, true, true, true, true]);
  const noted = told({ state: "done", outcome: outcome({ observed: all, note }) });
  expect(noted).toContain(`_${note}_`);
  expect(noted).not.toContain("more, inside");
});

test("a prediction is told by operation: what is expected line by line, what comes without it below", () => {
  expect(told({})).toContain(
    [
      "*Predicted* for `POST /checkout`, with 90 % intervals",
      "• p95 latency: now 2.1 s → *240 ms* (200 ms to 350 ms)",
      "_if nothing is done:_ p95 latency *2.1 s* (1.8 s to 2.6 s)",
    ].join("\n"),
  );
});
