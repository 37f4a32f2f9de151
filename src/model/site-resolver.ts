import { boundedName } from "./attribute-text.ts";
import { type CallPath, callName, callPath } from "./call-name.ts";
import { isCalledFromOutside, isMostlyEntered } from "./callers.ts";
import { CellTable } from "./cell-table.ts";
import { edgeOwners } from "./edge-cells.ts";
import { type EntityId, entityId } from "./entity.ts";
import {
  OVERFLOW_CALL,
  OVERFLOW_OPERATION,
  operationText,
  servedOperation,
} from "./operation-name.ts";
import { OTHER_PEER, type PeerIdentity, peerOf, queueOf, unnamedPeer } from "./peer.ts";
import { SPAN_KIND, type Span } from "./signal.ts";
import type {
  CallSite,
  EdgeCell,
  InternalSite,
  OperationInfo,
  Peer,
  RequestCounter,
  Sender,
  Site,
  StationCell,
  StationSite,
} from "./site.ts";
import { stationOwners } from "./station-cells.ts";
import type { Heard, Topology } from "./topology.ts";

/** Limit: operations of one service; further ones count as `/{unknown}`. */
export const OPERATIONS_PER_SERVICE_MAX = 200;
/** Limit: spellings of operations that one sender uses; further ones count as `/{unknown}`. */
const STATIONS_PER_SENDER_MAX = 2 * OPERATIONS_PER_SERVICE_MAX;
/** Limit: what one sender calls, by place and name; further ones count as `{other}` at the same place … */
const CALLS_PER_SENDER_MAX = 500;
/** … and for so many further places; all beyond count together, to nobody in particular. */
const CALLED_PLACES_MAX = 500;
/** Limit: other ends of calls; further ones share one unnamed external. */
const PEERS_MAX = 10_000;
/** Limit: names of internal spans kept for one sender; they are only shown in traces. */
const INTERNALS_PER_SENDER_MAX = 500;
const INTERNAL_NAME_MAX = 120;
/** Limit: rows of station and of edge columns; what finds no room is in no column, and counted. */
const STATION_CELLS_MAX = 50_000;
const EDGE_CELLS_MAX = 50_000;

/** The inner map of a key, made when it is missing. */
function nested<Inner>(map: Map<string, Map<string, Inner>>, key: string): Map<string, Inner> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, Inner>();
  map.set(key, made);
  return made;
}

/** Finds for each span what it counts towards. Resolved once for each sender and kept. */
export class SiteResolver {
  readonly stationCells = new CellTable<StationCell>(STATION_CELLS_MAX, stationOwners);
  readonly edgeCells = new CellTable<EdgeCell>(EDGE_CELLS_MAX, edgeOwners);
  readonly #topology: Topology;
  readonly #operations = new Map<number, Map<string, OperationInfo>>();
  readonly #peerByKey = new Map<string, Peer>();
  /** Who answered behind peers in an earlier life; taken up when they are called again. */
  readonly #answeredBefore = new Map<string, readonly number[]>();
  /** How each operation was last told to be used. */
  readonly #usesTold = new Map<OperationInfo, string>();
  readonly #counters = new Map<EntityId, RequestCounter[]>();
  /** Spans whose operation did not fit, by service. */
  readonly overflowed = new Map<number, number>();
  callsOverflowed = 0;
  peersOverflowed = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  site(sender: Sender, span: Span, nowMs: number): Site {
    switch (span.kind) {
      case SPAN_KIND.server:
      case SPAN_KIND.consumer:
        return this.#station(sender, span, nowMs);
      case SPAN_KIND.client:
      case SPAN_KIND.producer:
        return this.#call(sender, span) ?? this.#internal(sender, span.name);
      default:
        return this.#internal(sender, span.name);
    }
  }

  #station(sender: Sender, span: Span, nowMs: number): StationSite {
    const parts = servedOperation(span.attributes, span.name, span.kind);
    const { verb, route } = parts;
    const known = sender.stations.get(verb)?.get(route);
    if (known !== undefined) return known;
    const name = operationText(parts);
    const isFull = sender.stationsKept >= STATIONS_PER_SENDER_MAX;
    const wanted = isFull ? OVERFLOW_OPERATION : name;
    const heard: Heard = { seenMs: Math.min(span.startMs, nowMs), nowMs };
    const operation = this.operation(sender.service, wanted, heard);
    if (operation.name === name) {
      const site = this.#keepStation(sender, operation, { verb, route });
      if (span.kind === SPAN_KIND.consumer) site.queue = this.#queue(span, heard);
      return site;
    }
    this.overflowed.set(sender.service, (this.overflowed.get(sender.service) ?? 0) + 1);
    const overflow = sender.stations.get("")?.get(OVERFLOW_OPERATION);
    if (overflow !== undefined) return overflow;
    return this.#keepStation(sender, operation, { verb: "", route: OVERFLOW_OPERATION });
  }

  #queue(span: Span, heard: Heard): number | undefined {
    const identity = queueOf(span.attributes);
    return identity === undefined ? undefined : this.#topology.entities.claim(identity, heard);
  }

  #keepStation(
    sender: Sender,
    operation: OperationInfo,
    key: { readonly verb: string; readonly route: string },
  ): StationSite {
    const rest = { cell: -1, lastBucket: 0, queue: undefined };
    const site: StationSite = { type: "station", sender, operation, ...rest };
    nested(sender.stations, key.verb).set(key.route, site);
    sender.stationsKept += 1;
    return site;
  }

  /** The operation of that name, or the service's overflow operation when it has too many. */
  operation(service: number, name: string, heard: Heard): OperationInfo {
    const operations = this.#operations.get(service) ?? new Map<string, OperationInfo>();
    this.#operations.set(service, operations);
    const known = operations.get(name);
    if (known !== undefined) return known;
    const full = `${this.#topology.name(service)} ${name}`;
    const isWatched = this.#counters.has(entityId("operation", full));
    const fits = operations.size < OPERATIONS_PER_SERVICE_MAX || isWatched;
    if (!fits && name !== OVERFLOW_OPERATION) {
      return this.operation(service, OVERFLOW_OPERATION, heard);
    }
    const operation = this.#createOperation(service, name, heard);
    operations.set(name, operation);
    return operation;
  }

  #createOperation(service: number, name: string, heard: Heard): OperationInfo {
    const serviceName = this.#topology.name(service);
    const full = `${serviceName} ${name}`;
    const claimed = this.#topology.entities.claim(
      { type: "operation", key: `${this.#topology.id(service)}\n${name}`, names: [full] },
      heard,
    );
    // Without room for one more entity it is counted, but only under its service's name.
    const index = claimed ?? service;
    const id = this.#topology.id(index);
    if (claimed !== undefined) {
      this.#topology.entities.describe(index, { service: serviceName }, heard.nowMs);
    }
    const counters = this.#counters.get(id) ?? [];
    return {
      index,
      id,
      name,
      service,
      isWatched: counters.length > 0,
      served: 0,
      entered: 0,
      orphans: 0,
      isExposed: claimed === undefined,
      counters: [...counters],
    };
  }

  /** Lets a counter hear of each request of an operation, also when that is first seen later. */
  watch(operation: EntityId, counters: readonly RequestCounter[]): void {
    if (counters.length === 0) this.#counters.delete(operation);
    else this.#counters.set(operation, [...counters]);
    for (const operations of this.#operations.values()) {
      for (const info of operations.values()) {
        if (info.id !== operation) continue;
        info.counters.splice(0, info.counters.length, ...counters);
        info.isWatched = counters.length > 0;
      }
    }
  }

  #call(sender: Sender, span: Span): CallSite | undefined {
    const path = callPath(span);
    const known = findCall(sender, path);
    if (known !== undefined) return known;
    const caller = this.#topology.name(sender.service);
    const named = peerOf(span.attributes, span.kind, caller);
    const isAsync = span.kind === SPAN_KIND.producer;
    const name = callName(span);
    // One that does not say where it goes is its caller's own work, until somebody answers such a call.
    const isFull = sender.callsKept >= CALLS_PER_SENDER_MAX || this.#peerByKey.size >= PEERS_MAX;
    if (named === undefined && (isFull || isAsync)) return undefined;
    const identity = named ?? unnamedPeer(caller, name);
    if (sender.callsKept < CALLS_PER_SENDER_MAX) {
      const call = { identity, isAsync, name };
      return keepCall(sender, path, this.#createCall(sender, call));
    }
    this.callsOverflowed += 1;
    const other = { ...path, part: "", what: OVERFLOW_CALL };
    const shared = findCall(sender, other);
    if (shared !== undefined) return shared;
    if (sender.callsKept < CALLS_PER_SENDER_MAX + CALLED_PLACES_MAX) {
      const call = { identity, isAsync, name: OVERFLOW_CALL };
      return keepCall(sender, other, this.#createCall(sender, call));
    }
    const rest = { identity: OTHER_PEER, isAsync: false, name: OVERFLOW_CALL };
    sender.restOfCalls ??= this.#createCall(sender, rest);
    return sender.restOfCalls;
  }

  #createCall(
    sender: Sender,
    call: {
      readonly identity: PeerIdentity;
      readonly isAsync: boolean;
      readonly name: string;
    },
  ): CallSite {
    const { name, isAsync } = call;
    const peer = this.#peer(call.identity);
    const cells = { cells: [], byAnswer: new Map(), soleAnswer: "", lastBucket: 0 };
    return { type: "call", sender, peer, name, isAsync, ...cells };
  }

  #peer(identity: PeerIdentity): Peer {
    const key = `${identity.type}\n${identity.key}`;
    const known = this.#peerByKey.get(key);
    if (known !== undefined) return known;
    const isFull = this.#peerByKey.size >= PEERS_MAX;
    if (!isFull) return this.#keepPeer(identity, key);
    this.peersOverflowed += 1;
    const other = `external\n${OTHER_PEER.key}`;
    return this.#peerByKey.get(other) ?? this.#keepPeer(OTHER_PEER, other);
  }

  #keepPeer(identity: PeerIdentity, key: string): Peer {
    const before = this.#answeredBefore.get(key) ?? [];
    this.#answeredBefore.delete(key);
    const answered = new Map(before.map((service) => [service, 1]));
    const peer: Peer = { key, identity, outside: undefined, answered };
    this.#peerByKey.set(key, peer);
    return peer;
  }

  /** Operations whose use changed since the last call: requests enter by them, or do no more. */
  takeChangedUses(): OperationInfo[] {
    const changed: OperationInfo[] = [];
    for (const operations of this.#operations.values()) {
      for (const operation of operations.values()) {
        const use = useOf(operation);
        if (use === (this.#usesTold.get(operation) ?? useOf(UNUSED))) continue;
        this.#usesTold.set(operation, use);
        changed.push(operation);
      }
    }
    return changed;
  }

  *operations(): Generator<OperationInfo> {
    for (const operations of this.#operations.values()) yield* operations.values();
  }

  /** Services behind each peer, as far as any is known. */
  *answered(): Generator<readonly [peer: string, services: readonly number[]]> {
    yield* this.#answeredBefore;
    for (const { key, answered } of this.#peerByKey.values()) {
      if (answered.size > 0) yield [key, [...answered.keys()]];
    }
  }

  /** Who answered behind a peer in an earlier life. */
  learnPeer(key: string, services: readonly number[]): void {
    if (this.#answeredBefore.size < PEERS_MAX || this.#answeredBefore.has(key))
      this.#answeredBefore.set(key, services);
  }

  /** How an operation was used in an earlier life. */
  learnOperation(
    service: number,
    name: string,
    used: Pick<OperationInfo, "served" | "entered" | "orphans">,
  ): void {
    const id = entityId("operation", `${this.#topology.name(service)} ${name}`);
    const index = this.#topology.entities.indexOf(id);
    if (index === undefined) return;
    // It was seen then: nothing about it is new.
    const seenMs = this.#topology.entities.record(index)?.firstSeenMs ?? 0;
    const operation = this.operation(service, name, { seenMs, nowMs: seenMs });
    operation.served = used.served;
    operation.entered = used.entered;
    operation.orphans = used.orphans;
    this.#usesTold.set(operation, useOf(operation));
  }

  #internal(sender: Sender, name: string): InternalSite {
    const known = sender.internals.get(name);
    if (known !== undefined) return known;
    const site: InternalSite = {
      type: "internal",
      sender,
      name: boundedName(name, INTERNAL_NAME_MAX),
    };
    if (sender.internalsKept < INTERNALS_PER_SENDER_MAX) {
      sender.internalsKept += 1;
      sender.internals.set(name, site);
    }
    return site;
  }
}

const UNUSED = { served: 0, entered: 0, orphans: 0 };

/** By whom it is called, as far as that decides anything. */
const useOf = (operation: Pick<OperationInfo, "served" | "entered" | "orphans">): string =>
  `${isCalledFromOutside(operation)}${isMostlyEntered(operation)}`;

function findCall(sender: Sender, path: CallPath): CallSite | undefined {
  return sender.calls.get(path.place)?.get(path.port)?.get(path.part)?.get(path.what);
}

function keepCall(sender: Sender, path: CallPath, site: CallSite): CallSite {
  const ports = nested(sender.calls, path.place);
  nested(nested(ports, path.port), path.part).set(path.what, site);
  sender.callsKept += 1;
  return site;
}
