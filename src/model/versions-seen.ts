import type { EntityId } from "./entity.ts";

/** Limit: versions remembered of one service; older ones are forgotten and would be news again. */
const VERSIONS_MAX = 500;
/** Versions that show up together with their service were there before we looked: none of them is news. */
const FIRST_LOOK_MS = 10_000;

/** A version of a service that was never seen before, although the service was. */
export interface FirstSight {
  readonly serviceId: EntityId;
  readonly service: string;
  readonly version: string;
  readonly previousVersion: string;
  readonly seenMs: number;
}

interface Seen {
  readonly sinceMs: number;
  readonly versions: string[];
}

/** Which versions of each service were ever seen, so that a new one is noticed once. */
export class VersionsSeen {
  readonly #of = new Map<EntityId, Seen>();
  readonly #onNew: (sight: FirstSight) => void;

  constructor(onNew: (sight: FirstSight) => void) {
    this.#onNew = onNew;
  }

  see(sight: Omit<FirstSight, "previousVersion">): void {
    const { serviceId, version, seenMs } = sight;
    const known = this.#of.get(serviceId);
    if (known === undefined) {
      this.#of.set(serviceId, { sinceMs: seenMs, versions: [version] });
      return;
    }
    if (known.versions.includes(version)) return;
    const previousVersion = known.versions.at(-1) ?? "";
    known.versions.push(version);
    if (known.versions.length > VERSIONS_MAX) known.versions.shift();
    if (seenMs - known.sinceMs > FIRST_LOOK_MS) this.#onNew({ ...sight, previousVersion });
  }

  rows(): readonly (readonly [EntityId, readonly string[]])[] {
    return [...this.#of].map(([service, { versions }]) => [service, [...versions]] as const);
  }

  /** Contract: before anything was seen. */
  restore(rows: readonly (readonly [EntityId, readonly string[]])[]): void {
    for (const [service, versions] of rows) {
      this.#of.set(service, { sinceMs: Number.NEGATIVE_INFINITY, versions: [...versions] });
    }
  }
}
