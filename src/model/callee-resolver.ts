import { type EntityId, entityId } from "./entity.ts";
import { addressNames } from "./peer.ts";
import type { Peer } from "./site.ts";
import { isServing } from "./span-facts.ts";
import type { SpanNode } from "./span-node.ts";
import type { Heard, Topology } from "./topology.ts";

/** Limit: services remembered behind one address. */
const ANSWERS_MAX = 32;

/**
 * Decides which entity a call went to. A server span below it says so; else what usually answers there; else a service
 * of that name; else it is something outside the telemetry. An entity made for the outside that turns out to be a
 * service becomes another name of that service: no ghost stays.
 */
export class CalleeResolver {
  readonly #topology: Topology;
  /** Outside entities that were services after all. */
  readonly aliases = new Map<number, number>();

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** Remembers who answers behind a peer. */
  learn(peer: Peer, answer: SpanNode): void {
    if (!isServing(answer)) return;
    const { service } = answer.site.sender;
    const times = peer.answered.get(service);
    if (times === undefined && peer.answered.size >= ANSWERS_MAX) return;
    peer.answered.set(service, (times ?? 0) + 1);
  }

  /** Undefined only when there is no room for one more entity. */
  resolve(peer: Peer, heard: Heard): number | undefined {
    const { identity } = peer;
    const service = identity.type === "external" ? this.#service(peer) : undefined;
    if (service !== undefined) {
      if (peer.outside !== undefined) this.aliases.set(peer.outside, service);
      return service;
    }
    peer.outside ??= this.#topology.entities.claim(identity, heard.seenMs);
    if (peer.outside === undefined) return undefined;
    this.#topology.entities.touch(peer.outside, heard.seenMs);
    const described = {
      ...(identity.system === "" ? {} : { system: identity.system }),
      ...(identity.address === "" ? {} : { "server.address": identity.address }),
    };
    this.#topology.entities.describe(peer.outside, described);
    return peer.outside;
  }

  #service(peer: Peer): number | undefined {
    let best: number | undefined;
    let most = 0;
    for (const [service, times] of peer.answered) {
      if (times > most) {
        most = times;
        best = service;
      }
    }
    if (best !== undefined) return best;
    const { service, address } = peer.identity;
    const names = service === "" ? addressNames(address) : [service, ...addressNames(address)];
    for (const name of names) {
      const id: EntityId = entityId("service", name);
      const known = this.#topology.entities.indexOf(id);
      if (known !== undefined) return known;
    }
    return undefined;
  }
}
