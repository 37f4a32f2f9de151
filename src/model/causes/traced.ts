import type { EdgeId, EntityId } from "../entity.ts";
import type { EntryWindow } from "../view.ts";

/** Where the time of whole requests went, and where failed ones failed, summed over `count` requests. */
export interface Traced {
  readonly count: number;
  readonly criticalMs: ReadonlyMap<EntityId | EdgeId, number>;
  readonly failedAt: ReadonlyMap<EntityId | EdgeId, number>;
}

/** The same requests before and in the incident: each operation's past counts as often as it occurs now. */
export interface TracedPair {
  readonly healthy: Traced;
  readonly incident: Traced;
}

function addScaled(
  into: Map<EntityId | EdgeId, number>,
  from: ReadonlyMap<EntityId | EdgeId, number>,
  factor: number,
): void {
  for (const [place, value] of from) into.set(place, (into.get(place) ?? 0) + factor * value);
}

class Sums implements Traced {
  count = 0;
  readonly criticalMs = new Map<EntityId | EdgeId, number>();
  readonly failedAt = new Map<EntityId | EdgeId, number>();

  add(entry: EntryWindow, count: number): void {
    const factor = count / entry.tracedCount;
    this.count += count;
    addScaled(this.criticalMs, entry.criticalMs, factor);
    addScaled(this.failedAt, entry.failedAt, factor);
  }
}

/** Pairs the requests of some operations. An operation that was not seen on both sides says nothing. */
export function tracedPair(
  pairs: readonly { readonly healthy?: EntryWindow; readonly incident: EntryWindow }[],
): TracedPair {
  const healthy = new Sums();
  const incident = new Sums();
  for (const pair of pairs) {
    if (pair.incident.tracedCount === 0 || !((pair.healthy?.tracedCount ?? 0) > 0)) continue;
    incident.add(pair.incident, pair.incident.tracedCount);
    if (pair.healthy !== undefined) healthy.add(pair.healthy, pair.incident.tracedCount);
  }
  return { healthy, incident };
}
