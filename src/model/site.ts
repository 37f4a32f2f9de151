import type { Attributes, EntityId } from "./entity.ts";
import type { PeerIdentity } from "./peer.ts";
import type { HeldRelation } from "./relation-store.ts";

/** Anything that wants to hear of each request of an operation as it arrives. */
export interface RequestCounter {
  count(endMs: number, failed: boolean, durationMs: number): void;
}

/** One operation of one service. */
export interface OperationInfo {
  /** Its entity; the service's own where there was no room for one more. */
  readonly index: number;
  readonly id: EntityId;
  readonly name: string;
  readonly service: number;
  /** An objective is set on it: it counts as an entry whoever calls it. */
  isWatched: boolean;
  /** Recent spans served, those that nothing inside the system called, and those whose caller never showed. */
  served: number;
  entered: number;
  orphans: number;
  /** That its service exposes it is recorded. */
  isExposed: boolean;
  readonly counters: RequestCounter[];
}

/** Call sites under four texts that a span holds ready, so that none has to be put together for a look-up. */
type CallTree = Map<string, Map<string, Map<string, Map<string, CallSite>>>>;

/** A sender of telemetry: one version of one instance of a service. Everything about it is resolved once. */
export interface Sender {
  readonly key: string;
  readonly service: number;
  readonly serviceId: EntityId;
  readonly instance: number | undefined;
  readonly instanceId: EntityId | undefined;
  readonly hostId: EntityId | undefined;
  readonly zoneId: EntityId | undefined;
  readonly host: number | undefined;
  readonly zone: number | undefined;
  readonly version: string;
  readonly pods: readonly string[];
  deployment: number | undefined;
  /** Let go of after a long silence: its resource, heard again, makes a new one. */
  isForgotten: boolean;
  firstSeenMs: number;
  lastHeardMs: number;
  /** Since when its relations wait to be recorded. */
  dueMs: number | undefined;
  /** How it describes its service and instance, until that is recorded. */
  says: { readonly service: Attributes; readonly instance: Attributes } | undefined;
  readonly relations: HeldRelation[];
  /** By verb, then route. */
  readonly stations: Map<string, Map<string, StationSite>>;
  stationsKept: number;
  /** By address, port, method or namespace, and what is called. */
  readonly calls: CallTree;
  callsKept: number;
  /** All that is called beyond the limits. */
  restOfCalls: CallSite | undefined;
  readonly internals: Map<string, InternalSite>;
  internalsKept: number;
  /** Spans of about the last minute. */
  recentSpans: number;
}

/** The other end of calls, and what was learned of it. */
export interface Peer {
  readonly key: string;
  readonly identity: PeerIdentity;
  /** The entity that calls resolve to when no server span says otherwise; made on first need. */
  outside: number | undefined;
  /** Services whose server spans answered calls to it, with how often. */
  readonly answered: Map<number, number>;
}

export interface StationSite {
  readonly type: "station";
  readonly sender: Sender;
  readonly operation: OperationInfo;
  /** Its row in station columns; -1 while it has none. */
  cell: number;
  /** The last closed bucket in which it had work. */
  lastBucket: number;
  /** What it consumes from, until that is recorded. */
  queue: number | undefined;
}

/** A row of edge columns that a call site counts in. */
export interface CallCell {
  readonly callee: number;
  readonly instance: number;
  readonly operation: string;
  readonly cell: number;
  lastBucket: number;
}

export interface CallSite {
  readonly type: "call";
  readonly sender: Sender;
  readonly peer: Peer;
  /** What is called, as the caller names it. */
  readonly name: string;
  readonly isAsync: boolean;
  /** By callee, callee instance and operation. */
  readonly cells: CallCell[];
  /** The cell of calls that a certain site answered, found once. */
  readonly byAnswer: Map<StationSite, CallCell>;
  /** The one operation that ever answered; "" while none did, "*" when there were several. */
  soleAnswer: string;
  lastBucket: number;
}

export interface InternalSite {
  readonly type: "internal";
  readonly sender: Sender;
  readonly name: string;
}

export type Site = StationSite | CallSite | InternalSite;

/** What a row of station columns stands for: told by names, so that it outlives whoever counts in it. */
export interface StationCell {
  readonly service: EntityId;
  readonly operation: EntityId;
  /** The operation's entity; the service's own where there was no room for one more. */
  readonly operationIndex: number;
  readonly instance: EntityId | undefined;
  readonly host: EntityId | undefined;
  readonly zone: EntityId | undefined;
  readonly version: string;
}

/** What a row of edge columns stands for. */
export interface EdgeCell {
  readonly caller: EntityId;
  readonly callerInstance: EntityId | undefined;
  readonly callerVersion: string;
  /** Entities, by index: what is outside may turn out to be a service. */
  readonly callee: number;
  readonly calleeInstance: number | undefined;
  readonly operation: string;
  readonly isAsync: boolean;
}
