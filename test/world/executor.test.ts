// The executor's client against the real operations port: what it asks for is what the shop then shows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../../src/demo/world/supervisor.ts";
import type { Action, Preconditions } from "../../src/incident/action.ts";
import { silentLog } from "../../src/log.ts";
import { createDemoWorld } from "../../src/remediation/demo-world.ts";
import { driftOf, factsBefore, isReached } from "../../src/remediation/facts.ts";

let world: World;
let dataDir: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "world-executor-"));
  const nowhere = "http://127.0.0.1:9";
  world = await startWorld({
    otlpEndpoint: nowhere,
    changesEndpoint: nowhere,
    load: { requestsPerSecond: 2, seed: 5 },
    dataDir,
    log: silentLog,
    decoyLeadMs: 10,
  });
});

afterAll(async () => {
  await world?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test.each<[Action, Preconditions["facts"]]>([
  [
    { type: "set_flag", flag: "cart-compact-summary", variant: "on" },
    { "flag:cart-compact-summary": "off" },
  ],
  [
    { type: "restore_setting", service: "catalog", setting: "pg_pool_max", value: "5" },
    { "setting:catalog.pg_pool_max": "6" },
  ],
  [
    { type: "limit_caller", caller: "gateway", callee: "cart", maxConcurrent: 8 },
    { "limit:gateway.cart": "none" },
  ],
  [{ type: "scale", service: "inventory", replicas: 2 }, { "replicas:inventory": 1 }],
  [{ type: "restart", service: "orders" }, { "replicas:orders": 1 }],
  [{ type: "restart", service: "cart", instance: "cart-1" }, { "instance:cart.cart-1": "present" }],
])("%j", async (action, facts) => {
  const target = createDemoWorld(world.operations);
  const seen = await target.look();
  expect(driftOf({ facts }, seen)).toEqual([]);
  const before = factsBefore(action, seen);
  expect(isReached(action, before, seen)).toBe(false);
  expect(await target.execute(action, JSON.stringify(action))).toMatchObject({ type: "done" });
  const after = await target.look();
  expect(isReached(action, before, after)).toBe(true);
  expect(driftOf({ facts }, after)).toHaveLength(
    action.type === "restart" && action.instance === undefined ? 0 : 1,
  );
});

test("a rollback is there when it is done, and one to a build that never was is refused", async () => {
  const target = createDemoWorld(world.operations);
  const service = "catalog";
  await world.injectFault("bad-deploy");
  const facts = {
    "version:catalog": world.status().services.find((it) => it.service === service)?.version ?? "",
  };
  expect(facts).not.toEqual({ "version:catalog": "1.4.2" });
  expect(driftOf({ facts }, await target.look())).toEqual([]);
  const impossible: Action = { type: "rollback", service, toVersion: "0.0.1" };
  expect(await target.execute(impossible, "r-1")).toMatchObject({ code: "target_refused" });
  const back: Action = { type: "rollback", service, toVersion: "1.4.2" };
  expect(await target.execute(back, "r-2")).toMatchObject({ type: "done" });
  expect(isReached(back, {}, await target.look())).toBe(true);
});
