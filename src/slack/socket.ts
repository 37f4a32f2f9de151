import type { SocketModeReceiver } from "@slack/bolt";
import type { Clock } from "../clock.ts";
import { errorText } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";

/** The SDK waits five seconds before it reconnects, and its failed reconnect ends the process; so we do it. */
const RECONNECT_MIN_MS = 200;
const RECONNECT_MAX_MS = 15_000;
const STOP_WAIT_MS = 1_000;

export interface SocketDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** Keeps the socket connected until it is stopped: planned disconnects, lost networks, a Slack that is down. */
export function keepConnected(
  client: SocketModeReceiver["client"],
  { clock, log, meter }: SocketDeps,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  /** Disconnected again after the last success. */
  let isLost = false;

  const reconnect = async (): Promise<void> => {
    let waitMs = RECONNECT_MIN_MS;
    while (!stopping.signal.aborted) {
      try {
        // biome-ignore lint/performance/noAwaitInLoops: one attempt after another
        await clock.sleep(waitMs, stopping.signal);
        isLost = false;
        await client.start();
        meter.add("orrery_slack_reconnects_total");
        return;
      } catch (error) {
        if (stopping.signal.aborted) return;
        waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS);
        log.warn("slack_reconnect_failed", { waitMs, error: errorText(error) });
      }
    }
  };
  const run = (): void => {
    running = reconnect().finally(() => {
      running = undefined;
      if (isLost && !stopping.signal.aborted) run();
    });
  };
  client.on("disconnected", () => {
    isLost = true;
    if (!stopping.signal.aborted && running === undefined) run();
  });
  return {
    stop: async () => {
      stopping.abort();
      await running;
      // The SDK never answers when the socket is already gone.
      const giveUp = new AbortController();
      await Promise.race([client.disconnect(), clock.sleep(STOP_WAIT_MS, giveUp.signal)]).finally(
        () => giveUp.abort(),
      );
    },
  };
}
