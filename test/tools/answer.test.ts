import { expect, test } from "vitest";
import {
  answer,
  EVIDENCE_MAX,
  firstOf,
  isoTime,
  quantities,
  refuse,
  rounded,
} from "../../tools/answer.ts";
import type { EvidenceDraft } from "../../tools/define-tool.ts";

const draft: EvidenceDraft = {
  kind: "service",
  about: "cart",
  text: "cart serves {{rate}} with p95 {{p95}}",
  values: { rate: { value: 4, unit: "per_second" } },
};

test("evidence names only values that it has", () => {
  const { evidence } = answer(null, [draft]);
  expect(evidence[0]?.text).toBe("cart serves {{rate}} with p95 an unknown value");
  expect(answer(null, Array(20).fill(draft)).evidence).toHaveLength(EVIDENCE_MAX);
});

test("what was not measured is null in rows and cannot be cited", () => {
  expect([rounded(Number.NaN), rounded(Number.POSITIVE_INFINITY), rounded(undefined)]).toEqual([
    null,
    null,
    null,
  ]);
  expect(rounded(1234.5)).toBe(1230);
  expect(quantities("ms", { a: 12.34567, b: Number.NaN, c: undefined })).toEqual({
    a: { value: 12.35, unit: "ms" },
  });
});

test("counts and instants are exact, and an instant that no calendar has is left out", () => {
  expect(quantities("count", { n: 123_456 })).toEqual({ n: { value: 123_456, unit: "count" } });
  const ms = Date.UTC(2026, 10, 24, 2, 0, 0);
  expect(quantities("time", { at: ms + 0.4, never: 1e300 })).toEqual({
    at: { value: ms, unit: "time" },
  });
  expect(isoTime(ms)).toBe("2026-11-24T02:00:00Z");
  for (const strange of [Number.NaN, 1e300, Number.NEGATIVE_INFINITY]) {
    expect(isoTime(strange)).toMatch(/^[+-]?\d{4,6}-\d{2}-\d{2}T/);
  }
});

test("a refusal offers each name once, and no more than six", () => {
  expect(refuse("x", "y", ["a", "a", "b"])).toEqual({
    ok: false,
    code: "x",
    message: "y",
    didYouMean: ["a", "b"],
  });
  expect(refuse("x", "y", [])).toEqual({ ok: false, code: "x", message: "y" });
  expect(refuse("x", "y", [..."abcdefgh"]).didYouMean).toHaveLength(6);
});

test("a list that was cut says how much of it is shown", () => {
  expect(firstOf([1, 2, 3], 2, "services")).toEqual({
    kept: [1, 2],
    notes: ["2 of 3 services shown"],
  });
  expect(firstOf([1, 2], 2, "services").notes).toEqual([]);
});
