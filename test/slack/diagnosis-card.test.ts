import { expect, test } from "vitest";
import { entityId } from "../../src/model/entity.ts";
import { symptomLine } from "../../src/slack/blocks/diagnosis-card.ts";
import { diagnosis } from "./samples.ts";

test("bad requests of more than the operation that is named are told as such", () => {
  const one = diagnosis();
  expect(symptomLine(one)).toContain("(≈ 212 bad requests/min)");
  const [first] = one.blastRadius.operations;
  if (first === undefined) throw new Error("a sample that hurts nothing");
  const other = { ...first, operation: entityId("operation", "gateway GET /") };
  const two = diagnosis({ blastRadius: { ...one.blastRadius, operations: [first, other] } });
  expect(symptomLine(two)).toContain("(≈ 212 bad requests/min of all operations)");
});
