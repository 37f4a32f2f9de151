import { Changed } from "./changed.ts";
import type { EntityId } from "./entity.ts";
import type { VersionsRow } from "./journal/fact.ts";

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
  readonly #changed = new Changed<EntityId>();
  readonly #onNew: (sight: FirstSight) => void;

  constructor(onNew: (sight: FirstSight) => void) {
    this.#onNew = onNew;
  }

  see(sight: Omit<FirstSight, "previousVersion">): void {
    const { serviceId, version, seenMs } = sight;
    const known = this.#of.get(serviceId);
    if (known?.versions.includes(version) === true) return;
    this.#changed.add(serviceId);
    if (known === undefined) {
      this.#of.set(serviceId, { sinceMs: seenMs, versions: [version] });
      return;
    }
    const previousVersion = known.versions.at(-1) ?? "";
    known.versions.push(version);
    if (known.versions.length > VERSIONS_MAX) known.versions.shift();
    if (seenMs - known.sinceMs > FIRST_LOOK_MS) this.#onNew({ ...sight, previousVersion });
  }

  rows(): VersionsRow[] {
    return [...this.#of.keys()].flatMap((service) => this.#row(service));
  }

  #row(service: EntityId): VersionsRow[] {
    const seen = this.#of.get(service);
    if (seen === undefined) return [];
    return [{ service, sinceMs: seen.sinceMs, versions: [...seen.versions] }];
  }

  /** Services with a new version since the last call. */
  takeChanged(): VersionsRow[] {
    return Array.from(this.#changed.take()).flatMap((service) => this.#row(service));
  }

  /** Contract: before anything is seen. The later of two rows stands. */
  learn({ service, sinceMs, versions }: VersionsRow): void {
    this.#of.set(service, { sinceMs, versions: [...versions] });
  }
}
