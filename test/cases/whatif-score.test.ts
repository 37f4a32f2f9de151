import fc from "fast-check";
import { expect, test } from "vitest";
import type { WhatIfAnswer } from "../../src/cases/whatif-answer.ts";
import type { WhatIfCase } from "../../src/cases/whatif-case.ts";
import { type Errors, scoreWhatIf } from "../../src/cases/whatif-score.ts";
import { whatIfText } from "../../src/cases/whatif-table.ts";

interface ReferenceErrors {
  readonly n: number;
  readonly median: number | null;
  readonly mean: number | null;
  readonly coverage: { readonly value: number | null };
  readonly width: number | null;
}
interface ReferenceFigures {
  readonly rows: number;
  readonly insufficient: { readonly value: number | null };
  readonly unanswered: { readonly value: number | null };
  readonly latency: ReferenceErrors & {
    readonly direction: { readonly value: number | null };
    readonly nothing_changes: ReferenceErrors;
  };
  readonly error_ratio: ReferenceErrors;
  readonly saturation: {
    readonly truth: number;
    readonly places: number;
    readonly recall: { readonly value: number | null };
    readonly false_alarms: { readonly value: number | null };
  };
}
interface Scorer {
  score(
    cases: readonly object[],
    answers: readonly object[],
  ): { readonly all: ReferenceFigures; readonly acting: ReferenceFigures };
}
const reference: Scorer = await import(
  new URL("./reference/score-whatif.mjs", import.meta.url).pathname
);

const QUESTIONS = [
  { id: "q1", type: "none" },
  { id: "q2", type: "load" },
  { id: "q3", type: "scale" },
] as const;
const PLACES = [{ entity: "front" }, { entity: "front", operation: "GET /a" }] as const;
const FIGURES = [
  { signal: "latency", stat: "mean" },
  { signal: "latency", stat: "p95" },
  { signal: "error_ratio", stat: "mean" },
] as const;
const ROWS = QUESTIONS.flatMap(({ id: question }) =>
  PLACES.flatMap((place) => FIGURES.map((figure) => ({ question, ...place, ...figure }))),
);

const value = fc.constantFrom(0.5, 1, 1.05, 1.2, 3);
const outcomes = fc.tuple(
  ...ROWS.map(() =>
    fc.record({
      truth: value,
      saturated: fc.constantFrom(false, false, true),
      median: value,
      width: fc.constantFrom(0, 0.1, 0.5),
      verdict: fc.constantFrom(
        "number",
        "number",
        "saturates",
        "insufficient_data",
        "none" as const,
      ),
    }),
  ),
);

const plain = (one: Errors) => ({
  n: one.n,
  median: one.median ?? null,
  mean: one.mean ?? null,
  coverage: one.coverage?.value ?? null,
  width: one.width ?? null,
});
const plainReference = (one: ReferenceErrors) => ({
  n: one.n,
  median: one.median,
  mean: one.mean,
  coverage: one.coverage.value,
  width: one.width,
});

test("agrees with the reference scorer", () => {
  fc.assert(
    fc.property(outcomes, (drawn) => {
      const questions = QUESTIONS.map(({ id, type }) => ({
        id,
        intervention: { type },
        interventions: [{ type }],
      }));
      const truth = ROWS.map((row, at) => ({
        ...row,
        value: drawn[at]?.truth ?? 1,
        saturated: drawn[at]?.saturated ?? false,
      }));
      const answers = ROWS.flatMap((row, at) => {
        const one = drawn[at];
        if (one === undefined || one.verdict === "none") return [];
        const { median, width, verdict } = one;
        return [
          { id: "c", ...row, median, low: median - width, high: median + width, verdict, ms: 1 },
        ];
      });
      const [own, other] = [
        scoreWhatIf(
          [{ id: "c", set: "s", folder: "", questions, truth }] as unknown as WhatIfCase[],
          answers as unknown as WhatIfAnswer[],
        ),
        reference.score(
          [{ id: "c", set: "s", truth: { answers: truth }, questions }],
          answers.map((one) => ({ ...one, case: one.id })),
        ),
      ];
      for (const part of ["all", "acting"] as const) {
        const mine = own[part];
        const theirs = other[part];
        expect(plain(mine.latency)).toEqual(plainReference(theirs.latency));
        expect(plain(mine.latency.nothingChanges)).toEqual(
          plainReference(theirs.latency.nothing_changes),
        );
        expect(plain(mine.errorRatio)).toEqual(plainReference(theirs.error_ratio));
        expect(mine.latency.direction?.value ?? null).toEqual(theirs.latency.direction.value);
        expect(mine.insufficient?.value ?? null).toEqual(theirs.insufficient.value);
        expect(mine.unanswered?.value ?? null).toEqual(theirs.unanswered.value);
        expect({
          truths: mine.saturation.truths,
          places: mine.saturation.places,
          recall: mine.saturation.recall?.value ?? null,
          alarms: mine.saturation.falseAlarms?.value ?? null,
        }).toEqual({
          truths: theirs.saturation.truth,
          places: theirs.saturation.places,
          recall: theirs.saturation.recall.value,
          alarms: theirs.saturation.false_alarms.value,
        });
      }
      expect(whatIfText(own)).toContain("interventions");
    }),
    { numRuns: 200 },
  );
});
