import type { EntityId } from "./entity.ts";
import type { PeerIdentity } from "./peer.ts";
import type { HeldRelation } from "./relation-store.ts";

/** Anything that wants to hear of each request of an operation as it arrives. */
export interface RequestCounter {
  count(endMs: number, failed: boolean, durationMs: number): void;
}

/** One operation of one service. */
export interface OperationInfo {
  /** Its entity. */
  readonly index: number;
  readonly id: EntityId;
  readonly name: string;
  readonly service: number;
  /** An objective is set on it: it counts as an entry whoever calls it. */
  isWatched: boolean;
  /** Spans served, those that nothing inside the system called, and those whose caller never showed. */
  served: number;
  entered: number;
  orphans: number;
  readonly counters: RequestCounter[];
}

/** Call sites under four texts that a span holds ready, so that none has to be put together for a look-up. */
export type CallTree = Map<string, Map<string, Map<string, Map<string, CallSite>>>>;

/** A sender of telemetry: one version of one instance of a service. Everything about it is resolved once. */
export interface Sender {
  readonly index: number;
  readonly service: number;
  readonly serviceId: EntityId;
  readonly instance: number | undefined;
  readonly instanceId: EntityId | undefined;
  readonly hostId: EntityId | undefined;
  readonly zoneId: EntityId | undefined;
  readonly hostIndex: number | undefined;
  readonly version: string;
  readonly relations: HeldRelation[];
  /** By verb, then route. */
  readonly stations: Map<string, Map<string, StationSite>>;
  /** By address, port, method or namespace, and what is called. */
  readonly calls: CallTree;
  readonly internals: Map<string, InternalSite>;
  callsKept: number;
  internalsKept: number;
  spansLate: number;
}

/** The other end of calls, and what was learned of it. */
export interface Peer {
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
  readonly cell: number;
}

/** Cells of a call site by callee, callee instance and operation. */
export interface CallCell {
  readonly callee: number;
  readonly instance: number;
  readonly operation: string;
  readonly cell: number;
}

export interface CallSite {
  readonly type: "call";
  readonly sender: Sender;
  readonly peer: Peer;
  /** What is called, as the caller names it. */
  readonly name: string;
  readonly isAsync: boolean;
  readonly cells: CallCell[];
  /** The one operation that ever answered; "" while none did, "*" when there were several. */
  soleAnswer: string;
}

export interface InternalSite {
  readonly type: "internal";
  readonly sender: Sender;
  readonly name: string;
}

export type Site = StationSite | CallSite | InternalSite;

/** What a row of station columns stands for. */
export interface StationCell {
  readonly operation: OperationInfo;
  readonly sender: Sender;
}

/** What a row of edge columns stands for. */
export interface EdgeCell {
  readonly sender: Sender;
  readonly callee: number;
  readonly calleeInstance: number | undefined;
  readonly operation: string;
  readonly isAsync: boolean;
}
