// Owns what would survive a killed supervisor: the database server, and processes that are paused just then.
import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type WardenOrder, wardenOrderSchema } from "../contract.ts";

const START_MAX_MS = 30_000;
const STOP_MAX_MS = 3_000;

interface Ration {
  readonly pid: number;
  readonly stop: () => void;
}

const rations = new Map<number, Ration>();
let database: ChildProcess | undefined;
let rootFolder: string | undefined;

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    // The process has ended meanwhile.
    return false;
  }
}

/** Lets a process run for a share of the time only, as a CPU quota would. */
function ration(order: Extract<WardenOrder, { type: "ration" }>): void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const pause = (): void => {
    if (stopped || !signal(order.pid, "SIGSTOP")) return;
    timer = setTimeout(resume, order.pausedMs);
  };
  const resume = (): void => {
    if (stopped || !signal(order.pid, "SIGCONT")) return;
    timer = setTimeout(pause, order.runningMs);
  };
  rations.set(order.pid, {
    pid: order.pid,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      signal(order.pid, "SIGCONT");
    },
  });
  pause();
}

function release(pid: number): void {
  rations.get(pid)?.stop();
  rations.delete(pid);
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

async function startDatabase(
  order: Extract<WardenOrder, { type: "start-database" }>,
): Promise<void> {
  const settings = {
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    shared_buffers: "64MB",
    max_connections: "150",
    jit: "off",
    max_parallel_workers_per_gather: "0",
    unix_socket_directories: "",
    log_min_messages: "fatal",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(
    `${order.binFolder}/postgres`,
    ["-D", order.dataFolder, "-h", "127.0.0.1", "-p", String(order.port), ...args],
    {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: order.rootFolder,
      ...(order.uid === undefined ? {} : { uid: order.uid, gid: order.gid }),
    },
  );
  database = child;
  let detail = "";
  child.stderr.on("data", (chunk: Buffer) => {
    detail = (detail + chunk.toString("utf8")).slice(-1_000);
  });
  child.once("exit", () => {
    database = undefined;
    report({ type: "database-ended", detail });
  });
  child.once("error", (error) => report({ type: "database-ended", detail: error.message }));
  const endMs = Date.now() + START_MAX_MS;
  while (database !== undefined && Date.now() < endMs) {
    if (await accepts(order.port)) {
      report({ type: "database-started", pid: child.pid ?? 0 });
      return;
    }
    await sleep(50);
  }
}

function report(message: unknown): void {
  if (process.connected) process.send?.(message);
}

async function end(): Promise<void> {
  for (const pid of [...rations.keys()]) release(pid);
  const server = database;
  if (server !== undefined) {
    const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
    server.kill("SIGINT");
    await Promise.race([ended, sleep(STOP_MAX_MS)]);
    if (database !== undefined) server.kill("SIGQUIT");
    await Promise.race([ended, sleep(STOP_MAX_MS)]);
  }
  if (rootFolder !== undefined) rmSync(rootFolder, { recursive: true, force: true });
  process.exit(0);
}

process.on("message", (message) => {
  const order = wardenOrderSchema.parse(message);
  switch (order.type) {
    case "own-folder":
      rootFolder = order.rootFolder;
      return;
    case "start-database":
      void startDatabase(order);
      return;
    case "ration":
      ration(order);
      return;
    case "release":
      release(order.pid);
      return;
  }
});
process.once("SIGTERM", () => void end());
process.once("disconnect", () => void end());
