// The executor against a real operations port that misbehaves, on virtual time.
import { expect, test } from "vitest";
import type { Action, Preconditions } from "../../src/incident/action.ts";
import type { Proposal } from "../../src/incident/events.ts";
import { readRegistration } from "../../src/incident/executor-registration.ts";
import { silentLog } from "../../src/log.ts";
import { createMeter } from "../../src/meter.ts";
import { createDemoWorld } from "../../src/remediation/demo-world.ts";
import { ABANDONED_AFTER_MS, type ExecutionDeps } from "../../src/remediation/execution.ts";
import { createExecutor, type Executor } from "../../src/remediation/executor.ts";
import { APPROVAL_FRESH_MAX_MS } from "../../src/remediation/standing.ts";
import type { Target } from "../../src/remediation/target.ts";
import type { Store } from "../../src/store/store.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import {
  type OperationsPort,
  openOperationsPort,
  type PortFault,
} from "../support/operations-port.ts";
import { type SleepingClock, sleepingClock } from "../support/sleeping-clock.ts";
import { ALICE, approved, made, NOW_MS, proposal, record, rollback, typesOf } from "./proposals.ts";

interface Scene extends AsyncDisposable {
  readonly store: Store;
  readonly clock: SleepingClock;
  readonly port: OperationsPort;
  executor(over?: Partial<ExecutionDeps>): Executor;
  /** Makes a proposal and approves it now. */
  approve(over?: Partial<Proposal>): Promise<void>;
  /** The last event of a proposal. */
  end(id?: string): Promise<unknown>;
}

/** A busy machine is not taken for a port that hangs; that is waited for no longer than `executeMaxMs`. */
const targetAt = ({ url, token }: OperationsPort, executeMaxMs = 10_000): Target =>
  createDemoWorld({ url, token, lookMaxMs: 10_000, executeMaxMs });
const HANGS_MS = 1_000;

async function stage(): Promise<Scene> {
  const port = await openOperationsPort();
  const store = createMemoryStore();
  const clock = sleepingClock(NOW_MS);
  return {
    store,
    clock,
    port,
    executor: (over = {}) =>
      createExecutor({
        store,
        clock,
        log: silentLog,
        meter: createMeter(),
        target: targetAt(port),
        id: "executor-1",
        approvers: [ALICE],
        settleMs: 10_000,
        ...over,
      }),
    approve: (over = {}) =>
      record(store, over.id ?? "p-1", [made(over), approved(proposal(over))], clock.nowMs()),
    end: async (id = "p-1") => (await store.read(`proposal/${id}`)).at(-1)?.body,
    [Symbol.asyncDispose]: () => port[Symbol.asyncDispose](),
  };
}

const DONE = ["proposal-made", "proposal-approved", "action-started", "action-done"];

test("an approved action is carried out once and recorded in words", async () => {
  await using scene = await stage();
  const executor = scene.executor();
  await executor.tick();
  await record(scene.store, "p-1", [made()], NOW_MS);
  await executor.tick();
  expect(scene.port.requests).toEqual([]);
  await record(scene.store, "p-1", [approved()], NOW_MS);
  await executor.tick();
  await executor.tick();
  expect(await typesOf(scene.store)).toEqual(DONE);
  expect(scene.port.effects).toEqual([
    { path: "/ops/rollback", key: "p-1", body: { service: "catalog", to_version: "1.4.2" } },
  ]);
  expect(await scene.end()).toEqual({
    type: "action-done",
    detail: "/ops/rollback catalog (change chg-1); serving now: catalog-new-1, catalog-new-2.",
    finishedMs: NOW_MS,
  });
});

test.each<[Action, Preconditions["facts"]]>([
  [{ type: "scale", service: "gateway", replicas: 2 }, { "replicas:gateway": 0 }],
  [{ type: "restart", service: "gateway" }, { "replicas:gateway": 0 }],
  [{ type: "restart", service: "catalog" }, { "replicas:catalog": 2 }],
  [
    { type: "restart", service: "catalog", instance: "catalog-2" },
    { "instance:catalog.catalog-2": "present" },
  ],
  [
    { type: "set_flag", flag: "catalog-review-highlights", variant: "off" },
    { "flag:catalog-review-highlights": "on" },
  ],
  [
    { type: "restore_setting", service: "catalog", setting: "pg_pool_max", value: "6" },
    { "setting:catalog.pg_pool_max": "2" },
  ],
  [
    { type: "limit_caller", caller: "catalog", callee: "cart", maxConcurrent: 4 },
    { "limit:catalog.cart": "none" },
  ],
])("%j, also when its answer is lost", async (action, facts) => {
  await using scene = await stage();
  scene.port.fail("POST", { type: "reset", when: "after" });
  await scene.approve({ action, preconditions: { facts } });
  await scene.executor().tick();
  expect(await typesOf(scene.store)).toEqual(DONE);
  expect(scene.port.effects).toHaveLength(1);
});

test.each<[string, Partial<Proposal>, number]>([
  [
    "preconditions_drifted",
    { preconditions: { facts: { "version:catalog": "1.4.9", "flag:gone": "on" } } },
    0,
  ],
  ["approval_stale", {}, APPROVAL_FRESH_MAX_MS],
  ["approved_late", { expiresMs: NOW_MS }, 0],
])("%s: it is said, and nothing is done", async (code, over, waitMs) => {
  await using scene = await stage();
  await scene.approve(over);
  scene.clock.advance(waitMs);
  await scene.executor().tick();
  expect(await scene.end()).toMatchObject({
    type: "action-failed",
    code,
    detail: expect.stringContaining("Nothing was done."),
  });
  expect(scene.port.effects).toEqual([]);
});

test("drift is told with what is so and what was", async () => {
  await using scene = await stage();
  await scene.approve({ preconditions: { facts: { "version:catalog": "1.4.9" } } });
  await scene.executor().tick();
  expect(await scene.end()).toMatchObject({
    detail: expect.stringContaining("version:catalog is 1.5.0 and was 1.4.9"),
  });
});

test.each<[string, PortFault, readonly string[], number]>([
  ["a lost request", { type: "reset", when: "before" }, ["action-started", "action-unknown"], 0],
  ["a lost answer", { type: "reset", when: "after" }, ["action-started", "action-done"], 1],
  ["silence", { type: "hang", when: "before" }, ["action-started", "action-unknown"], 0],
  ["silence after it", { type: "hang", when: "after" }, ["action-started", "action-done"], 1],
  [
    "a 500 after it",
    { type: "answer", when: "after", status: 500 },
    ["action-started", "action-done"],
    1,
  ],
  [
    "a wrong token",
    { type: "answer", when: "before", status: 401 },
    ["action-started", "action-failed"],
    0,
  ],
])("after %s the target is looked at and not asked again", async (_name, fault, ends, effects) => {
  await using scene = await stage();
  scene.port.fail("POST", fault);
  await scene.approve();
  const executor = scene.executor(
    fault.type === "hang" ? { target: targetAt(scene.port, HANGS_MS) } : {},
  );
  for (let i = 0; i < 3; i++) await executor.tick();
  expect((await typesOf(scene.store)).slice(2)).toEqual(ends);
  expect(scene.port.effects).toHaveLength(effects);
  expect(scene.port.requests.filter((it) => it.startsWith("POST"))).toHaveLength(1);
});

test("an effect that shows late is still found, and one that cannot be seen stays unknown", async () => {
  await using scene = await stage();
  const hidden: PortFault = { type: "answer", when: "before", status: 503 };
  scene.port.fail("POST", { type: "reset", when: "after" });
  await scene.approve();
  const executor = scene.executor();
  // The look before the action is well; those after it are not, at first.
  scene.port.fail("GET", { type: "late", ms: 0 });
  for (let i = 0; i < 3; i++) scene.port.fail("GET", hidden);
  await executor.tick();
  expect(await scene.end()).toMatchObject({
    type: "action-done",
    detail: expect.stringContaining("A look shows that it took effect."),
  });
  expect(scene.clock.nowMs() - NOW_MS).toBeGreaterThanOrEqual(3_000);

  await scene.approve({ id: "p-2", preconditions: { facts: {} } });
  scene.port.fail("POST", { type: "reset", when: "after" });
  scene.port.fail("GET", { type: "late", ms: 0 });
  for (let i = 0; i < 20; i++) scene.port.fail("GET", hidden);
  await executor.tick();
  expect(await scene.end("p-2")).toMatchObject({
    type: "action-unknown",
    detail: expect.stringContaining("could not be looked at either"),
  });
});

test("a restart that was lost on the way is not taken for done because instances serve", async () => {
  await using scene = await stage();
  scene.port.fail("POST", { type: "reset", when: "before" });
  await scene.approve({ action: { type: "restart", service: "catalog" } });
  await scene.executor().tick();
  expect(await scene.end()).toMatchObject({ type: "action-unknown" });
  expect((await scene.store.read("proposal/p-1"))[2]?.body).toMatchObject({
    before: { "instance:catalog.catalog-1": "present", "instance:catalog.catalog-2": "present" },
  });
});

test("what somebody else writes meanwhile does not swallow the end", async () => {
  await using scene = await stage();
  await scene.approve();
  const { store } = scene;
  let isMeddled = false;
  const meddled: Store = {
    ...store,
    append: async (stream, version, events) => {
      if (events[0]?.type === "action-done" && !isMeddled) {
        isMeddled = true;
        await record(store, "p-1", [{ type: "proposal-expired" }], NOW_MS);
      }
      return store.append(stream, version, events);
    },
  };
  await scene.executor({ store: meddled }).tick();
  expect((await typesOf(store)).filter((type) => type !== "proposal-expired")).toEqual(DONE);
});

test("a target that cannot be looked at is not touched", async () => {
  await using scene = await stage();
  await scene.approve();
  for (let i = 0; i < 3; i++) scene.port.fail("GET", { type: "reset", when: "before" });
  await scene.executor().tick();
  expect(await scene.end()).toMatchObject({ type: "action-failed", code: "target_unreachable" });
  expect(scene.port.effects).toEqual([]);
});

test("one failed look before an action is no reason to give it up", async () => {
  await using scene = await stage();
  await scene.approve();
  scene.port.fail("GET", { type: "reset", when: "before" });
  await scene.executor().tick();
  expect(await typesOf(scene.store)).toEqual(DONE);
});

test("a process that sleeps between its claim and its effect does nothing", async () => {
  await using scene = await stage();
  await scene.approve();
  const { store } = scene;
  const slow: Store = {
    ...store,
    append: async (stream, version, events) => {
      const next = await store.append(stream, version, events);
      if (events[0]?.type === "action-started") scene.clock.advance(APPROVAL_FRESH_MAX_MS);
      return next;
    },
  };
  await scene.executor({ store: slow }).tick();
  expect((await typesOf(store)).slice(2)).toEqual(["action-started", "action-failed"]);
  expect(await scene.end()).toMatchObject({ code: "approval_stale" });
  expect(scene.port.effects).toEqual([]);
});

test("of two executors one acts, and the other leaves it alone", async () => {
  await using scene = await stage();
  const executors = ["executor-1", "executor-2"].map((id) => scene.executor({ id }));
  await Promise.all(executors.map((executor) => executor.tick()));
  await scene.approve();
  for (let i = 0; i < 3; i++) await Promise.all(executors.map((executor) => executor.tick()));
  expect(await typesOf(scene.store)).toEqual(DONE);
  expect(scene.port.effects).toHaveLength(1);
});

test("what another executor began and never ended is settled in time, by looking", async () => {
  await using scene = await stage();
  const executor = scene.executor();
  await executor.tick();
  await record(
    scene.store,
    "p-1",
    [made(), approved(), { type: "action-started", executor: "executor-gone" }],
    NOW_MS,
  );
  await executor.tick();
  expect((await typesOf(scene.store)).at(-1)).toBe("action-started");
  scene.clock.advance(ABANDONED_AFTER_MS + 1);
  await executor.tick();
  expect(await scene.end()).toMatchObject({ type: "action-unknown" });
  expect(scene.port.effects).toEqual([]);
});

test.each([
  ["1.4.2", "action-done"],
  ["1.5.0", "action-unknown"],
])("at the start, a start without an end with catalog at %s becomes %s", async (version, end) => {
  await using scene = await stage();
  const start = { type: "action-started", executor: "executor-gone", before: {} } as const;
  await record(scene.store, "p-1", [made(), approved(), start], NOW_MS);
  const [catalog, ...others] = scene.port.state.services;
  if (catalog !== undefined)
    scene.port.state = { ...scene.port.state, services: [{ ...catalog, version }, ...others] };
  await scene.executor().tick();
  expect(await scene.end()).toMatchObject({ type: end });
  expect(scene.port.effects).toEqual([]);
});

test("a record that cannot be written does not make it act, nor act twice", async () => {
  await using scene = await stage();
  const { store } = scene;
  let isFull = true;
  const failing = (type: string): Store => ({
    ...store,
    append: async (stream, version, events) => {
      if (isFull && events[0]?.type === type) throw new Error("disk full");
      return store.append(stream, version, events);
    },
  });
  await scene.approve();
  const claimless = scene.executor({ store: failing("action-started") });
  await claimless.tick();
  expect(scene.port.effects).toEqual([]);
  isFull = false;
  scene.clock.advance(5_000);
  await claimless.tick();
  expect(scene.port.effects).toHaveLength(1);

  isFull = true;
  await scene.approve({ id: "p-2", action: { ...rollback }, preconditions: { facts: {} } });
  const endless = scene.executor({ store: failing("action-done") });
  await endless.tick();
  expect((await typesOf(store, "p-2")).at(-1)).toBe("action-started");
  isFull = false;
  scene.clock.advance(5_000);
  await endless.tick();
  expect(await typesOf(store, "p-2")).toEqual(DONE);
  expect(scene.port.effects).toHaveLength(2);
});

test("many proposals are dealt with, and a restart reads on where all is over", async () => {
  await using scene = await stage();
  for (let i = 0; i < 120; i++)
    await record(scene.store, `old-${i}`, [made({ id: `old-${i}` })], NOW_MS);
  for (const id of ["p-1", "p-2", "p-3"])
    await scene.approve({
      id,
      action: { type: "scale", service: "catalog", replicas: 2 },
      preconditions: { facts: {} },
    });
  await scene.executor().tick();
  expect(scene.port.effects.map(({ key }) => key)).toEqual(["p-1", "p-2", "p-3"]);
  const reads: number[] = [];
  const counting: Store = {
    ...scene.store,
    readCategory: (category, after, limit) => {
      reads.push(after);
      return scene.store.readCategory(category, after, limit);
    },
  };
  const executor = scene.executor({ store: counting });
  await executor.tick();
  await executor.tick();
  expect(reads[0]).toBe(126);
  expect(scene.port.effects).toHaveLength(3);
});

test("it registers with what it can do, and says when it goes", async () => {
  await using scene = await stage();
  const executor = scene.executor();
  expect(await readRegistration(scene.store, NOW_MS)).toBeUndefined();
  await executor.start();
  expect(await readRegistration(scene.store, NOW_MS + 9_999)).toEqual({
    id: "executor-1",
    actions: ["rollback", "scale", "restart", "set_flag", "restore_setting", "limit_caller"],
    beatMs: NOW_MS,
  });
  expect(await readRegistration(scene.store, NOW_MS + 10_000)).toBeUndefined();
  await executor.stop();
  expect(await readRegistration(scene.store, NOW_MS)).toBeUndefined();
  await scene.approve();
  await executor.tick();
  expect(scene.port.requests).toEqual([]);
});
