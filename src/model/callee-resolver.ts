import { Changed } from "./changed.ts";
import { entityId } from "./entity.ts";
import { addressNames, isUnnamed, OTHER_PEER } from "./peer.ts";
import type { Peer } from "./site.ts";
import { isServing } from "./span-facts.ts";
import type { SpanNode } from "./span-node.ts";
import type { Heard, Topology } from "./topology.ts";

/** Limit: services remembered behind one address. */
const ANSWERS_MAX = 32;

/** That something outside the telemetry was a service after all, and since when that is known. */
export interface Alias {
  readonly service: number;
  readonly knownMs: number;
}

/**
 * Decides which entity a call went to. A server span below it says so; else what usually answers there; else a service
 * of that name; else it is something outside the telemetry. An entity made for the outside that turns out to be a
 * service becomes another name of that service: no ghost stays.
 */
export class CalleeResolver {
  readonly #topology: Topology;
  /** By outside entity. */
  readonly aliases = new Map<number, Alias>();
  readonly changedAliases = new Changed<number>();
  /** Peers behind which another service was found. */
  readonly changedPeers = new Changed<Peer>();

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** Remembers who answers behind a peer. */
  learn(peer: Peer, answer: SpanNode): void {
    if (!isServing(answer)) return;
    const { service } = answer.site.sender;
    const times = peer.answered.get(service);
    if (times === undefined && peer.answered.size >= ANSWERS_MAX) return;
    if (times === undefined) this.changedPeers.add(peer);
    peer.answered.set(service, (times ?? 0) + 1);
  }

  /** Undefined when a call names nobody and nobody ever answered it, or when there is no room even for "others". */
  resolve(peer: Peer, heard: Heard): number | undefined {
    const { identity } = peer;
    const service = identity.type === "external" ? this.#service(peer) : undefined;
    if (service !== undefined) {
      this.#unmask(peer, service, heard.nowMs);
      return service;
    }
    if (isUnnamed(identity)) return undefined;
    peer.outside ??= this.#outside(peer, heard);
    if (peer.outside !== undefined) this.#topology.entities.touch(peer.outside, heard);
    return peer.outside;
  }

  #unmask(peer: Peer, service: number, nowMs: number): void {
    const ghost = peer.outside ?? this.#topology.entities.indexOfKey("external", peer.identity.key);
    if (ghost === undefined || this.aliases.get(ghost)?.service === service) return;
    this.aliases.set(ghost, { service, knownMs: nowMs });
    this.changedAliases.add(ghost);
  }

  #outside({ identity }: Peer, heard: Heard): number | undefined {
    const { entities } = this.#topology;
    const index = entities.claim(identity, heard);
    if (index === undefined) return entities.claim(OTHER_PEER, heard);
    const described = {
      ...(identity.system === "" ? {} : { system: identity.system }),
      ...(identity.address === "" ? {} : { "server.address": identity.address }),
    };
    entities.describe(index, described, heard.nowMs);
    return index;
  }

  #service(peer: Peer): number | undefined {
    const usual = this.#usualAnswer(peer);
    if (usual !== undefined) return usual;
    const { service, address } = peer.identity;
    const names = service === "" ? addressNames(address) : [service, ...addressNames(address)];
    for (const name of names) {
      const known = this.#topology.entities.indexOf(entityId("service", name));
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** Of two that answer equally often, the first by name: the order in which they came must not decide. */
  #usualAnswer({ answered }: Peer): number | undefined {
    let best: number | undefined;
    let most = 0;
    for (const [service, times] of answered) {
      const isFirst = best === undefined || this.#topology.id(service) < this.#topology.id(best);
      if (times > most || (times === most && isFirst)) {
        most = times;
        best = service;
      }
    }
    return best;
  }
}
