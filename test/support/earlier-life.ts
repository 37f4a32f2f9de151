import type { Fact } from "../../src/model/journal/fact.ts";
import { createWorld, type World, type WorldOptions } from "../../src/model/world.ts";

/** What a world leaves behind, as the product's files would hold it: everything went through bytes. */
export class EarlierLife {
  #snapshot: string | undefined;
  readonly #stretches: Uint8Array[][] = [];

  get isEmpty(): boolean {
    return this.#snapshot === undefined && this.#stretches.length === 0;
  }

  /** As a process does from time to time. `isFresh`: a new segment, as at the start of each process. */
  save(world: World, isFresh = this.#stretches.length === 0): void {
    const records = [...world.records(isFresh)].flatMap((record) => record ?? []);
    const stretch = isFresh ? undefined : this.#stretches.at(-1);
    if (stretch === undefined) this.#stretches.push(records);
    else stretch.push(...records);
  }

  saveSnapshot(world: World, savedMs: number): void {
    const facts = [...world.facts()];
    this.#snapshot = JSON.stringify({ told: world.told, savedMs, facts });
  }

  /** Records so far. */
  get records(): readonly Uint8Array[] {
    return this.#stretches.flat();
  }

  restore(options: WorldOptions = {}): World {
    const world = createWorld(options);
    const restoration = world.restoration();
    if (this.#snapshot !== undefined) {
      const { told, savedMs, facts } = JSON.parse(this.#snapshot);
      restoration.snapshot(told, savedMs);
      for (const fact of facts as readonly Fact[]) restoration.fact(fact);
    }
    for (const stretch of this.#stretches) {
      restoration.beginStretch();
      for (const record of stretch) restoration.record(record);
    }
    world.resume(restoration);
    return world;
  }
}

/** A world that went on after the other was killed, having just been saved. */
export function restarted(world: World): World {
  const life = new EarlierLife();
  life.save(world);
  return life.restore();
}
