import { RETAINED_BUCKETS, SPARE_BUCKETS } from "./frame-ring.ts";
import type { CallSite, Sender, StationSite } from "./site.ts";
import type { SiteResolver } from "./site-resolver.ts";
import type { Topology } from "./topology.ts";
import { BUCKET_MS } from "./view.ts";

/** Longer than any view that is still in use can look back. */
const IDLE_BUCKETS = RETAINED_BUCKETS + 2 * SPARE_BUCKETS;
/** Senders looked at when a bucket closes, so that no close has to look at all. */
const SENDERS_A_CLOSE = 100;

/** Gives back what long silent senders, sites and cells hold: so that years of deploys need no more room than one day. */
export class SiteRecycler {
  readonly #topology: Topology;
  readonly #resolver: SiteResolver;
  #round: Iterator<Sender> | undefined;
  /** Where an earlier life ended; its cells are kept as long as its columns. */
  #resumedAt: number | undefined;

  constructor(topology: Topology, resolver: SiteResolver) {
    this.#topology = topology;
    this.#resolver = resolver;
  }

  resume(bucket: number): void {
    this.#resumedAt = bucket;
  }

  /** Looks at the next few senders. `bucket` is the one that closes. */
  recycle(bucket: number): void {
    if (this.#resumedAt !== undefined && bucket - this.#resumedAt > IDLE_BUCKETS) {
      this.#resumedAt = undefined;
      this.#resolver.stationCells.releaseRestored();
      this.#resolver.edgeCells.releaseRestored();
    }
    for (let count = 0; count < SENDERS_A_CLOSE; count += 1) {
      this.#round ??= this.#topology.senders[Symbol.iterator]();
      const next = this.#round.next();
      if (next.done === true) {
        this.#round = undefined;
        return;
      }
      this.#look(next.value, bucket);
    }
  }

  #look(sender: Sender, bucket: number): void {
    const heardBucket = Math.floor(sender.lastHeardMs / BUCKET_MS);
    const isGone = bucket - heardBucket > IDLE_BUCKETS;
    for (const routes of sender.stations.values()) {
      for (const [route, site] of routes) {
        if (!this.#freeStation(site, bucket)) continue;
        routes.delete(route);
        sender.stationsKept -= 1;
      }
    }
    this.#freeCalls(sender, bucket);
    if (isGone) this.#topology.forget(sender);
  }

  /** Whether the site itself is idle for so long that nothing can still point at it. */
  #freeStation(site: StationSite, bucket: number): boolean {
    const idle = bucket - site.lastBucket;
    if (idle > IDLE_BUCKETS && site.cell >= 0) {
      this.#resolver.stationCells.release(site.cell);
      site.cell = -1;
    }
    return site.lastBucket > 0 && idle > 2 * IDLE_BUCKETS;
  }

  #freeCalls(sender: Sender, bucket: number): void {
    for (const sites of siteMaps(sender)) {
      for (const [what, site] of sites) {
        this.#freeCells(site, bucket);
        if (site.lastBucket === 0 || bucket - site.lastBucket <= 2 * IDLE_BUCKETS) continue;
        sites.delete(what);
        sender.callsKept -= 1;
      }
    }
    if (sender.restOfCalls !== undefined) this.#freeCells(sender.restOfCalls, bucket);
  }

  #freeCells(site: CallSite, bucket: number): void {
    for (let at = site.cells.length - 1; at >= 0; at -= 1) {
      const cell = site.cells[at];
      if (cell === undefined || bucket - cell.lastBucket <= IDLE_BUCKETS) continue;
      this.#resolver.edgeCells.release(cell.cell);
      site.cells.splice(at, 1);
      for (const [answer, known] of site.byAnswer) {
        if (known === cell) site.byAnswer.delete(answer);
      }
    }
  }
}

function* siteMaps({ calls }: Sender): Generator<Map<string, CallSite>> {
  for (const ports of calls.values()) {
    for (const parts of ports.values()) yield* parts.values();
  }
}
