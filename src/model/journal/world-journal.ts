import type { BucketCloser } from "../bucket-closer.ts";
import type { ChangeLog } from "../change-log.ts";
import type { FineCells } from "../coarse-tier.ts";
import { entityId } from "../entity.ts";
import type { LogStore } from "../log-store.ts";
import type { MetricStore } from "../metric-store.ts";
import type { SiteResolver } from "../site-resolver.ts";
import type { Objectives } from "../slo/objectives.ts";
import type { TierShape } from "../tiers.ts";
import type { Topology } from "../topology.ts";
import type { Fact } from "./fact.ts";
import { FactBook } from "./fact-book.ts";
import { Journal } from "./journal.ts";
import type { NumberedNames } from "./journal-names.ts";
import { Restoration, TIER_NAMES, type TierName } from "./restoration.ts";

/** Stands for an entity that was forgotten. */
const UNKNOWN_ENTITY = entityId("external", "{unknown}");

interface JournaledParts {
  readonly topology: Topology;
  readonly resolver: SiteResolver;
  readonly closer: BucketCloser;
  readonly changes: ChangeLog;
  readonly logs: LogStore;
  readonly metrics: MetricStore;
  readonly objectives: Objectives;
}

/** What of a world outlives its process: facts, and records of what was closed, tier by tier. */
export class WorldJournal {
  readonly #of: JournaledParts;
  readonly #facts: FactBook;
  readonly #journals: Readonly<Record<TierName, Journal>>;

  constructor(parts: JournaledParts) {
    this.#of = parts;
    this.#facts = new FactBook({ ...parts, callees: parts.closer.callees });
    const { frames, minutes, quarters } = parts.closer;
    const names = this.#names(parts.resolver);
    this.#journals = {
      buckets: new Journal({ facts: this.#facts, frames, names }),
      minutes: new Journal({
        facts: undefined,
        frames: minutes.frames,
        names: this.#names(minutes, minutes.shape),
      }),
      quarters: new Journal({
        facts: undefined,
        frames: quarters.frames,
        names: this.#names(quarters, quarters.shape),
      }),
    };
  }

  #names({ stationCells, edgeCells }: FineCells, shape?: TierShape): NumberedNames {
    const { topology, closer, logs, metrics } = this.#of;
    return {
      idOf: (entity) => topology.entities.record(entity)?.id ?? UNKNOWN_ENTITY,
      stationCells,
      edgeCells,
      places: closer.places,
      templateId: (template) => logs.idOf(template),
      seriesAt: (step) => metrics.at(step, shape),
    };
  }

  facts(nowMs: number): Generator<Fact> {
    return this.#facts.all(nowMs);
  }

  get told(): number {
    return this.#journals.buckets.told;
  }

  records(isFresh: boolean, tier: TierName): Generator<Uint8Array | undefined> {
    return this.#journals[tier].take(isFresh);
  }

  restoration(): Restoration {
    const { topology, resolver, closer, logs, metrics } = this.#of;
    return new Restoration({
      facts: this.#facts,
      frames: closer.frames,
      tiers: { minutes: closer.minutes, quarters: closer.quarters },
      topology,
      stationCells: resolver.stationCells,
      edgeCells: resolver.edgeCells,
      places: closer.places,
      logs,
      metrics,
    });
  }

  /** Goes on where the earlier life ended. */
  resume(restoration: Restoration): void {
    const { topology, changes, closer } = this.#of;
    topology.relations.resume(restoration.result().endMs);
    changes.resume();
    for (const tier of TIER_NAMES) {
      const { told, bucket } = restoration.end(tier);
      this.#journals[tier].resume(told, bucket ?? Number.NEGATIVE_INFINITY);
    }
    const { bucket } = restoration.end("buckets");
    if (bucket !== undefined) closer.resume(bucket);
  }
}
