// The client of the demo world's operations port, against a server that misbehaves.
import { expect, test } from "vitest";
import { operationSchema } from "../../src/demo/world/operations.ts";
import type { Action } from "../../src/incident/action.ts";
import { createDemoWorld } from "../../src/remediation/demo-world.ts";
import type { Target } from "../../src/remediation/target.ts";
import {
  type OperationsPort,
  openOperationsPort,
  type PortFault,
} from "../support/operations-port.ts";
import { rollback } from "./proposals.ts";

/** Long enough for a busy machine to take the request in; a port that hangs is waited for no longer. */
const HANGS_MS = 1_000;
const isSlow = ({ type }: PortFault): boolean => type === "hang" || type === "late";

function client({ url, token }: OperationsPort, fault?: PortFault): Target {
  const maxMs = fault !== undefined && isSlow(fault) ? HANGS_MS : 10_000;
  return createDemoWorld({ url, token, lookMaxMs: maxMs, executeMaxMs: maxMs });
}

const refused = (code: string) => ({
  ok: false,
  code,
  message: "catalog has no build 1.4.2 <!channel> ".repeat(20),
});

test.concurrent.each<[string, PortFault, string, number]>([
  ["an answer", { type: "late", ms: 1 }, "done", 1],
  ["a reset before the effect", { type: "reset", when: "before" }, "unclear", 0],
  ["a reset after the effect", { type: "reset", when: "after" }, "unclear", 1],
  ["no answer, no effect", { type: "hang", when: "before" }, "unclear", 0],
  ["no answer after the effect", { type: "hang", when: "after" }, "unclear", 1],
  ["a late answer", { type: "late", ms: 3 * HANGS_MS }, "unclear", 0],
  [
    "a 500 after the effect",
    {
      type: "answer",
      when: "after",
      status: 500,
      body: { ok: false, code: "internal", message: "" },
    },
    "unclear",
    1,
  ],
  [
    "a process that did not start",
    { type: "answer", when: "after", status: 422, body: refused("world_process_failed") },
    "unclear",
    1,
  ],
  [
    "a 200 that says nothing",
    { type: "answer", when: "after", status: 200, body: "<html>" },
    "unclear",
    1,
  ],
  [
    "a refusal",
    { type: "answer", when: "before", status: 422, body: refused("version_unknown") },
    "refused target_refused",
    0,
  ],
  [
    "a wrong token",
    { type: "answer", when: "before", status: 401 },
    "refused target_unauthorized",
    0,
  ],
  ["a redirect", { type: "answer", when: "before", status: 307 }, "unclear", 0],
])("%s", async (_name, fault, end, effects) => {
  await using port = await openOperationsPort();
  port.fail("POST", fault);
  const execution = await client(port, fault).execute(rollback, "p-1");
  expect(execution.type === "refused" ? `refused ${execution.code}` : execution.type).toBe(end);
  expect(execution.detail.length).toBeLessThan(400);
  expect(port.effects).toHaveLength(effects);
  expect(port.requests).toEqual(["POST /ops/rollback"]);
});

test("a port that is not there did nothing", async () => {
  const port = await openOperationsPort();
  const target = client(port);
  await port[Symbol.asyncDispose]();
  expect(await target.execute(rollback, "p-1")).toMatchObject({
    type: "refused",
    code: "target_unreachable",
  });
  await expect(target.look()).rejects.toMatchObject({ code: "target_unreachable" });
});

test.each<[string, PortFault, string]>([
  ["a reset", { type: "reset", when: "before" }, "target_unreachable"],
  ["no answer", { type: "hang", when: "before" }, "target_unreachable"],
  ["a wrong token", { type: "answer", when: "before", status: 401 }, "target_unauthorized"],
  ["an error", { type: "answer", when: "before", status: 500 }, "target_unreadable"],
  ["another shape", { type: "answer", when: "before", status: 200, body: {} }, "target_unreadable"],
  [
    "an endless answer",
    { type: "answer", when: "before", status: 200, body: `"${"x".repeat(2_000_000)}"` },
    "target_unreachable",
  ],
])("a look that meets %s says so", async (_name, fault, code) => {
  await using port = await openOperationsPort();
  port.fail("GET", fault);
  await expect(client(port, fault).look()).rejects.toMatchObject({ code });
});

test("a look shows every kind of fact", async () => {
  await using port = await openOperationsPort();
  const { values } = await client(port).look();
  expect(Object.fromEntries(values)).toEqual({
    "version:catalog": "1.5.0",
    "replicas:catalog": 2,
    "instance:catalog.catalog-1": "present",
    "instance:catalog.catalog-2": "present",
    "setting:catalog.pg_pool_max": "2",
    "version:gateway": "3.8.1",
    "replicas:gateway": 0,
    "limit:gateway.cart": 9,
    "flag:catalog-review-highlights": "on",
  });
});

test.each<Action>([
  rollback,
  { type: "scale", service: "catalog", replicas: 4 },
  { type: "restart", service: "catalog" },
  { type: "restart", service: "catalog", instance: "catalog-1" },
  { type: "set_flag", flag: "catalog-review-highlights", variant: "off" },
  { type: "restore_setting", service: "catalog", setting: "pg_pool_max", value: "6" },
  { type: "limit_caller", caller: "gateway", callee: "cart", maxConcurrent: 4 },
])("$type is asked for in the words of the real port, under the proposal's key", async (action) => {
  await using port = await openOperationsPort();
  const target = client(port);
  expect(target.actions).toContain(action.type);
  expect((await target.execute(action, "p-7")).type).toBe("done");
  const [effect] = port.effects;
  expect(effect?.key).toBe("p-7");
  const asked = { ...effect?.body, type: effect?.path.replace("/ops/", "") };
  expect(operationSchema.parse(asked)).toEqual(asked);
});
