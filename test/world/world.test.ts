// The demo world for real: processes, PostgreSQL, load, one fault and its cure. Needs nothing but this machine.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENTRY_OPERATIONS, SHOP_SERVICES } from "../../src/demo/world/contract.ts";
import { FAULT_NAMES } from "../../src/demo/world/faults.ts";
import type { OperationWindow } from "../../src/demo/world/load-window.ts";
import { startWorld, type World } from "../../src/demo/world/supervisor.ts";
import { silentLog } from "../../src/log.ts";
import { openSink, type Sink } from "./otlp-sink.ts";

const SETTLE_MS = 4_000;
const OBSERVE_MS = 15_000;

let world: World;
let sink: Sink;
let dataDir: string;
let pids: ReadonlyMap<string, number>;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "world-test-"));
  sink = await openSink();
  world = await startWorld({
    otlpEndpoint: sink.url,
    changesEndpoint: `${sink.url}/v1/changes`,
    load: { requestsPerSecond: 20, seed: 11 },
    dataDir,
    log: silentLog,
    decoyLeadMs: 2_000,
  });
});

afterAll(async () => {
  await world?.stop();
  await sink?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function observe(ms: number): Promise<ReadonlyMap<string, OperationWindow>> {
  const fromMs = Date.now();
  await sleep(ms);
  return new Map(world.customersSaw(fromMs, Date.now()).map((it) => [it.operation, it]));
}

async function operate(
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await fetch(`${world.operations.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${world.operations.token}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

const changes = (): { kind: string; entity: string; id: string }[] =>
  (sink.bodies.get("/v1/changes") ?? []).map((it) => JSON.parse(it));

/** Shares of a shared machine's noise: a healthy shop may be slow now and then, never often. */
const badShare = (window: OperationWindow | undefined): number =>
  window === undefined || window.requests === 0 ? 1 : window.bad / window.requests;

test("a healthy shop serves every entry operation and sends traces, metrics and logs", async () => {
  await sleep(SETTLE_MS);
  const healthy = await observe(OBSERVE_MS);
  for (const operation of ENTRY_OPERATIONS) {
    expect(healthy.get(operation)?.requests, operation).toBeGreaterThan(10);
    expect(badShare(healthy.get(operation)), operation).toBeLessThan(0.06);
  }
  const traces = (sink.bodies.get("/v1/traces") ?? []).join("\n");
  for (const service of SHOP_SERVICES) expect(traces).toContain(`"stringValue":"${service}"`);
  for (const name of ["GET /product/:id", "pg.query:SELECT shop", "process fulfilment_jobs"])
    expect(traces).toContain(`"name":"${name}"`);
  expect(traces).toMatch(/"links":\[\{"attributes":\[\],"spanId":"[0-9a-f]{16}"/);
  const metrics = (sink.bodies.get("/v1/metrics") ?? []).join("\n");
  for (const name of [
    "http.server.request.duration",
    "db.client.connection.count",
    "nodejs.eventloop.delay.p99",
  ])
    expect(metrics).toContain(`"${name}"`);
  expect(sink.bodies.get("/v1/logs")?.join("")).toContain("listening");
});

test("the operations port wants its token, refuses what does not exist, and does nothing twice", async () => {
  const denied = await fetch(`${world.operations.url}/ops/state`, {
    headers: { authorization: `Bearer ${world.faultControl.token}` },
  });
  expect(denied.status).toBe(401);
  expect((await operate("/ops/deploy", { service: "catalog", version: "9.9.9" })).status).toBe(422);
  expect((await operate("/ops/scale", { service: "cart", replicas: 99 })).status).toBe(422);
  expect((await operate("/ops/nothing", {})).status).toBe(404);

  const unknown = await fetch(`${world.faultControl.url}/fault`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.faultControl.token}` },
    body: JSON.stringify({ fault: "earthquake" }),
  });
  expect(unknown.status).toBe(422);

  const asked = { service: "checkout", replicas: 3 };
  const [first, second] = await Promise.all([
    operate("/ops/scale", asked, { "idempotency-key": "scale-1" }),
    operate("/ops/scale", asked, { "idempotency-key": "scale-1" }),
  ]);
  expect(first).toEqual(second);
  expect(first.body).toMatchObject({ ok: true, instances: { length: 3 } });
  await sleep(500);
  expect(changes().filter((it) => it.kind === "scale")).toHaveLength(1);
  expect(JSON.stringify((await operate("/ops/state", undefined)).body)).toContain("checkout-3");
});

test("a bad build hurts the customers until it is rolled back", async () => {
  await world.injectFault("bad-deploy");
  await sleep(SETTLE_MS);
  const hurt = await observe(OBSERVE_MS);
  expect(badShare(hurt.get("GET /product/:id"))).toBeGreaterThan(0.2);

  const truth = JSON.parse(readFileSync(world.truthPath() ?? "", "utf8"));
  expect(truth).toMatchObject({ healthy: false, roots: [{ entity: "catalog" }] });
  const [remedy] = truth.remediation;
  const decoys = changes().filter((it) => truth.change.decoys.includes(it.id));
  expect(decoys).toHaveLength(1);
  expect(decoys[0]?.entity).not.toBe("catalog");
  expect(changes().find((it) => it.id === truth.change.id)?.entity).toBe("catalog");

  const cured = await operate("/ops/rollback", {
    service: remedy.service,
    to_version: remedy.toVersion,
  });
  expect(cured.status).toBe(200);
  await sleep(10_000);
  expect(badShare((await observe(OBSERVE_MS)).get("GET /product/:id"))).toBeLessThan(0.06);
});

test("mending brings a shop back that serves nobody", async () => {
  await world.injectFault("outage");
  await expect(world.injectFault("bad-deploy")).rejects.toThrow(/outage is on since/);
  await sleep(SETTLE_MS);
  expect(badShare((await observe(5_000)).get("GET /"))).toBeGreaterThan(0.9);
  const done = await world.mend();
  expect(done).toContain("restart gateway");
  expect(done).toContain("scale checkout to 2 replicas");
  await sleep(10_000);
  expect(badShare((await observe(OBSERVE_MS)).get("GET /"))).toBeLessThan(0.06);
  expect(await world.mend()).toEqual([]);
});

test("nothing that the shop emits names a fault", () => {
  pids = world.pids();
  const emitted = [...sink.bodies.values()].flat();
  for (const file of readdirSync(join(dataDir, "logs")))
    emitted.push(readFileSync(join(dataDir, "logs", file), "utf8"));
  if (existsSync("/proc"))
    for (const pid of pids.values()) emitted.push(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  const words = [
    ...FAULT_NAMES.filter((it) => it !== "none" && it !== "outage"),
    "fault",
    "inject",
    "chaos",
    "starv",
    "decoy",
    "n+1",
    "unindexed",
  ];
  const text = emitted.join("\n").toLowerCase();
  expect(text.length).toBeGreaterThan(100_000);
  for (const word of words) expect(text.includes(word), word).toBe(false);
});

test("nothing is left when the world has stopped", async () => {
  await world.stop();
  const alive = [...pids].filter(([, pid]) => isAlive(pid));
  expect(alive).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
