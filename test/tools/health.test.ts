import { expect, test } from "vitest";
import { healthRow, healthValues, stationHealth } from "../../tools/health.ts";

test("nothing seen is null in rows and cannot be cited", () => {
  const none = stationHealth([], { fromMs: 0, toMs: 5_000 });
  expect(healthRow(none)).toEqual({
    requestsPerSecond: 0,
    errorRatio: null,
    p95Ms: null,
    meanMs: null,
    ownMs: null,
  });
  expect(healthValues(none, "before")).toEqual({
    beforeRequestRate: { value: 0, unit: "per_second" },
  });
});
