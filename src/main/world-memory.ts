import type { Clock } from "../clock.ts";
import { errorText } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Meter } from "../meter.ts";
import { createWorld, type World } from "../model/world.ts";
import type { WorldSnapshot } from "../model/world-snapshot.ts";
import { readSnapshot, writeSnapshot } from "../store/snapshot-file.ts";

interface MemoryDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

/** The world with what outlives the process: entities, relations, changes, versions and the objectives' histories. */
export class WorldMemory {
  readonly world: World;
  /** An earlier life had telemetry. */
  readonly knewSystem: boolean;
  readonly #path: string;
  readonly #deps: MemoryDeps;
  #saving: Promise<void> | undefined;

  private constructor(path: string, deps: MemoryDeps, restored: { world: World; knew: boolean }) {
    this.#path = path;
    this.#deps = deps;
    this.world = restored.world;
    this.knewSystem = restored.knew;
  }

  /** A damaged file is said and left behind: the model then learns anew. */
  static async open(path: string, deps: MemoryDeps): Promise<WorldMemory> {
    const { log, meter } = deps;
    const world = createWorld();
    const found = await readSnapshot(path);
    switch (found.type) {
      case "missing":
        return new WorldMemory(path, deps, { world, knew: false });
      case "corrupt":
        meter.add("orrery_snapshots_corrupt_total");
        log.error("world_snapshot_corrupt", { path, reason: found.reason });
        return new WorldMemory(path, deps, { world, knew: false });
      case "read":
        break;
    }
    try {
      // Written by `save` below; the check sum has vouched for it.
      const snapshot = found.parts as unknown as WorldSnapshot;
      world.restore(snapshot);
      log.info("world_restored", { savedMs: snapshot.savedMs, entities: snapshot.entities.length });
      return new WorldMemory(path, deps, { world, knew: snapshot.entities.length > 0 });
    } catch (error) {
      meter.add("orrery_snapshots_corrupt_total");
      log.error("world_snapshot_unusable", { path, error: errorText(error) });
      return new WorldMemory(path, deps, { world: createWorld(), knew: false });
    }
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
    const startedMs = clock.nowMs();
    await writeSnapshot(this.#path, { ...this.world.snapshot() });
    meter.set("orrery_snapshot_duration_seconds", (clock.nowMs() - startedMs) / 1000);
    meter.set("orrery_snapshot_time_seconds", startedMs / 1000);
  }
}
