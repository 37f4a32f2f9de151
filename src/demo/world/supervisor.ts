import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Clock, systemClock } from "../../clock.ts";
import { errorText, OperationError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { ChangeFeed } from "./change-feed.ts";
import { Child } from "./child.ts";
import { loadReportSchema, SHOP_SERVICES } from "./contract.ts";
import { type ControlHandler, type ControlPort, openControlPort } from "./control-port.ts";
import { type DatabaseServer, startDatabaseServer } from "./database-server.ts";
import { FAULT_NAMES, type FaultName } from "./faults.ts";
import { Fleet } from "./fleet.ts";
import { type FaultStatus, Injector } from "./injector.ts";
import { LoadWindow, type OperationWindow } from "./load-window.ts";
import { OPERATION_TYPES, Operations, operationSchema } from "./operations.ts";
import { seededRandom } from "./random.ts";
import { fillReviews, seedDatabase } from "./seed.ts";
import { SHOP_PLAN } from "./shop-plan.ts";

export interface WorldOptions {
  /** Base URL of an OTLP/HTTP receiver, without `/v1/…`. */
  readonly otlpEndpoint: string;
  /** Where change events are posted, in full. */
  readonly changesEndpoint: string;
  readonly load: { readonly requestsPerSecond: number; readonly seed: number };
  /** The world's own folder: process logs go below it. */
  readonly dataDir: string;
  readonly log: Log;
  /** Where `truth.json` goes; the product must not be told. Default: `truth` below `dataDir`. */
  readonly truthFolder?: string;
  /** From the harmless change to the fault. Default 20 s. */
  readonly decoyLeadMs?: number;
  readonly clock?: Clock;
  /** Aborted: the start is given up, and what runs is ended. */
  readonly stopping?: AbortSignal;
}

interface ControlAccess {
  readonly url: string;
  readonly token: string;
}

export interface WorldStatus {
  readonly fault: FaultStatus;
  readonly services: readonly {
    readonly service: string;
    readonly version: string;
    readonly instances: readonly { readonly id: string; readonly node: string }[];
    readonly settings: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, number>>;
  }[];
  readonly flags: Readonly<Record<string, string>>;
}

export interface World {
  /** The ordinary operations port: what the executor may reach. */
  readonly operations: ControlAccess;
  /** Breaks things; never given to the product. */
  readonly faultControl: ControlAccess;
  readonly readyMs: number;
  /** Resolves when the fault has taken hold. Errors: `OperationError("fault_refused")` while another one is on. */
  readonly injectFault: (name: FaultName) => Promise<FaultStatus>;
  /** The same, but throws a refusal at once and does not wait for the rest. */
  readonly beginFault: (name: FaultName) => { readonly inEffect: Promise<FaultStatus> };
  /** Puts the shop back to how it started; what that took. */
  readonly mend: () => Promise<readonly string[]>;
  /** Where the truth of the last fault was written; undefined before. */
  readonly truthPath: () => string | undefined;
  readonly status: () => WorldStatus;
  /** What the customers saw in `[fromMs, toMs)`. */
  readonly customersSaw: (fromMs: number, toMs: number) => readonly OperationWindow[];
  /** Process ids by name, for measuring. */
  readonly pids: () => ReadonlyMap<string, number>;
  /** Ends every process; safe to call twice. */
  readonly stop: () => Promise<void>;
}

/** Services work on less than this; the rest are Node's own needs. */
const SMALL_PROCESS_MB = 96;

/** PostgreSQL gets this long to end, and its files to go. */
const WARDEN_ENDS_MAX_MS = 7_000;

interface Parts {
  readonly warden: Child;
  readonly provider: Child;
  readonly load: Child;
  readonly logFolder: string;
}

/** Starts the shop: database, services, provider, customers. Rejects with a clear reason, and then nothing is left running. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const clock = options.clock ?? systemClock;
  const startedMs = clock.nowMs();
  const logFolder = join(options.dataDir, "logs");
  mkdirSync(logFolder, { recursive: true });
  const small = (name: string, module: string, env: Readonly<Record<string, string>> = {}): Child =>
    new Child({ name, module, logFolder, env, memoryMb: SMALL_PROCESS_MB });
  const parts: Parts = {
    warden: small("warden", "warden/main.ts"),
    provider: small("psp", "psp/main.ts"),
    load: small("load", "load/main.ts", {
      LOAD_RATE: String(options.load.requestsPerSecond),
      LOAD_SEED: String(options.load.seed),
    }),
    logFolder,
  };
  const closing: (() => Promise<void>)[] = [];
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= stopAll(closing, parts);
    return stopped;
  };
  const { stopping } = options;
  stopping?.addEventListener("abort", () => void stop(), { once: true });
  try {
    return await composeWorld(options, parts, { clock, startedMs, closing, stop });
  } catch (error) {
    if (stopping?.aborted !== true)
      options.log.error("world_start_failed", { error: errorText(error) });
    await stop();
    throw error;
  }
}

async function stopAll(closing: readonly (() => Promise<void>)[], parts: Parts): Promise<void> {
  await parts.load.stop();
  await Promise.allSettled(closing.map((close) => close()));
  await parts.provider.stop();
  // The warden stops the database and removes its files when its channel closes; it gets time for that.
  if (parts.warden.process.connected) parts.warden.process.disconnect();
  const late = new AbortController();
  const patience = systemClock.sleep(WARDEN_ENDS_MAX_MS, late.signal).catch(() => undefined);
  await Promise.race([parts.warden.ended, patience]);
  late.abort();
  await parts.warden.stop();
}

interface Composition {
  readonly clock: Clock;
  readonly startedMs: number;
  readonly closing: (() => Promise<void>)[];
  readonly stop: () => Promise<void>;
}

async function composeWorld(
  options: WorldOptions,
  parts: Parts,
  composition: Composition,
): Promise<World> {
  const { clock, closing } = composition;
  const { log } = options;
  const database = await startDatabaseServer(parts.warden);
  const fleet = new Fleet({
    logFolder: parts.logFolder,
    otlpEndpoint: options.otlpEndpoint,
    databasePort: database.port,
    seed: options.load.seed,
    log,
  });
  closing.push(() => fleet.stop());
  const feed = new ChangeFeed(options.changesEndpoint, log);
  const operations = new Operations(fleet, feed, () => clock.nowMs());
  const [providerPort] = await Promise.all([
    parts.provider.ready(),
    seedDatabase(database.port),
    ...SHOP_SERVICES.map((service) =>
      fleet.start(service, SHOP_PLAN[service].version, SHOP_PLAN[service].nodes),
    ),
  ]);
  fleet.setProvider(providerPort);
  await fillReviews(database.port);
  const injector = new Injector({
    clock,
    log,
    fleet,
    operations,
    warden: parts.warden,
    provider: parts.provider,
    random: seededRandom(options.load.seed ^ 0x5eed),
    truthFolder: options.truthFolder ?? join(options.dataDir, "truth"),
    decoyLeadMs: options.decoyLeadMs ?? 20_000,
  });
  const seen = watchCustomers(parts.load);
  const status = (): WorldStatus => statusOf(fleet, injector);
  const operationsPort = await openPort(log, closing, operationsHandler(operations, status));
  const faultPort = await openPort(log, closing, faultHandler(injector));
  fleet.addListener(parts.load);
  const readyMs = clock.nowMs() - composition.startedMs;
  log.info("world_ready", { readyMs, instances: fleet.live.length });
  return {
    operations: operationsPort,
    faultControl: faultPort,
    readyMs,
    injectFault: (name) => injector.inject(name),
    beginFault: (name) => injector.begin(name),
    mend: () => injector.mend(),
    truthPath: () => injector.truthPath,
    status,
    customersSaw: (fromMs, toMs) => seen.between(fromMs, toMs),
    pids: () => pidsOf(fleet, parts, database),
    stop: composition.stop,
  };
}

async function openPort(
  log: Log,
  closing: (() => Promise<void>)[],
  handle: ControlHandler,
): Promise<ControlAccess> {
  const token = randomBytes(24).toString("base64url");
  const port: ControlPort = await openControlPort({ token, log, handle });
  closing.push(port.close);
  return { url: port.url, token };
}

function operationsHandler(operations: Operations, status: () => WorldStatus): ControlHandler {
  return async ({ method, path, body }) => {
    if (method === "GET" && path === "/ops/state") {
      const { services, flags } = status();
      return { ok: true, services, flags };
    }
    const type = /^\/ops\/([a-z]+)$/.exec(path)?.[1];
    if (method !== "POST" || type === undefined || !OPERATION_TYPES.includes(type))
      throw new OperationError("not_found", `no operation ${method} ${path}`);
    const fields = z.record(z.string(), z.unknown()).safeParse(body);
    const asked = operationSchema.safeParse({ ...(fields.data ?? {}), type });
    if (!asked.success)
      throw new OperationError("invalid", z.prettifyError(asked.error).slice(0, 500));
    return operations.run(asked.data, "orrery");
  };
}

function faultHandler(injector: Injector): ControlHandler {
  const asked = z.object({ fault: z.enum(FAULT_NAMES) });
  return async ({ method, path, body }) => {
    if (method === "GET" && path === "/fault") return { ok: true, ...injector.status };
    if (method === "POST" && path === "/mend") return { ok: true, done: await injector.mend() };
    if (method !== "POST" || path !== "/fault")
      throw new OperationError("not_found", `no path ${method} ${path}`);
    const parsed = asked.safeParse(body);
    if (!parsed.success)
      throw new OperationError("invalid", `fault is one of ${FAULT_NAMES.join(", ")}`);
    return { ok: true, ...(await injector.inject(parsed.data.fault)) };
  };
}

function watchCustomers(load: Child): LoadWindow {
  const seen = new LoadWindow();
  load.process.on("message", (message) => {
    const report = loadReportSchema.safeParse(message);
    if (report.success) seen.add(report.data.samples, report.data.dropped);
  });
  return seen;
}

function statusOf(fleet: Fleet, injector: Injector): WorldStatus {
  return {
    fault: injector.status,
    services: SHOP_SERVICES.map((service) => ({
      service,
      version: fleet.version(service),
      instances: fleet.of(service).map(({ id, node }) => ({ id, node })),
      settings: fleet.settings(service),
      limits: fleet.limits[service] ?? {},
    })),
    flags: fleet.flags,
  };
}

function pidsOf(fleet: Fleet, parts: Parts, database: DatabaseServer): Map<string, number> {
  return new Map([
    ...fleet.live.map((it) => [it.id, it.child.pid] as const),
    ["warden", parts.warden.pid],
    ["psp", parts.provider.pid],
    ["load", parts.load.pid],
    ["postgres", database.pid],
  ]);
}
