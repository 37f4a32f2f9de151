// The executor's process: alone it holds what can change production. Told by its settings, started by whoever owns the
// target; it obeys the record of approved proposals and nothing else.
import { systemClock } from "../clock.ts";
import { isOperationError, OperationError } from "../errors.ts";
import { createLog } from "../log.ts";
import { createMeter, type Meter } from "../meter.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { createDemoWorld } from "./demo-world.ts";
import { createExecutor } from "./executor.ts";
import { readExecutorSettings } from "./settings.ts";

/** What is under way gets this long to end; the next start settles the rest. */
const STOP_MAX_MS = 5_000;

async function main(): Promise<void> {
  const settings = readExecutorSettings(process.env);
  const log = createLog(settings.logLevel);
  const clock = systemClock;
  const meter = createMeter();
  const store = await openRecord(settings.storePath, meter);
  const target = createDemoWorld(settings.target);
  const id = `${target.name}-${process.pid}`;
  const { approvers, settleMs } = settings;
  const executor = createExecutor({ store, clock, log, meter, target, id, approvers, settleMs });
  await executor.start();
  let isStopping = false;
  const stop = (reason: string): void => {
    if (isStopping) return;
    isStopping = true;
    log.info("executor_stops", { reason });
    void Promise.race([
      executor.stop().then(() => store.close()),
      clock.sleep(STOP_MAX_MS),
    ]).finally(() => process.exit(0));
  };
  process.once("SIGTERM", () => stop("SIGTERM"));
  process.once("SIGINT", () => stop("SIGINT"));
  // A parent that is gone cannot stop its child any more.
  process.once("disconnect", () => stop("disconnect"));
  log.info("executor_ready", { id, approvers: approvers.length });
  process.send?.({ type: "ready" });
}

/** The record of the Orrery that it serves; never one of its own. */
async function openRecord(path: string, meter: Meter): Promise<Store> {
  try {
    return await openSqliteStore({ path, clock: systemClock, meter, mustExist: true });
  } catch (error) {
    throw isOperationError(error) ? settingFailure(error) : error;
  }
}

const settingFailure = (cause: OperationError): OperationError =>
  new OperationError(cause.code, `ORRERY_STORE: ${cause.message}`, { cause });

main().catch((error: unknown) => {
  if (!isOperationError(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
