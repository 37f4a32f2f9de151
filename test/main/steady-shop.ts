// A small shop with steady traffic, for tests of what is remembered of it.
import { setTimeout as sleep } from "node:timers/promises";
import { createLog } from "../../src/log.ts";
import { WorldMemory } from "../../src/main/world-memory.ts";
import { createMeter, type Meter } from "../../src/meter.ts";
import type { World } from "../../src/model/world.ts";
import { batch, traceIdOf, traceSpans } from "../support/spans.ts";

export const SHOP_START_MS = Date.UTC(2026, 10, 24, 2, 0, 0);

/** What the shop does in one second, and its telemetry of it a second later. */
export function playSecond(world: World, second: number, requests = 4): void {
  const receivedMs = SHOP_START_MS + (second + 1) * 1000;
  const traces = Array.from({ length: requests }, (_, index) =>
    traceSpans(
      {
        service: "gateway",
        instance: `gateway-${index % 2}`,
        operation: "GET /",
        selfMs: 5,
        calls: [
          {
            to: {
              service: "cart",
              version: `1.${Math.floor(second / 200)}`,
              operation: "GET /cart",
              selfMs: 20,
            },
          },
        ],
      },
      { traceId: traceIdOf(second * requests + index), startMs: receivedMs - 900 + index * 100 },
    ),
  );
  for (const signal of batch(traces, receivedMs)) world.apply(signal);
  world.advance(receivedMs);
}

/** A memory in a folder, whose clock is set by hand. */
export async function openMemory(
  dataDir: string,
  options: { readonly memoryBytesMax?: number } = {},
): Promise<{
  readonly memory: WorldMemory;
  readonly meter: Meter;
  readonly events: readonly string[];
  setSecond(second: number): void;
}> {
  let nowMs = SHOP_START_MS;
  const meter = createMeter();
  const events: string[] = [];
  const log = createLog("info", (line) => {
    events.push((JSON.parse(line) as { event: string }).event);
  });
  const clock = {
    nowMs: () => nowMs,
    sleep: (ms: number) => sleep(ms),
    every: () => () => undefined,
  };
  const memory = await WorldMemory.open(dataDir, { clock, log, meter, ...options });
  return {
    memory,
    meter,
    events,
    setSecond: (second) => {
      nowMs = SHOP_START_MS + second * 1000;
    },
  };
}
