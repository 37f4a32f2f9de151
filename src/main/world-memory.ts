import { join } from "node:path";
import { setImmediate as yieldToLoop } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import type { Fact } from "../model/journal/fact.ts";
import { createWorld, type World } from "../model/world.ts";
import { type FolderLimits, SegmentFolder } from "../store/segment-folder.ts";
import { writeSnapshot } from "../store/snapshot-file.ts";
import { type Recollection, recollect } from "./recollection.ts";

/** Facts in one line of the snapshot: a line is encoded without a pause. */
const FACTS_PER_LINE = 250;
/** Between two snapshots the journal alone holds what was learned. */
const SNAPSHOT_EVERY_MS = 5 * 60_000;
/** An hour of columns is kept, and the time that a restart takes. */
const JOURNAL: FolderLimits = {
  segmentMs: 5 * 60_000,
  keptMs: 70 * 60_000,
  bytesMax: 2 * 1024 ** 3,
};

interface MemoryDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** The world with what outlives the process: a snapshot of what is known, and a journal of what was learned and closed since. */
export class WorldMemory {
  readonly world: World;
  /** An earlier life had telemetry. */
  readonly knewSystem: boolean;
  readonly #snapshotPath: string;
  readonly #journal: SegmentFolder;
  readonly #deps: MemoryDeps;
  #saving: Promise<void> | undefined;
  /** When the newest snapshot was begun: what is older is not needed any more. */
  #snapshotMs: number;

  private constructor(
    of: { readonly snapshotPath: string; readonly journal: SegmentFolder },
    deps: MemoryDeps,
    recollection: Recollection,
  ) {
    this.#snapshotPath = of.snapshotPath;
    this.#journal = of.journal;
    this.#deps = deps;
    this.world = recollection.world;
    this.knewSystem = recollection.knewSystem;
    this.#snapshotMs = recollection.snapshotMs;
  }

  /** What is damaged is said, counted and left behind: the model then learns that part anew. */
  static async open(dataDir: string, deps: MemoryDeps): Promise<WorldMemory> {
    const snapshotPath = join(dataDir, "world.jsonl");
    const journal = await SegmentFolder.open(join(dataDir, "journal"), JOURNAL);
    const recollection = await recollect(createWorld, { snapshotPath, journal }, deps);
    return new WorldMemory({ snapshotPath, journal }, deps, recollection);
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
      await this.#journal.append(await this.#records(nowMs), nowMs);
    } catch (error) {
      meter.add("orrery_journal_failures_total");
      // What could not be written may only be had from a snapshot now.
      this.#snapshotMs = 0;
      throw error;
    }
    if (nowMs - this.#snapshotMs >= SNAPSHOT_EVERY_MS) await this.#saveSnapshot(nowMs);
    await this.#journal.prune(nowMs, this.#snapshotMs);
    meter.set("orrery_journal_bytes", this.#journal.bytes);
    meter.set("orrery_journal_time_seconds", nowMs / 1000);
    meter.set("orrery_journal_segments_given_up", this.#journal.givenUp);
  }

  async #records(nowMs: number): Promise<readonly Uint8Array[]> {
    const records: Uint8Array[] = [];
    for (const record of this.world.records(this.#journal.beginsAnew(nowMs))) {
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
    await this.#journal.close();
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
