import type { EntityId } from "../entity.ts";
import type { TraceProgram } from "./trace-program.ts";

/**
 * The system around a question as plain numbers: no view, no names to resolve, nothing but data that can be posted to a
 * worker. Stations, hosts and links are told apart by their place in these arrays.
 */
export interface Problem {
  readonly stations: readonly Station[];
  readonly hosts: readonly HostCapacity[];
  readonly links: readonly Link[];
  readonly entries: readonly EntryLoad[];
  readonly places: readonly Place[];
  /** Lengths of history in which everything was measured, oldest first. */
  readonly slices: readonly Slice[];
  /** Exemplar traces, each with the slice in which it was seen. */
  readonly program: TraceProgram;
  readonly horizonMs: number;
  readonly seed: number;
}

/** `healthy`: before the trouble; `now`: as it is. Without trouble all is `now`. `between`: neither. */
export type Regime = "healthy" | "now" | "between";

export interface Slice {
  readonly fromMs: number;
  readonly toMs: number;
  readonly regime: Regime;
}

/** A place in which requests are worked on: a service, or what is called and tells nothing of itself. */
export interface Station {
  readonly id: EntityId;
  readonly type: "service" | "store";
  /** The host of each replica; -1: not known. */
  readonly replicas: readonly number[];
  /** Most cores that one replica can use; undefined: not known. */
  readonly cores?: number;
  /** Requests that one replica holds at once. */
  readonly workers?: number;
  /** What a worker is held for: the whole request with its calls, or only the station's own work. */
  readonly held: "request" | "work";
  /** Requests a second now. */
  readonly rate: number;
  /** By slice: requests a second; NaN: not measured. */
  readonly rates: Float64Array;
  /** By slice: cores in use by all replicas; NaN: not measured. */
  readonly cpu: Float64Array;
  /** By slice: mean own time over the whole history's mean of the same operations; NaN: nothing was seen. */
  readonly relative: Float64Array;
  /** Requests behind each of `relative`. */
  readonly counts: Float64Array;
  /** Mean own time over the whole history, milliseconds. */
  readonly selfMs: number;
}

export interface HostCapacity {
  readonly id: EntityId;
  readonly cores?: number;
  /** By slice: cores in use by what is not a station here; NaN: not measured. */
  readonly background: Float64Array;
}

export interface Link {
  readonly from: number;
  readonly to: number;
  /** The caller gives up an attempt after this long. */
  readonly timeoutMs?: number;
  /** Further attempts after a failed one. */
  readonly retries?: number;
  readonly backoffMs: number;
  /** Connections of one replica of the caller. */
  readonly pool?: number;
  /** Share of failed calls (after all attempts) that fail the caller's request. */
  readonly fatal: number;
}

/** What requests of one place came to in one part of the history. */
export interface Observed {
  /** Of these so many are in the sketches that quantiles come from. */
  readonly requests: number;
  readonly sampled: number;
  readonly errorRatio: number;
  /** Share of requests above the place's `slowMs`. */
  readonly slowRatio: number;
  /** Milliseconds. */
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Standard deviation of the logarithm of each times the root of the number of requests that it comes from. */
  readonly noise: Readonly<Record<"mean" | "p50" | "p95" | "p99", number>>;
  /** All requests are counted somewhere, with their mean time. */
  readonly isCounted: boolean;
}

/** What an answer is about: requests of one operation, or all that a service serves. */
export interface Place {
  readonly id: EntityId;
  readonly station: number;
  readonly isOperation: boolean;
  readonly isEntry: boolean;
  readonly slowMs: number;
  readonly now?: Observed;
  readonly healthy?: Observed;
}

/** Requests that enter at one operation. */
export interface EntryLoad {
  readonly operation: EntityId;
  /** A second, now. */
  readonly rate: number;
  /** By slice. */
  readonly rates: Float64Array;
}
