import { firstText, identityText, textOf } from "./attribute-text.ts";
import type { Attributes } from "./entity.ts";
import { SPAN_KIND } from "./signal.ts";

const NAME_MAX = 160;
const SYSTEM_MAX = 60;

/** The other end of a client or producer span, as the caller names it. */
export interface PeerIdentity {
  readonly type: "database" | "cache" | "queue" | "external";
  readonly key: string;
  readonly names: readonly string[];
  /** Where the call went; "" when the span does not say. */
  readonly address: string;
  /** A service name that the caller states. */
  readonly service: string;
  readonly system: string;
}

/** Systems that answer from memory. */
const CACHES = new Set(["redis", "memcached", "valkey", "hazelcast", "aerospike", "coherence"]);
const LOOPBACK = /^(?:localhost|127\.|::1$|\[::1\])/;
const NUMERIC = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[\da-f]*:[\da-f:.]+\]?)$/i;

/** Stands for all other ends that are too many to be told apart. */
export const OTHER_PEER: PeerIdentity = {
  type: "external",
  key: "{other}",
  names: ["{other}"],
  address: "",
  service: "",
  system: "",
};

export const ADDRESS_KEYS = [
  "server.address",
  "net.peer.name",
  "net.sock.peer.addr",
  "network.peer.address",
];
export const PORT_KEYS = ["server.port", "net.peer.port", "network.peer.port"];

function addressOf(attributes: Attributes): string {
  return identityText(firstText(attributes, ADDRESS_KEYS), NAME_MAX).toLowerCase();
}

function database(attributes: Attributes, system: string): PeerIdentity {
  const address = addressOf(attributes);
  const port = firstText(attributes, PORT_KEYS);
  const namespace = identityText(textOf(attributes, "db.namespace", "db.name"), NAME_MAX);
  // A database on loopback keeps its name when it comes back on another port.
  const isLocal = LOOPBACK.test(address) && namespace !== "";
  const place = isLocal || port === "" ? address : `${address}:${port}`;
  const named = NUMERIC.test(address) || LOOPBACK.test(address) ? "" : address;
  const isCache = CACHES.has(system);
  return {
    type: isCache ? "cache" : "database",
    key: `${system}\n${place}\n${isCache ? "" : namespace}`,
    // A cache's namespace is a number: its address says more.
    names: isCache
      ? [named, system, `${system}@${place}`]
      : [namespace, named, system, `${namespace || system}@${place}`],
    address,
    service: "",
    system,
  };
}

function queue(attributes: Attributes, system: string, destination: string): PeerIdentity {
  return {
    type: "queue",
    key: `${system}\n${destination}`,
    names: [destination, `${system}/${destination}`],
    address: addressOf(attributes),
    service: "",
    system,
  };
}

export function queueOf(attributes: Attributes): PeerIdentity | undefined {
  const destination = identityText(
    textOf(
      attributes,
      "messaging.destination.template",
      "messaging.destination.name",
      "messaging.destination",
    ),
    NAME_MAX,
  );
  const system = identityText(textOf(attributes, "messaging.system"), SYSTEM_MAX);
  return destination === "" ? undefined : queue(attributes, system, destination);
}

/** The other end of calls that do not say where they go: only who answers them tells, one kind of call from another. */
export function unnamedPeer(caller: string, call: string): PeerIdentity {
  return {
    type: "external",
    key: ["?", caller, call].join("\n"),
    names: [],
    address: "",
    service: "",
    system: "",
  };
}

export const isUnnamed = ({ names }: PeerIdentity): boolean => names.length === 0;

/** Undefined for a client span that says nothing of its other end. */
export function peerOf(
  attributes: Attributes,
  kind: number,
  caller: string,
): PeerIdentity | undefined {
  const system = identityText(textOf(attributes, "db.system.name", "db.system"), SYSTEM_MAX);
  if (system !== "") return database(attributes, system);
  const messaging = attributes["messaging.system"] !== undefined || kind === SPAN_KIND.producer;
  const topic = messaging ? queueOf(attributes) : undefined;
  if (topic !== undefined) return topic;
  const address = addressOf(attributes);
  const service = identityText(textOf(attributes, "peer.service"), NAME_MAX);
  if (address === "" && service === "") return undefined;
  const port = firstText(attributes, PORT_KEYS);
  const local = LOOPBACK.test(address);
  const place = port === "" || !(local || NUMERIC.test(address)) ? address : `${address}:${port}`;
  return {
    type: "external",
    // Loopback means another process on every host: only for one caller is it one place.
    key: [local ? caller : "", address, port, service].join("\n"),
    names: [service || place, `${address}:${port}`],
    address,
    service,
    system: identityText(textOf(attributes, "rpc.system"), SYSTEM_MAX) || "http",
  };
}

/** The names under which a service may be known that answers at an address: the whole, and its first label. */
export function addressNames(address: string): readonly string[] {
  if (address === "" || NUMERIC.test(address) || LOOPBACK.test(address)) return [];
  const dot = address.indexOf(".");
  return dot > 0 ? [address, address.slice(0, dot)] : [address];
}
