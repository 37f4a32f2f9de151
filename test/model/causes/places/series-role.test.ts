import { expect, test } from "vitest";
import { roleOf } from "../../../../src/model/causes/places/series-role.ts";

const kindOf = (metric: string): string => roleOf({ metric, unit: "", attributes: {} }).kind;

test("what is counted per second is no time, whatever its name ends in", () => {
  expect(kindOf("requests_per_sec")).toBe("traffic");
  expect(kindOf("errors_per_second")).toBe("errors");
  expect(kindOf("request_sec")).toBe("latency");
});
