import { expect, test } from "vitest";
import {
  crps,
  isInside,
  type ScoredStatistic,
  trackRecord,
} from "../../../src/model/whatif/track-record.ts";

const scored = (part: Partial<ScoredStatistic>): ScoredStatistic => ({
  interventionType: "rollback",
  statistic: "p95",
  median: 100,
  low: 80,
  high: 120,
  observed: 100,
  ...part,
});

test("scores a sharp right answer better than a vague one and than a wrong one", () => {
  const sharp = crps(scored({}));
  expect(sharp).toBeLessThan(crps(scored({ low: 20, high: 180 })));
  expect(sharp).toBeLessThan(crps(scored({ observed: 160 })));
});

test("a point mass scores its distance", () => {
  expect(crps(scored({ low: 100, high: 100, observed: 130 }))).toBeCloseTo(30, 6);
});

test("counts what lay inside, by type of intervention", () => {
  expect(isInside(scored({ observed: 120 }))).toBe(true);
  const record = trackRecord([
    [scored({}), scored({ observed: 200 })],
    [scored({ interventionType: "scale" })],
    [],
  ]);
  expect(record.types.map((one) => [one.interventionType, one.outcomes, one.coverage])).toEqual([
    ["rollback", 1, 0.5],
    ["scale", 1, 1],
  ]);
  expect(record.types[0]?.medianLogError).toBeCloseTo(Math.log(2) / 2, 6);
});
