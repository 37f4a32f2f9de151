import type { Fact } from "../../src/model/journal/fact.ts";
import { TIER_NAMES, type TierName } from "../../src/model/journal/restoration.ts";
import { createWorld, type World, type WorldOptions } from "../../src/model/world.ts";

/** What a world leaves behind, as the product's files would hold it: everything went through bytes. */
export class EarlierLife {
  #snapshot: string | undefined;
  readonly #stretches: Record<TierName, Uint8Array[][]> = {
    buckets: [],
    minutes: [],
    quarters: [],
  };

  get isEmpty(): boolean {
    return this.#snapshot === undefined && this.#stretches.buckets.length === 0;
  }

  /** As a process does from time to time. `isFresh`: a new segment, as at the start of each process. */
  save(world: World, isFresh = this.#stretches.buckets.length === 0): void {
    for (const tier of TIER_NAMES) {
      const records = [...world.records(isFresh, tier)].flatMap((record) => record ?? []);
      const stretch = isFresh ? undefined : this.#stretches[tier].at(-1);
      if (stretch === undefined) this.#stretches[tier].push(records);
      else stretch.push(...records);
    }
  }

  saveSnapshot(world: World, savedMs: number): void {
    const facts = [...world.facts()];
    this.#snapshot = JSON.stringify({ told: world.told, savedMs, facts });
  }

  /** The newest record of a tier did not reach the disk. */
  forgetLast(tier: TierName): void {
    this.#stretches[tier].at(-1)?.pop();
  }

  /** Records so far. */
  get records(): readonly Uint8Array[] {
    return this.#stretches.buckets.flat();
  }

  restore(options: WorldOptions = {}): World {
    const world = createWorld(options);
    const restoration = world.restoration();
    if (this.#snapshot !== undefined) {
      const { told, savedMs, facts } = JSON.parse(this.#snapshot);
      restoration.snapshot(told, savedMs);
      for (const fact of facts as readonly Fact[]) restoration.fact(fact);
    }
    for (const tier of TIER_NAMES) {
      for (const stretch of this.#stretches[tier]) {
        restoration.beginStretch(tier);
        for (const record of stretch) restoration.record(record, tier);
      }
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
