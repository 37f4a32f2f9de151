/** A system of services as plain data: what runs where, how requests are served, and who asks. Times are milliseconds. */
export interface SystemSpec {
  readonly name: string;
  readonly hosts: readonly HostSpec[];
  readonly services: readonly ServiceSpec[];
  readonly databases?: readonly DatabaseSpec[];
  readonly externals?: readonly ExternalSpec[];
  readonly queues?: readonly QueueSpec[];
  readonly flags?: readonly FlagSpec[];
  readonly load: readonly LoadSpec[];
  readonly network?: Partial<NetworkSpec>;
  /** Share of traces that are recorded, decided at the root. Default 1. */
  readonly traceSampling?: number;
}

/** A mean, varying by `DEFAULT_CV`; or with its own coefficient of variation. */
export type Timing =
  | number
  | { readonly ms: number; readonly cv?: number; readonly shape?: "lognormal" | "exponential" };

export interface HostSpec {
  readonly name: string;
  readonly zone: string;
  /** Shared by all instances on the host (processor sharing). */
  readonly cores: number;
  /** Its clock is this far ahead: all its spans are shifted. */
  readonly clockSkewMs?: number;
}

export interface ServiceSpec {
  readonly name: string;
  readonly version: string;
  /** One replica on each; a host may occur twice. */
  readonly hosts: readonly string[];
  readonly workers?: WorkersSpec;
  /** Most cores that one instance can use. Default: all of its host. */
  readonly cpuLimitCores?: number;
  readonly gc?: GcSpec;
  /** How callers choose among its instances. Default: round robin. */
  readonly balancing?: "round-robin" | "power-of-two";
  /** From the start of an instance until it serves. Default 2 s. */
  readonly startMs?: number;
  readonly operations: readonly OperationSpec[];
  /** How it calls each callee. */
  readonly links?: Readonly<Record<string, LinkSpec>>;
  readonly settings?: Readonly<Record<string, SettingSpec>>;
  /** What versions other than the first do differently. */
  readonly builds?: Readonly<Record<string, Behaviour>>;
}

/** Bounded places in one instance; who finds none waits in order of arrival. */
interface WorkersSpec {
  readonly count: number;
  /** A place is held for the whole request with its calls, or only while the service itself works. Default: request. */
  readonly held?: "request" | "work";
  /** The wait lies before the server span begins (an accept queue) or within it. Default: hidden; `work` is visible. */
  readonly wait?: "hidden" | "visible";
}

/** All work of an instance stops for a while, about every so many requests. */
interface GcSpec {
  readonly everyRequests: number;
  readonly pause: Timing;
}

export interface OperationSpec {
  /** `GET /product`, `process orders`, or an RPC method's name. */
  readonly name: string;
  /** CPU time of one request, spread evenly before, between and after its steps. */
  readonly cpu?: Timing;
  /** Time that it waits for what no telemetry shows, spread likewise. */
  readonly wait?: Timing;
  /** Share of requests that fail by themselves. */
  readonly errorShare?: number;
  /** One after another; the calls of one step begin together. */
  readonly steps?: readonly (readonly CallSpec[])[];
}

export interface CallSpec {
  /** A service, database, external or queue. */
  readonly to: string;
  /** Operation of a service, statement of a database, path of an external; "" for a queue. */
  readonly what: string;
  /** Share of requests that make the call. Default 1. */
  readonly share?: number;
  /** The connection stays taken for this long after the answer, and the request waits (a transaction held open). */
  readonly hold?: Timing;
}

/** One service's side of its calls to one callee. */
export interface LinkSpec {
  /** The caller gives up after this long; the callee works on. */
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** Wait before the first retry, doubled each time, with jitter. */
  readonly backoffMs?: number;
  /** Connections of one instance; who finds none waits in order. */
  readonly poolSize?: number;
  /** The wait for a connection lies in the client span, or before it. Default: before for a database, else in it. */
  readonly poolWait?: "in-span" | "before-span";
  /** A failed call does not fail the request. */
  readonly tolerant?: boolean;
  /** A call beyond the limit of concurrent ones is left out, or fails. Default: left out. */
  readonly onLimit?: "skip" | "fail";
  /** While a limit is in force the caller is this patient, tries once, and does without when it fails. */
  readonly limitedTimeoutMs?: number;
}

/** A named knob of a service, and what it turns. */
type SettingSpec =
  | { readonly controls: "nothing"; readonly value: string }
  | { readonly controls: "workers"; readonly value: string }
  | {
      readonly controls: "poolSize" | "timeoutMs" | "retries";
      readonly callee: string;
      readonly value: string;
    };

/** What a version or a flag's variant does differently. Factors multiply; shares add. */
export interface Behaviour {
  /** Only in these operations. Default: all. */
  readonly operations?: readonly string[];
  readonly cpuFactor?: number;
  readonly waitFactor?: number;
  readonly errorShare?: number;
  /** What it asks of a database or external takes this many times as long there. */
  readonly calleeFactor?: Readonly<Record<string, number>>;
  /** Made one after another at the end. */
  readonly extraCalls?: readonly CallSpec[];
  /** Callees that are not called any more. */
  readonly skips?: readonly string[];
}

export interface FlagSpec {
  readonly key: string;
  readonly service: string;
  /** The first is the one at the start. */
  readonly variants: Readonly<Record<string, Behaviour>>;
}

export interface DatabaseSpec {
  readonly name: string;
  readonly system?: string;
  readonly host: string;
  /** Queries worked on at the same time; the others wait in order. */
  readonly workers: number;
  readonly statements: Readonly<Record<string, StatementSpec>>;
}

export interface StatementSpec {
  readonly time: Timing;
  /** An exclusive lock on one of `rows`, taken for the time of the statement while a worker is held. */
  readonly lock?: { readonly table: string; readonly rows: number };
}

/** Something outside the telemetry. */
export interface ExternalSpec {
  readonly name: string;
  readonly time: Timing;
  /** Requests served at the same time. Default: without bound. */
  readonly slots?: number;
  readonly errorShare?: number;
}

export interface QueueSpec {
  readonly name: string;
  readonly system?: string;
  readonly consumer: { readonly service: string; readonly operation: string };
  /** Messages that one instance works on at the same time. */
  readonly perInstance: number;
  /** Broker's own time for a send and for a delivery. */
  readonly time?: Timing;
}

/** Open-loop Poisson arrivals at an entry operation. */
export interface LoadSpec {
  readonly service: string;
  readonly operation: string;
  readonly perSecond: number;
  /** A slow swing of the rate around its mean: `1 + amplitude · sin`. */
  readonly swing?: { readonly amplitude: number; readonly periodMs: number };
  /** The customer leaves after this long. Default 10 s. */
  readonly timeoutMs?: number;
}

/** One-way delays. */
export interface NetworkSpec {
  readonly sameHostMs: number;
  readonly sameZoneMs: number;
  readonly crossZoneMs: number;
  /** Coefficient of variation of each delay. */
  readonly jitterCv: number;
}
