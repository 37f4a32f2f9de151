import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { ChangeFeed } from "../../../src/demo/world/change-feed.ts";
import { Child } from "../../../src/demo/world/child.ts";
import { Fleet } from "../../../src/demo/world/fleet.ts";
import { Injector } from "../../../src/demo/world/injector.ts";
import { operationsBack } from "../../../src/demo/world/mending.ts";
import { Operations } from "../../../src/demo/world/operations.ts";
import { seededRandom } from "../../../src/demo/world/random.ts";
import { isOperationError } from "../../../src/errors.ts";
import { silentLog } from "../../../src/log.ts";

let folder: string;
let sink: Server;
let provider: Child;
let fleet: Fleet;
let operations: Operations;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "injector-"));
  sink = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
  const address = sink.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  provider = new Child({
    name: "psp",
    module: "psp/main.ts",
    logFolder: folder,
    env: {},
    memoryMb: 64,
  });
  // A shop without processes: what faults and mending do to its settings needs none.
  const options = { logFolder: folder, otlpEndpoint: "", databasePort: 1, seed: 1, log: silentLog };
  fleet = new Fleet(options);
  const feed = new ChangeFeed(`http://127.0.0.1:${port}/`, silentLog);
  operations = new Operations(fleet, feed, Date.now);
});

afterEach(async () => {
  await provider.stop();
  sink.close();
  rmSync(folder, { recursive: true, force: true });
});

const injectorWith = (decoyLeadMs: number): Injector =>
  new Injector({
    clock: systemClock,
    log: silentLog,
    fleet,
    operations,
    warden: provider,
    provider,
    random: seededRandom(7),
    truthFolder: folder,
    decoyLeadMs,
  });

/** The message with which a second fault is refused. */
function refusal(injector: Injector): string {
  try {
    injector.begin("slow-query").inEffect.catch(() => undefined);
  } catch (error) {
    if (isOperationError(error, "fault_refused")) return error.message;
    throw error;
  }
  return "";
}

async function chargeMs(port: number): Promise<number> {
  const fromMs = performance.now();
  await fetch(`http://127.0.0.1:${port}/`, { method: "POST" });
  return performance.now() - fromMs;
}

test("a second fault is refused at once, and the refusal says what is on and how to mend it", async () => {
  const injector = injectorWith(30);
  const { inEffect } = injector.begin("pool-exhaustion");
  expect(refusal(injector)).toContain("pool-exhaustion is being prepared");
  await inEffect;
  expect(injector.status).toMatchObject({ state: "injected", fault: "pool-exhaustion" });
  expect(refusal(injector)).toMatch(/^pool-exhaustion is on since \d\d:\d\d:\d\d UTC.*--mend$/);
});

test("a fault that somebody cured is on no more", async () => {
  const injector = injectorWith(1);
  await injector.inject("pool-exhaustion");
  const cure = { type: "setting", service: "orders", setting: "pg_pool_max", value: "8" } as const;
  await operations.run(cure, "mira");
  expect(injector.status).toEqual({ state: "quiet" });
  expect(refusal(injector)).toBe("");
});

test("mending puts settings and flags back by reported operations, and then there is nothing to mend", async () => {
  const injector = injectorWith(1);
  await injector.inject("pool-exhaustion");
  await operations.run({ type: "flag", flag: "catalog-review-highlights", variant: "on" }, "lena");
  const limit = { type: "limit", caller: "payment", callee: "psp", max_concurrent: 5 } as const;
  await operations.run(limit, "mira");
  const done = await injector.mend();
  expect(done).toContain("set pg_pool_max of orders from 1 to 8");
  expect(done).toContain("flag catalog-review-highlights: on to off");
  expect(done).toContain("lift the limit of payment's calls to psp");
  expect(injector.status).toEqual({ state: "quiet" });
  expect(operationsBack(fleet)).toEqual([]);
  expect(fleet.limits.payment).toEqual({});
});

test("a slow provider is fast again after mending", async () => {
  const port = await provider.ready();
  const injector = injectorWith(1);
  await injector.inject("retry-storm");
  expect(await chargeMs(port)).toBeGreaterThan(1_000);
  expect(await injector.mend()).toContain("the payment provider answers as fast as before");
  expect(await chargeMs(port)).toBeLessThan(1_000);
});

test("mending calls off the fault that is being prepared", async () => {
  const injector = injectorWith(60_000);
  const { inEffect } = injector.begin("pool-exhaustion");
  const end = inEffect.catch((error: unknown) => error);
  expect(await injector.mend()).toContain("pool-exhaustion was called off");
  expect(isOperationError(await end, "fault_called_off")).toBe(true);
  expect(fleet.settings("orders").pg_pool_max).toBe("8");
  expect(injector.status).toEqual({ state: "quiet" });
});
