import { setImmediate as yieldToLoop } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { errorText } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Fact } from "../model/journal/fact.ts";
import { type Restoration, TIER_NAMES, type TierName } from "../model/journal/restoration.ts";
import type { World } from "../model/world.ts";
import { readSegment, type SegmentEnd } from "../store/segment-file.ts";
import type { SegmentFolder } from "../store/segment-folder.ts";
import { readSnapshot } from "../store/snapshot-file.ts";

/** A world that remembers an earlier life, as far as its files could be read. */
export interface Recollection {
  readonly world: World;
  /** The earlier life had telemetry. */
  readonly knewSystem: boolean;
  /** When the snapshot that was read had been begun; 0 when none was. */
  readonly snapshotMs: number;
}

interface Deps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface MemoryFiles {
  readonly snapshotPath: string;
  readonly journals: Readonly<Record<TierName, SegmentFolder>>;
}

/** Reads snapshot and journal into a new world. What is damaged is said, counted and left behind. */
export async function recollect(
  create: () => World,
  { snapshotPath, journals }: MemoryFiles,
  deps: Deps,
): Promise<Recollection> {
  const { clock, log, meter } = deps;
  const startedMs = clock.nowMs();
  let world = create();
  let restoration = world.restoration();
  let snapshotMs = 0;
  try {
    snapshotMs = await recallSnapshot(snapshotPath, restoration, deps);
  } catch (error) {
    meter.add("orrery_snapshots_corrupt_total");
    log.error("world_snapshot_unusable", { path: snapshotPath, error: errorText(error) });
    world = create();
    restoration = world.restoration();
    restoration.lose("facts");
  }
  for (const tier of TIER_NAMES) {
    for (const { path } of journals[tier].segments) {
      // biome-ignore lint/performance/noAwaitInLoops: one after the other, in the order of time
      await recallSegment({ path, tier }, restoration, deps);
    }
  }
  world.resume(restoration);
  const { entities, frames } = world.stats();
  const durationMs = clock.nowMs() - startedMs;
  meter.set("orrery_restore_duration_seconds", durationMs / 1000);
  if (entities > 0) log.info("world_restored", { entities, frames, durationMs });
  return { world, knewSystem: entities > 0, snapshotMs };
}

/** When it had been begun; 0 when there is none. */
async function recallSnapshot(
  path: string,
  restoration: Restoration,
  { log, meter }: Deps,
): Promise<number> {
  const found = await readSnapshot(path);
  switch (found.type) {
    case "missing":
      return 0;
    case "corrupt":
      meter.add("orrery_snapshots_corrupt_total");
      log.error("world_snapshot_corrupt", { path, reason: found.reason });
      restoration.lose("facts");
      return 0;
    case "read":
      break;
  }
  let savedMs = 0;
  for (const value of found.values) {
    // Written by `WorldMemory`; the check sum has vouched for it.
    if (Array.isArray(value)) for (const fact of value as readonly Fact[]) restoration.fact(fact);
    else {
      const head = value as { readonly told: number; readonly savedMs: number };
      restoration.snapshot(head.told, head.savedMs);
      savedMs = head.savedMs;
    }
    // biome-ignore lint/performance/noAwaitInLoops: others run in between
    await yieldToLoop();
  }
  return savedMs;
}

async function recallSegment(
  { path, tier }: { readonly path: string; readonly tier: TierName },
  restoration: Restoration,
  deps: Deps,
): Promise<void> {
  restoration.beginStretch(tier);
  const records = readSegment(path);
  for (;;) {
    // biome-ignore lint/performance/noAwaitInLoops: what a record tells stands on those before
    const next = await records.next();
    if (next.done === true) {
      sayEnd(path, next.value, restoration, deps);
      return;
    }
    try {
      restoration.record(next.value, tier);
    } catch (error) {
      const reason = errorText(error);
      sayEnd(path, { type: "corrupt", atByte: -1, reason }, restoration, deps);
      return;
    }
    await yieldToLoop();
  }
}

/** The rest of a damaged segment cannot be read: what it held is not known. */
function sayEnd(
  path: string,
  end: SegmentEnd,
  restoration: Restoration,
  { log, meter }: Deps,
): void {
  switch (end.type) {
    case "whole":
      return;
    case "cut":
      meter.add("orrery_journal_cut_total");
      log.warn("journal_cut", { path, atByte: end.atByte });
      return;
    case "corrupt":
      meter.add("orrery_journal_corrupt_total");
      log.error("journal_corrupt", { path, atByte: end.atByte, reason: end.reason });
      restoration.lose("columns");
  }
}
