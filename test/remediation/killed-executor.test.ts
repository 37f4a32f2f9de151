// The real executor process, killed at each stage: never two effects, and never an approval that is lost silently.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { readRegistration } from "../../src/incident/executor-registration.ts";
import { createMeter } from "../../src/meter.ts";
import { openSqliteStore } from "../../src/store/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type OperationsPort, openOperationsPort } from "../support/operations-port.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ALICE, approved, made, proposal, record, typesOf } from "./proposals.ts";

const MAIN = join(import.meta.dirname, "../../src/remediation/executor-main.ts");
const CRASH_POINT = join(import.meta.dirname, "crash-point.ts");
/** Generous: a busy machine starts processes slowly. */
const ENDS_MAX_MS = 30_000;
vi.setConfig({ testTimeout: 60_000 });

type Settings = Readonly<Record<string, string>>;

const settingsOf = (port: OperationsPort, path: string): Settings => ({
  ORRERY_STORE: path,
  ORRERY_EXECUTOR_URL: port.url,
  ORRERY_EXECUTOR_TOKEN: port.token,
  ORRERY_APPROVERS: ALICE,
  ORRERY_EXECUTOR_SETTLE_SECONDS: "1",
  ORRERY_LOG_LEVEL: "error",
});

function launch(env: Settings, crashAt?: string): ChildProcess {
  const preload = crashAt === undefined ? [] : ["--import", CRASH_POINT];
  return spawn(process.execPath, [...preload, MAIN], {
    env: { ...env, ...(crashAt === undefined ? {} : { CRASH_AT: crashAt }) },
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
}

async function end(executor: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (executor.exitCode !== null || executor.signalCode !== null) return;
  executor.kill(signal);
  await once(executor, "exit");
}

async function until<T>(what: () => Promise<T | undefined>): Promise<T> {
  const endMs = Date.now() + ENDS_MAX_MS;
  while (Date.now() < endMs) {
    const found = await what();
    if (found !== undefined) return found;
    await sleep(10);
  }
  throw new Error("it did not come in time");
}

interface Scene {
  readonly port: OperationsPort;
  readonly store: Store;
  readonly settings: Settings;
}

async function withScene(play: (scene: Scene) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  await using port = await openOperationsPort();
  const path = join(folder.path, "orrery.sqlite");
  const store = await openSqliteStore({ path, clock: systemClock, meter: createMeter() });
  try {
    await play({ port, store, settings: settingsOf(port, path) });
  } finally {
    await store.close();
  }
}

/** A proposal that is approved at this moment. */
async function approve(store: Store, id = "p-1"): Promise<void> {
  const nowMs = Date.now();
  const over = { id, madeMs: nowMs, expiresMs: nowMs + 720_000 };
  await record(store, id, [made(over), approved(proposal(over))], nowMs);
}

const isEnd = (type: string): boolean =>
  ["action-done", "action-failed", "action-unknown"].includes(type);

async function restartAndSettle({ store, settings }: Scene): Promise<readonly string[]> {
  const executor = launch(settings);
  try {
    await once(executor, "message");
    await until(async () => (await typesOf(store)).find(isEnd));
    return (await typesOf(store)).slice(2);
  } finally {
    await end(executor, "SIGTERM");
  }
}

test.concurrent.each([
  ["not claimed", ["action-started", "action-done"], 1],
  ["checked, not claimed", ["action-started", "action-done"], 1],
  ["claimed, not sent", ["action-started", "action-unknown"], 0],
  ["answered, not recorded", ["action-started", "action-done"], 1],
] as const)("killed when it had %s", async (crashAt, ends, effects) => {
  await withScene(async (scene) => {
    const executor = launch(scene.settings, crashAt);
    await once(executor, "message");
    await approve(scene.store);
    await once(executor, "exit");
    expect(executor.signalCode).toBe("SIGKILL");
    expect((await typesOf(scene.store)).some(isEnd)).toBe(false);
    expect(await restartAndSettle(scene)).toEqual(ends);
    expect(scene.port.effects).toHaveLength(effects);
  });
});

test.concurrent("killed while the port works on it, and right after it was recorded", async () => {
  await withScene(async (scene) => {
    const { port, store, settings } = scene;
    port.fail("POST", { type: "hang", when: "after" });
    const first = launch(settings);
    await once(first, "message");
    await approve(store);
    await until(async () => port.effects[0]);
    await end(first, "SIGKILL");
    expect((await typesOf(store)).at(-1)).toBe("action-started");
    const second = launch(settings);
    await once(second, "message");
    await until(async () => (await typesOf(store)).find((type) => type === "action-done"));
    await end(second, "SIGKILL");
    const third = launch(settings);
    await once(third, "message");
    await approve(store, "p-2");
    await until(async () => (await typesOf(store, "p-2")).find(isEnd));
    await end(third, "SIGTERM");
    // p-2 found its preconditions gone: catalog was rolled back once already.
    expect((await typesOf(store, "p-2")).at(-1)).toBe("action-failed");
    expect(port.effects.map(({ key }) => key)).toEqual(["p-1"]);
  });
});

test.concurrent("two processes and one approval give one effect", async () => {
  await withScene(async ({ port, store, settings }) => {
    const executors = [launch(settings), launch(settings)];
    await Promise.all(executors.map((executor) => once(executor, "message")));
    for (const i of [1, 2, 3]) {
      const scaled = {
        id: `p-${i}`,
        action: { type: "scale", service: "catalog", replicas: 2 + i },
        preconditions: { facts: { "replicas:catalog": 1 + i } },
        expiresMs: Date.now() + 720_000,
      } as const;
      await record(store, scaled.id, [made(scaled), approved(proposal(scaled))], Date.now());
      await until(async () => (await typesOf(store, scaled.id)).find(isEnd));
    }
    await Promise.all(executors.map((executor) => end(executor, "SIGTERM")));
    expect(port.effects.map(({ key }) => key)).toEqual(["p-1", "p-2", "p-3"]);
    for (const id of ["p-1", "p-2", "p-3"])
      expect((await typesOf(store, id)).filter((type) => type.startsWith("action"))).toEqual([
        "action-started",
        "action-done",
      ]);
  });
});

test.concurrent("it says that it lives, and ends when it is told to or its parent is gone", async () => {
  await withScene(async ({ store, settings }) => {
    for (const farewell of ["SIGTERM", "disconnect"]) {
      const executor = launch(settings);
      await once(executor, "message");
      expect((await readRegistration(store, Date.now()))?.id).toBe(`demo-world-${executor.pid}`);
      const ended = once(executor, "exit");
      if (farewell === "disconnect") executor.disconnect();
      else executor.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
      expect(await readRegistration(store, Date.now())).toBeUndefined();
    }
  });
});

test.concurrent.each([
  ["ORRERY_EXECUTOR_TOKEN", ""],
  ["ORRERY_STORE", "/nowhere/orrery.sqlite"],
])("without a usable %s it ends at once with one line that names it", async (name, value) => {
  await withScene(async ({ settings }) => {
    const executor = launch({ ...settings, [name]: value });
    let said = "";
    executor.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = await once(executor, "close");
    expect(code).toBe(1);
    expect(said).toMatch(new RegExp(`^${name}[^\n]*\n$`));
  });
});
