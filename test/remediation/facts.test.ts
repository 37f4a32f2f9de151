import { expect, test } from "vitest";
import type { Action } from "../../src/incident/action.ts";
import {
  driftOf,
  type FactKind,
  type Facts,
  factsBefore,
  isReached,
} from "../../src/remediation/facts.ts";

const facts = (values: Record<string, string | number>, kinds?: readonly FactKind[]): Facts => ({
  kinds: new Set(kinds ?? ["version", "replicas", "flag", "setting", "instance", "limit"]),
  values: new Map(Object.entries(values)),
});

const shop = facts({
  "version:catalog": "1.5.0",
  "replicas:catalog": 2,
  "instance:catalog.catalog-1": "present",
  "instance:catalog.catalog-2": "present",
  "setting:catalog.pg_pool_max": "6",
  "limit:gateway.cart": 9,
  "flag:review": "on",
});

test("facts that hold are no drift, whether a number is written as a text or not", () => {
  const holding = {
    "version:catalog": "1.5.0",
    "replicas:catalog": 2,
    "instance:catalog.catalog-1": "present",
    "setting:catalog.pg_pool_max": 6,
    "limit:gateway.cart": 9,
    "flag:review": "on",
  };
  expect(driftOf({ facts: holding }, shop)).toEqual([]);
  expect(driftOf({ facts: {} }, shop)).toEqual([]);
});

test.each([
  ["version:catalog", "1.4.2", "1.5.0"],
  ["replicas:catalog", 3, 2],
  ["flag:review", "off", "on"],
  ["setting:catalog.pg_pool_max", 8, "6"],
  ["instance:catalog.catalog-9", "present", "absent"],
  ["limit:gateway.cart", "none", 9],
  ["limit:gateway.cart", 10, 9],
  // Of a kind that is shown, what is not listed is gone.
  ["version:search", "1.0.0", "gone"],
  ["flag:unheard", "on", "gone"],
  ["setting:catalog.unheard", 1, "gone"],
  ["replicas:search", 1, 0],
])("%s is drift when it was %s and is %s", (key, wanted, found) => {
  expect(driftOf({ facts: { [key]: wanted } }, shop)).toEqual([{ key, wanted, found }]);
});

test("after an outage nothing of a service is left, and that can be what was seen", () => {
  expect(driftOf({ facts: { "replicas:gateway": 0 } }, shop)).toEqual([]);
  expect(driftOf({ facts: { "replicas:gateway": 0, "limit:catalog.cart": "none" } }, shop)).toEqual(
    [],
  );
});

test("a fact of a kind that the target does not show cannot be drift", () => {
  const flagsOnly = facts({ "flag:review": "on" }, ["flag"]);
  expect(driftOf({ facts: { "version:catalog": "9", "weather:here": "rain" } }, flagsOnly)).toEqual(
    [],
  );
});

const restart: Action = { type: "restart", service: "catalog" };
const restartOne: Action = { type: "restart", service: "catalog", instance: "catalog-1" };

test.each<[Action, Record<string, string | number>, Record<string, string | number>]>([
  [
    { type: "rollback", service: "catalog", toVersion: "1.4.2" },
    { "version:catalog": "1.4.2" },
    { "version:catalog": "1.5.0" },
  ],
  [
    { type: "scale", service: "catalog", replicas: 4 },
    { "replicas:catalog": 4 },
    { "replicas:catalog": 3 },
  ],
  [
    { type: "set_flag", flag: "review", variant: "off" },
    { "flag:review": "off" },
    { "flag:review": "on" },
  ],
  [
    { type: "restore_setting", service: "catalog", setting: "pg_pool_max", value: "6" },
    { "setting:catalog.pg_pool_max": "6" },
    { "setting:catalog.pg_pool_max": "2" },
  ],
  [
    { type: "limit_caller", caller: "gateway", callee: "cart", maxConcurrent: 4 },
    { "limit:gateway.cart": 4 },
    {},
  ],
  [
    restart,
    { "replicas:catalog": 2, "instance:catalog.catalog-3": "present" },
    {
      "replicas:catalog": 3,
      "instance:catalog.catalog-2": "present",
      "instance:catalog.catalog-3": "present",
    },
  ],
  [
    restartOne,
    { "replicas:catalog": 2, "instance:catalog.catalog-2": "present" },
    { "replicas:catalog": 2, "instance:catalog.catalog-1": "present" },
  ],
  // Old instances that are gone are no restart as long as no new one serves.
  [restart, { "replicas:catalog": 1 }, { "replicas:catalog": 0 }],
  [restartOne, { "replicas:catalog": 1 }, {}],
])("%j is told from its not having happened", (action, there, notThere) => {
  const before = factsBefore(action, shop);
  expect(isReached(action, before, facts(there))).toBe(true);
  expect(isReached(action, before, facts(notThere))).toBe(false);
});

test("a restart after an outage is there as soon as something serves", () => {
  const gateway: Action = { type: "restart", service: "gateway" };
  expect(factsBefore(gateway, shop)).toEqual({});
  expect(isReached(gateway, {}, facts({ "replicas:gateway": 0 }))).toBe(false);
  expect(isReached(gateway, {}, facts({ "replicas:gateway": 2 }))).toBe(true);
});
