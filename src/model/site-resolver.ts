import { boundedName } from "./attribute-text.ts";
import { type AttributeValue, type EntityId, entityId } from "./entity.ts";
import {
  OVERFLOW_CALL,
  OVERFLOW_OPERATION,
  operationText,
  queryName,
  queryText,
  servedOperation,
} from "./operation-name.ts";
import { type PeerIdentity, peerOf, queueOf } from "./peer.ts";
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
import type { Heard, Topology } from "./topology.ts";

/** Limit: operations of one service; further ones count as `/{unknown}`. */
export const OPERATIONS_PER_SERVICE_MAX = 200;
/** Limit: what one sender calls, by place and name; further ones count as `{other}` at the same place. */
const CALLS_PER_SENDER_MAX = 500;
/** Limit: other ends of calls; further ones share one unnamed external. */
const PEERS_MAX = 10_000;
/** Limit: names of internal spans kept for one sender; they are only shown in traces. */
const INTERNALS_PER_SENDER_MAX = 500;
const INTERNAL_NAME_MAX = 120;

const OTHER_PEER: PeerIdentity = {
  type: "external",
  key: "{other}",
  names: ["{other}"],
  address: "",
  service: "",
  system: "",
};

/** The inner map of a key, made when it is missing. */
function nested<Inner>(map: Map<string, Map<string, Inner>>, key: string): Map<string, Inner> {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, Inner>();
  map.set(key, made);
  return made;
}

const asText = (value: AttributeValue | undefined): string =>
  value === undefined ? "" : typeof value === "string" ? value : String(value);

/** Finds for each span what it counts towards. Resolved once for each sender and kept. */
export class SiteResolver {
  readonly stationCells: StationCell[] = [];
  readonly edgeCells: EdgeCell[] = [];
  readonly peers: Peer[] = [];
  readonly #topology: Topology;
  readonly #operations = new Map<number, Map<string, OperationInfo>>();
  readonly #peerByKey = new Map<string, Peer>();
  readonly #counters = new Map<EntityId, RequestCounter[]>();
  /** Spans whose operation did not fit, by service. */
  readonly overflowed = new Map<number, number>();
  callsOverflowed = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  site(sender: Sender, span: Span, heard: Heard): Site {
    switch (span.kind) {
      case SPAN_KIND.server:
      case SPAN_KIND.consumer:
        return this.#station(sender, span, heard);
      case SPAN_KIND.client:
      case SPAN_KIND.producer:
        return this.#call(sender, span) ?? this.#internal(sender, span.name);
      default:
        return this.#internal(sender, span.name);
    }
  }

  #station(sender: Sender, span: Span, heard: Heard): StationSite {
    const parts = servedOperation(span.attributes, span.name, span.kind);
    const { verb, route } = parts;
    const known = sender.stations.get(verb)?.get(route);
    if (known !== undefined) return known;
    const name = operationText(parts);
    const operation = this.operation(sender.service, name, heard);
    if (operation.name === name) {
      if (span.kind === SPAN_KIND.consumer) this.#consume(sender, span, heard);
      return this.#keepStation(sender, operation, { verb, route });
    }
    this.overflowed.set(sender.service, (this.overflowed.get(sender.service) ?? 0) + 1);
    const overflow = sender.stations.get("")?.get(OVERFLOW_OPERATION);
    if (overflow !== undefined) return overflow;
    return this.#keepStation(sender, operation, { verb: "", route: OVERFLOW_OPERATION });
  }

  #consume(sender: Sender, span: Span, heard: Heard): void {
    const identity = queueOf(span.attributes);
    if (identity === undefined) return;
    const queue = this.#topology.entities.claim(identity, heard.seenMs);
    if (queue !== undefined)
      this.#topology.hold("consumes", [sender.service, queue], heard, "span");
  }

  #keepStation(
    sender: Sender,
    operation: OperationInfo,
    key: { readonly verb: string; readonly route: string },
  ): StationSite {
    const site: StationSite = {
      type: "station",
      sender,
      operation,
      cell: this.stationCells.length,
    };
    this.stationCells.push({ operation, sender });
    nested(sender.stations, key.verb).set(key.route, site);
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
      { type: "operation", key: `${service}|${name}`, names: [full] },
      heard.seenMs,
    );
    // Without room for one more entity it is counted, but only under its service's name.
    const index = claimed ?? service;
    const id = this.#topology.id(index);
    if (claimed !== undefined) {
      this.#topology.entities.describe(index, { service: serviceName });
      this.#topology.hold("exposes", [service, index], heard, "operation");
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
      counters: [...counters],
    };
  }

  /** Lets a counter hear of each request of an operation, also when that is first seen later. */
  watch(operation: EntityId, counters: readonly RequestCounter[]): void {
    this.#counters.set(operation, [...counters]);
    for (const operations of this.#operations.values()) {
      for (const info of operations.values()) {
        if (info.id !== operation) continue;
        info.counters.splice(0, info.counters.length, ...counters);
        info.isWatched = counters.length > 0;
      }
    }
  }

  #call(sender: Sender, span: Span): CallSite | undefined {
    const { attributes } = span;
    const path: CallPath = {
      place: asText(attributes["server.address"] ?? attributes["net.peer.name"]),
      port: asText(attributes["server.port"] ?? attributes["net.peer.port"]),
      part: callPart(span),
      what: callWhat(span),
    };
    const known = findCall(sender, path);
    if (known !== undefined) return known;
    const identity = peerOf(attributes, span.kind, this.#topology.name(sender.service));
    if (identity === undefined) return undefined;
    if (sender.callsKept < CALLS_PER_SENDER_MAX) {
      return this.#keepCall(sender, path, { span, identity, name: callName(span) });
    }
    this.callsOverflowed += 1;
    const other = { ...path, part: "", what: OVERFLOW_CALL };
    const shared = findCall(sender, other);
    return shared ?? this.#keepCall(sender, other, { span, identity, name: OVERFLOW_CALL });
  }

  #keepCall(
    sender: Sender,
    path: CallPath,
    call: { readonly span: Span; readonly identity: PeerIdentity; readonly name: string },
  ): CallSite {
    const site: CallSite = {
      type: "call",
      sender,
      peer: this.#peer(call.identity),
      name: call.name,
      isAsync: call.span.kind === SPAN_KIND.producer,
      cells: [],
      soleAnswer: "",
    };
    // Beyond twice the limit a site is made anew for each span: slow, but bounded.
    if (sender.callsKept < 2 * CALLS_PER_SENDER_MAX) {
      sender.callsKept += 1;
      const ports = nested(sender.calls, path.place);
      nested(nested(ports, path.port), path.part).set(path.what, site);
    }
    return site;
  }

  #peer(identity: PeerIdentity): Peer {
    const key = `${identity.type}|${identity.key}`;
    const known = this.#peerByKey.get(key);
    if (known !== undefined) return known;
    if (this.peers.length >= PEERS_MAX)
      return this.#keepPeer(OTHER_PEER, `external|${OTHER_PEER.key}`);
    return this.#keepPeer(identity, key);
  }

  #keepPeer(identity: PeerIdentity, key: string): Peer {
    const known = this.#peerByKey.get(key);
    if (known !== undefined) return known;
    const peer: Peer = { identity, outside: undefined, answered: new Map() };
    this.peers.push(peer);
    this.#peerByKey.set(key, peer);
    return peer;
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

interface CallPath {
  readonly place: string;
  readonly port: string;
  readonly part: string;
  readonly what: string;
}

function findCall(sender: Sender, path: CallPath): CallSite | undefined {
  return sender.calls.get(path.place)?.get(path.port)?.get(path.part)?.get(path.what);
}

/** What parts calls to one place: method, destination or namespace. */
function callPart({ attributes, kind }: Span): string {
  const part =
    attributes["http.request.method"] ??
    attributes["http.method"] ??
    attributes["db.namespace"] ??
    attributes["db.name"] ??
    attributes["messaging.destination.name"] ??
    attributes["peer.service"];
  if (part !== undefined) return asText(part);
  return kind === SPAN_KIND.producer ? "producer" : "";
}

/** A text that stands for what is called, as the span has it. */
function callWhat(span: Span): string {
  const query = queryText(span.attributes);
  if (query !== "") return query;
  const template = span.attributes["url.template"];
  return typeof template === "string" ? template : span.name;
}

/** What is called, as the caller names it; a service's own server span names it better. */
function callName(span: Span): string {
  const { attributes } = span;
  if (attributes["db.system.name"] !== undefined || attributes["db.system"] !== undefined) {
    return queryName(attributes, span.name);
  }
  const method = asText(attributes["http.request.method"] ?? attributes["http.method"]);
  if (method !== "") {
    const template = asText(attributes["url.template"]);
    return boundedName(template === "" ? method : `${method} ${template}`, INTERNAL_NAME_MAX);
  }
  const rpc = asText(attributes["rpc.method"]);
  if (rpc !== "") {
    const service = asText(attributes["rpc.service"]);
    return boundedName(service === "" ? rpc : `${service}/${rpc}`, INTERNAL_NAME_MAX);
  }
  return boundedName(span.name, INTERNAL_NAME_MAX);
}
