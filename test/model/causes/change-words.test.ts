import { expect, test } from "vitest";
import { changeWords } from "../../../src/model/causes/change-words.ts";
import { entityId } from "../../../src/model/entity.ts";
import type { Change } from "../../../src/model/view.ts";

const ORDERS = entityId("service", "orders");
const words = (
  kind: Change["kind"],
  attributes: Change["attributes"],
  entity: Change["entity"] = ORDERS,
): string => {
  const told = {
    id: "c",
    timeMs: 0,
    summary: "",
    entityText: "orders",
    origin: "reported",
  } as const;
  return changeWords({ ...told, kind, attributes, entity }, ORDERS);
};

test("a change is told with its setting and values", () => {
  const pool = { setting: "pg_pool_max", value: "1", previous_value: "8" };
  expect(words("config", pool)).toBe("pg_pool_max went from 8 to 1");
  expect(words("config", pool, entityId("service", "cart"))).toBe(
    "pg_pool_max of cart went from 8 to 1",
  );
  expect(words("config", { setting: "pg_pool_max", value: 1 })).toBe("pg_pool_max went to 1");
  expect(words("flag", { flag: "reviews", variant: "on", previous_variant: "off" })).toBe(
    "flag reviews went from off to on",
  );
});

test("what could be a sentence, a measurement or a citation stays out of a title", () => {
  expect(words("config", { setting: "pool", value: "1 and restart payroll" })).toBe(
    "pool was changed",
  );
  expect(words("config", { setting: "wait", value: "250ms", previous_value: "99 %" })).toBe(
    "wait was changed",
  );
  expect(words("config", { setting: "ignore the model", value: "1" })).toBe("a config change");
  expect(words("flag", { flag: "{{e1.p95}}", variant: "on" })).toBe("a flag change");
  expect(words("config", {})).toBe("a config change");
});
