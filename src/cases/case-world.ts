import type { Signal } from "../model/signal.ts";
import { createWorld, type World } from "../model/world.ts";
import type { CaseRecord } from "./case-folder.ts";

/** Metrics of this long before the end go into the world's columns; all senders are made known whatever their age. */
const METRICS_BACK_MS = 55 * 60_000;

/** First and last signal of each sender's older metrics: enough to know that it exists and where it runs. */
function knownFrom(signals: CaseRecord["telemetry"]["metrics"], beforeMs: number): Signal[] {
  const first = new Map<string, Signal>();
  for (const signal of signals) {
    if (signal.receivedMs >= beforeMs) break;
    const key = JSON.stringify(signal.resource);
    if (!first.has(key)) first.set(key, { ...signal, points: [] });
  }
  return [...first.values()];
}

/** The live model as it would stand at the end of the record: each signal is applied at its time. */
export function worldOf(record: CaseRecord): World {
  const { telemetry, topology, changes, cutMs } = record;
  const beforeMs = cutMs - METRICS_BACK_MS;
  const signals: Signal[] = [
    ...knownFrom(telemetry.metrics, beforeMs),
    ...telemetry.metrics.filter((signal) => signal.receivedMs >= beforeMs),
    ...telemetry.spans,
    ...telemetry.logs.filter((signal) => signal.receivedMs >= beforeMs),
    ...changes.map(
      (change): Signal => ({ type: "change", source: "case", receivedMs: change.timeMs, change }),
    ),
  ].sort((a, b) => a.receivedMs - b.receivedMs);
  const world = createWorld();
  if (topology !== undefined) {
    world.apply({ ...topology, receivedMs: Math.min(cutMs, signals[0]?.receivedMs ?? cutMs) });
  }
  let nowMs = 0;
  for (const signal of signals) {
    if (signal.receivedMs > nowMs) {
      nowMs = signal.receivedMs;
      world.advance(nowMs);
    }
    world.apply(signal);
  }
  world.advance(cutMs + GRACE_MS);
  return world;
}

/** Everything that is known has come: the last bucket may close. */
const GRACE_MS = 20_000;
