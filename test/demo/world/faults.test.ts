import fc from "fast-check";
import { expect, test } from "vitest";
import { buildOf, neutralVersions } from "../../../src/demo/world/builds.ts";
import { SHOP_SERVICES } from "../../../src/demo/world/contract.ts";
import { FAULT_NAMES, harmlessChange } from "../../../src/demo/world/faults.ts";
import { Fleet } from "../../../src/demo/world/fleet.ts";
import { seededRandom } from "../../../src/demo/world/random.ts";
import { FLAGS, SHOP_PLAN } from "../../../src/demo/world/shop-plan.ts";
import { silentLog } from "../../../src/log.ts";

const fleet = new Fleet({
  logFolder: "",
  otlpEndpoint: "http://127.0.0.1:1",
  databasePort: 1,
  seed: 1,
  log: silentLog,
});

const GUILTY: Readonly<Record<string, readonly string[]>> = {
  "bad-deploy": ["catalog"],
  "error-deploy": ["cart", "inventory"],
  "slow-query": ["catalog"],
  "pool-exhaustion": ["orders"],
  "starved-replica": ["catalog", "cart"],
  "retry-storm": ["payment"],
  outage: ["gateway"],
};

test("the change before a fault is harmless, and to a service that the fault leaves alone", () => {
  fc.assert(
    fc.property(fc.constantFrom(...FAULT_NAMES), fc.integer(), (fault, seed) => {
      const change = harmlessChange(fault, fleet, seededRandom(seed));
      const service =
        change.type === "flag"
          ? FLAGS[change.flag]?.service
          : "service" in change
            ? change.service
            : undefined;
      expect(GUILTY[fault] ?? []).not.toContain(service);
      if (change.type === "deploy") expect(buildOf(change.service, change.version)).toEqual({});
      if (change.type === "flag") expect(change.flag).not.toBe("catalog-review-highlights");
      if (change.type === "setting") expect(change.setting).not.toBe("pg_pool_max");
    }),
  );
});

test("the seed chooses the harmless change, and different seeds choose different kinds", () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 50; seed += 1) {
    const change = harmlessChange("bad-deploy", fleet, seededRandom(seed));
    expect(harmlessChange("bad-deploy", fleet, seededRandom(seed))).toEqual(change);
    kinds.add(change.type);
  }
  expect([...kinds].sort()).toEqual(["deploy", "flag", "setting"]);
});

test("every service starts on a neutral build and has another one to go to", () => {
  for (const service of SHOP_SERVICES) {
    const { version } = SHOP_PLAN[service];
    expect(buildOf(service, version)).toEqual({});
    expect(neutralVersions(service, version).length).toBeGreaterThan(0);
    expect(neutralVersions(service, version)).not.toContain(version);
  }
});
