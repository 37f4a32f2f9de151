import fc from "fast-check";
import { expect, test } from "vitest";
import type { Answer, Truth } from "../../src/cases/answer.ts";
import { causeReport } from "../../src/cases/cause-report.ts";
import { causeTable } from "../../src/cases/cause-table.ts";

interface Scorer {
  score(cases: readonly object[], answers: readonly object[]): object;
  text(report: object): string;
}
const reference: Scorer = await import(new URL("./reference/score.mjs", import.meta.url).pathname);

const name = fc.constantFrom("a", " A", "b", "b-0", "c", "d", "", "chg-1");
const p = fc.oneof(
  fc.constantFrom(0, 0.1, 0.1, 0.3, 0.51, 1, -1, 7),
  fc.constant(undefined),
  fc.constant(Number.NaN),
);
const id = fc.constantFrom("0123456789ab", "0123456", "012345", "fedcba98", null);
const truth: fc.Arbitrary<Truth> = fc
  .record({
    healthy: fc.boolean(),
    roots: fc.array(
      fc.record({
        entity: fc.constantFrom("a", "b", "c"),
        aliases: fc.constantFrom([], ["b-0", "A"]),
        fault: fc.constantFrom("cpu", "net"),
      }),
      { minLength: 1, maxLength: 2 },
    ),
    change: fc.option(fc.record({ id, decoys: fc.constantFrom([], ["fedcba98765"]) }), {
      nil: undefined,
    }),
    external: fc.constantFrom(undefined, ["d"]),
    purpose: fc.constantFrom(undefined, undefined, "what-if"),
  })
  .map(({ change, external, purpose, ...rest }) => ({
    ...rest,
    ...(change === undefined ? {} : { change }),
    ...(external === undefined ? {} : { external }),
    ...(purpose === undefined ? {} : { purpose }),
  }));
const answer = fc
  .record({
    ranking: fc.array(
      fc.record({ entity: name, p }).map(({ p: value, ...rest }) => ({
        ...rest,
        ...(value === undefined ? {} : { p: value }),
      })),
      { maxLength: 6 },
    ),
    change: fc.option(id, { nil: undefined }),
    ms: fc.constantFrom(undefined, 1.5, 20),
  })
  .map(({ ranking, change, ms }) => ({
    ranking,
    ...(change === undefined ? {} : { change }),
    ...(ms === undefined ? {} : { ms }),
  }));
const scored = fc.record({
  cases: fc.array(fc.record({ set: fc.constantFrom("s", "t"), truth }), {
    minLength: 1,
    maxLength: 6,
  }),
  answers: fc.array(fc.record({ of: fc.nat(7), delay: fc.constantFrom(0, 60), answer }), {
    maxLength: 12,
  }),
});

test("our scorer says what the case format's own says, in figures and in words", () => {
  fc.assert(
    fc.property(scored, ({ cases, answers }) => {
      const all = cases.map((one, at) => ({ id: `case-${at}`, ...one }));
      const given = new Map<string, Answer>();
      for (const { of, delay, answer: one } of answers) {
        given.set(`${of} ${delay}`, { id: `case-${of}`, delay_s: delay, ...one });
      }
      const list = [...given.values()];
      const ours = causeReport(all, list);
      const theirs = reference.score(all, list);
      expect(JSON.parse(JSON.stringify(ours))).toEqual(JSON.parse(JSON.stringify(theirs)));
      expect(causeTable(ours)).toBe(reference.text(theirs));
    }),
    { numRuns: 500 },
  );
});

test("two answers to one case at one delay, and two cases of one name, are refused", () => {
  const one = { id: "x", set: "s", truth: { healthy: true } };
  expect(() => causeReport([one, one], [])).toThrow(/same id/);
  expect(() => causeReport([one], [{ id: "x" }, { id: "x", delay_s: 0 }])).toThrow(/two answers/);
  expect(() => causeReport([], [])).toThrow(/no case/);
});
