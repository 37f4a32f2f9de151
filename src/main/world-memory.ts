import { join } from "node:path";
import { setImmediate as yieldToLoop } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Fact } from "../model/journal/fact.ts";
import { TIER_NAMES, type TierName } from "../model/journal/restoration.ts";
import { createWorld, type World } from "../model/world.ts";
import { type FolderLimits, SegmentFolder } from "../store/segment-folder.ts";
import { writeSnapshot } from "../store/snapshot-file.ts";
import { type MemoryFiles, type Recollection, recollect } from "./recollection.ts";

/** Facts in one line of the snapshot: a line is encoded without a pause. */
const FACTS_PER_LINE = 250;
/** Between two snapshots the journal alone holds what was learned. */
const SNAPSHOT_EVERY_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const GIB = 1024 ** 3;
/** What the model keeps in memory, and the time that a restart takes. */
const JOURNALS: Readonly<Record<TierName, FolderLimits>> = {
  buckets: { segmentMs: 5 * MINUTE_MS, keptMs: 70 * MINUTE_MS, bytesMax: 2 * GIB },
  minutes: { segmentMs: 2 * HOUR_MS, keptMs: 26 * HOUR_MS, bytesMax: 2 * GIB },
  quarters: { segmentMs: DAY_MS, keptMs: 15 * DAY_MS, bytesMax: GIB },
};

interface MemoryDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** As in `WorldOptions`. */
  readonly memoryBytesMax?: number;
}

/** The world with what outlives the process: a snapshot of what is known, and a journal of what was learned and closed since. */
export class WorldMemory {
  readonly world: World;
  /** An earlier life had telemetry. */
  readonly knewSystem: boolean;
  readonly #snapshotPath: string;
  readonly #journals: Readonly<Record<TierName, SegmentFolder>>;
  readonly #deps: MemoryDeps;
  #saving: Promise<void> | undefined;
  /** When the newest snapshot was begun: what is older is not needed any more. */
  #snapshotMs: number;

  private constructor(of: MemoryFiles, deps: MemoryDeps, recollection: Recollection) {
    this.#snapshotPath = of.snapshotPath;
    this.#journals = of.journals;
    this.#deps = deps;
    this.world = recollection.world;
    this.knewSystem = recollection.knewSystem;
    this.#snapshotMs = recollection.snapshotMs;
  }

  /** What is damaged is said, counted and left behind: the model then learns that part anew. */
  static async open(dataDir: string, deps: MemoryDeps): Promise<WorldMemory> {
    const snapshotPath = join(dataDir, "world.jsonl");
    const open = (tier: TierName): Promise<SegmentFolder> =>
      SegmentFolder.open(join(dataDir, "journal", tier), JOURNALS[tier]);
    const journals = {
      buckets: await open("buckets"),
      minutes: await open("minutes"),
      quarters: await open("quarters"),
    };
    const { memoryBytesMax } = deps;
    const create = (): World => createWorld(memoryBytesMax === undefined ? {} : { memoryBytesMax });
    const recollection = await recollect(create, { snapshotPath, journals }, deps);
    return new WorldMemory({ snapshotPath, journals }, deps, recollection);
  }

  /** One at a time; who asks meanwhile waits for the one that runs. */
  save(): Promise<void> {
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #save(): Promise<void> {
    const { clock, meter } = this.#deps;
    const nowMs = clock.nowMs();
    try {
      for (const tier of TIER_NAMES) {
        // biome-ignore lint/performance/noAwaitInLoops: one after the other, so that all have their turns
        await this.#journals[tier].append(await this.#records(tier, nowMs), nowMs);
      }
    } catch (error) {
      meter.add("orrery_journal_failures_total");
      // What could not be written may only be had from a snapshot now.
      this.#snapshotMs = 0;
      throw error;
    }
    if (nowMs - this.#snapshotMs >= SNAPSHOT_EVERY_MS) await this.#saveSnapshot(nowMs);
    for (const tier of TIER_NAMES) {
      const journal = this.#journals[tier];
      // Facts are in the records of the buckets: those since the snapshot are still needed.
      // biome-ignore lint/performance/noAwaitInLoops: of three, mostly none has anything to give up
      await journal.prune(nowMs, tier === "buckets" ? this.#snapshotMs : nowMs);
      meter.set("orrery_journal_bytes", journal.bytes, { tier });
      meter.set("orrery_journal_segments_given_up", journal.givenUp, { tier });
    }
    meter.set("orrery_journal_time_seconds", nowMs / 1000);
    this.#exposeHeld();
  }

  /** What the model holds in memory, and what it had to give up before its time. */
  #exposeHeld(): void {
    const { meter } = this.#deps;
    const { bytes, framesGivenUp, exemplarsGivenUp } = this.world.stats();
    for (const [part, held] of Object.entries(bytes)) {
      meter.set("orrery_model_bytes", held, { part });
    }
    meter.set("orrery_model_steps_given_up", framesGivenUp);
    meter.set("orrery_model_exemplars_given_up", exemplarsGivenUp);
  }

  async #records(tier: TierName, nowMs: number): Promise<readonly Uint8Array[]> {
    const records: Uint8Array[] = [];
    for (const record of this.world.records(this.#journals[tier].beginsAnew(nowMs), tier)) {
      if (record !== undefined) records.push(record);
      // biome-ignore lint/performance/noAwaitInLoops: others run in between
      await yieldToLoop();
    }
    return records;
  }

  async #saveSnapshot(startedMs: number): Promise<void> {
    const { clock, meter } = this.#deps;
    await writeSnapshot(this.#snapshotPath, snapshotLines(this.world, startedMs));
    this.#snapshotMs = startedMs;
    meter.set("orrery_snapshot_duration_seconds", (clock.nowMs() - startedMs) / 1000);
    meter.set("orrery_snapshot_time_seconds", startedMs / 1000);
  }

  async close(): Promise<void> {
    await Promise.all(TIER_NAMES.map((tier) => this.#journals[tier].close()));
  }
}

function* snapshotLines(world: World, savedMs: number): Generator<unknown> {
  yield { told: world.told, savedMs };
  let facts: Fact[] = [];
  for (const fact of world.facts()) {
    facts.push(fact);
    if (facts.length < FACTS_PER_LINE) continue;
    yield facts;
    facts = [];
  }
  yield facts;
}
