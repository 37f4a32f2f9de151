import { expect, test } from "vitest";
import { swallowMutated } from "../../support/swallow-mutated.ts";

// `npm run bench -- mutated` sends two hundred thousand.
test("damaged requests are refused with a reason or read as far as they make sense; none of them breaks anything", () => {
  const { accepted, refused, crashes } = swallowMutated(24_000, 1);
  expect(crashes).toEqual([]);
  expect(Object.keys(refused)).toEqual(["otlp_malformed"]);
  expect(accepted).toBeGreaterThan(500);
  expect(refused.otlp_malformed).toBeGreaterThan(500);
}, 60_000);
