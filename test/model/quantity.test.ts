import { expect, test } from "vitest";
import { formatQuantity, metricUnit } from "../../src/model/quantity.ts";

test.each([
  [17, "17 ms"],
  [1_390, "1.4 s"],
  [60_000, "1 min"],
  [90 * 60_000, "90 min"],
  [24 * 3_600_000, "24 h"],
  [14 * 86_400_000, "14 d"],
])("%d ms are told as %s", (value, text) => {
  expect(formatQuantity({ value, unit: "ms" })).toBe(text);
});

test("a metric keeps the unit that it was sent in, where code can tell it", () => {
  expect(["ms", "s", "By", "1", "{request}"].map(metricUnit)).toEqual([
    "ms",
    "s",
    "bytes",
    "none",
    "none",
  ]);
});
