// `npm start`: Orrery itself. Everything it needs to know is in the environment (.env.example).
import { systemClock } from "./clock.ts";
import { type Config, processConfig } from "./config/env.ts";
import { errorText, isOperationError } from "./errors.ts";
import { createLog } from "./log.ts";
import { startOrrery } from "./main/orrery.ts";
import { createMeter } from "./meter.ts";

/** A stop that takes longer than this is cut off. */
const STOP_MAX_MS = 5_000;

function configured(): Config | undefined {
  try {
    return processConfig();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** What a person can mend is one line; anything else is ours, and is told whole. */
function complain(error: unknown): void {
  const text = isOperationError(error) ? error.message : String((error as Error).stack ?? error);
  process.stderr.write(`orrery: ${text}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const config = configured();
  if (config === undefined) return;
  const log = createLog(config.logLevel);
  const ground = { clock: systemClock, log, meter: createMeter(), random: Math.random };
  const asked = new AbortController();
  const ask = (): void => asked.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, ask);
  // A process manager that goes takes its child along.
  if (process.connected) process.once("disconnect", ask);
  const orrery = await startOrrery(config, ground);
  log.info("ready", { url: orrery.url });
  if (process.connected) process.send?.({ type: "ready", url: orrery.url });
  if (!asked.signal.aborted)
    await new Promise<void>((resolve) => {
      asked.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  setTimeout(() => process.exit(1), STOP_MAX_MS).unref();
  await orrery.stop();
  log.info("stopped", {});
  if (process.connected) process.disconnect();
}

process.on("unhandledRejection", (error) => {
  process.stderr.write(`orrery: unhandled rejection: ${errorText(error)}\n`);
  process.exit(1);
});

main().catch(complain);
