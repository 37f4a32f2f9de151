import type { AttributeValue, EdgeId, Entity, EntityId, EntityType } from "./entity.ts";
import type { Step, Window } from "./quantity.ts";
import type { Relation, RelationType } from "./relation.ts";
import type { ChangeRecord } from "./signal.ts";
import type { Sketch } from "./sketch.ts";
import type { SliWindow, SloDefinition, SloStatus } from "./slo/slo.ts";

/** The finest step of columns in a view. Windows given to a view are widened to whole buckets. */
export const BUCKET_MS = 5_000;
/**
 * A bucket closes this long after its end, or up to 10 s after it while a sender's spans come later than that; what comes
 * still later is counted as late and dropped from columns.
 */
export const BUCKET_GRACE_MS = 2_500;

/**
 * An immutable picture of the system at one instant: it reads closed buckets only. Cheap to make, safe to keep for one
 * turn. Nothing in it depends on a clock.
 */
export interface WorldView {
  /** The instant asked for. */
  readonly asOfMs: number;
  /** End of the last closed bucket at or before `asOfMs`: windows end here. */
  readonly closedMs: number;
  /** Start of what is retained in steps of 5 s and was watched from its beginning; before this answers say so. */
  readonly retainedFromMs: number;
  /** What is retained in which steps, the finest first; `retainedFromMs` is the first one's. */
  readonly history: readonly Retention[];

  entity(id: EntityId): Entity | undefined;
  entities(filter?: { readonly type?: EntityType }): readonly Entity[];
  /** Finds an entity by id, `TYPE:NAME`, name or alias; else up to three near names. */
  resolve(text: string, types?: readonly EntityType[]): Resolution;
  relations(filter: {
    readonly type?: RelationType;
    readonly from?: EntityId;
    readonly to?: EntityId;
  }): readonly Relation[];

  /** Work done by each instance of each service for each operation (server and consumer spans); of one service, if asked. */
  stations(window: Window, of?: { readonly service?: EntityId }): readonly StationWindow[];
  /**
   * Each caller's side of each link, by caller and callee instance where known (client and producer spans); of one caller
   * or callee, if asked: in a large system that is much cheaper than all.
   */
  edges(
    window: Window,
    of?: { readonly caller?: EntityId; readonly callee?: EntityId },
  ): readonly EdgeWindow[];
  /** Entry operations: requests that enter the system, and where their time goes. */
  entries(window: Window): readonly EntryWindow[];

  /** Names of the metrics kept for an entity. */
  metrics(entity: EntityId): readonly MetricInfo[];
  series(query: {
    readonly entity: EntityId;
    readonly metric: string;
    readonly window: Window;
    /** Only series whose attributes contain these. */
    readonly attributes?: Readonly<Record<string, AttributeValue>>;
  }): readonly SeriesWindow[];

  logTemplates(window: Window, service?: EntityId): readonly LogTemplateWindow[];
  /** Changes whose time is in the window, oldest first, joined to entities. */
  changes(window: Window, entity?: EntityId): readonly Change[];
  /** Finished traces of the window, newest first. `uniform` is the only unbiased reservoir. */
  traces(query: TraceQuery): readonly Trace[];
  trace(traceId: string): Trace | undefined;

  slos(): readonly SloDefinition[];
  sli(sloId: string, window: Window): SliWindow;
  sloStatus(sloId: string): SloStatus | undefined;
  coverage(window: Window): Coverage;
  /** Parts of a window in which we were not there, or whose record was lost: that nothing is seen in them says nothing. */
  unwatched(window: Window): readonly Window[];
}

export interface Retention {
  readonly stepMs: Step;
  readonly fromMs: number;
}

export type Resolution =
  | { readonly ok: true; readonly entity: Entity }
  | { readonly ok: false; readonly didYouMean: readonly string[] };

/**
 * Steps of the length that the window asked for (5 s where it said nothing), aligned to it; index i covers
 * `[fromMs + i * stepMs, …)`. All arrays have the same length.
 */
export interface Buckets {
  readonly fromMs: number;
  readonly length: number;
  /** 5 s where nothing is said. In coarser steps instances are told apart no more, and quantiles are near, not exact. */
  readonly stepMs?: Step;
}

export interface StationWindow extends Buckets {
  readonly service: EntityId;
  readonly operation: EntityId;
  readonly instance?: EntityId;
  readonly host?: EntityId;
  readonly zone?: EntityId;
  readonly version?: string;
  readonly count: Float64Array;
  readonly errors: Float64Array;
  /** Errors that began here: no failing child span explains them. */
  readonly originErrors: Float64Array;
  /** Self time: duration minus the union of its children's. Only of spans whose trace was assembled (`selfCount`). */
  readonly selfMsSum: Float64Array;
  readonly selfCount: Float64Array;
  readonly durationMsSum: Float64Array;
  /** Over the whole window. */
  readonly duration: Sketch;
  readonly self: Sketch;
}

export interface EdgeWindow extends Buckets {
  readonly id: EdgeId;
  readonly caller: EntityId;
  readonly callee: EntityId;
  readonly calleeOperation: string;
  readonly callerInstance?: EntityId;
  readonly calleeInstance?: EntityId;
  readonly callerVersion?: string;
  readonly kind: "sync" | "async";
  readonly count: Float64Array;
  readonly errors: Float64Array;
  /** Errors where the callee itself reported none (refused, timed out, reset) or is outside the telemetry. */
  readonly originErrors: Float64Array;
  /** Client-side attempts that repeat one just failed in the same parent. */
  readonly retries: Float64Array;
  readonly durationMsSum: Float64Array;
  /** Client minus server duration where both are known; for a callee outside the telemetry it is the whole duration. */
  readonly gapMsSum: Float64Array;
  readonly gapCount: Float64Array;
  readonly duration: Sketch;
  readonly gap: Sketch;
}

export interface EntryWindow extends Buckets {
  readonly service: EntityId;
  readonly operation: EntityId;
  readonly count: Float64Array;
  readonly errors: Float64Array;
  readonly durationMsSum: Float64Array;
  readonly duration: Sketch;
  /**
   * Critical-path milliseconds per request, summed over the assembled requests of the window, by where they were spent:
   * a service's self time (EntityId) or a link's gap (EdgeId). `tracedCount` is the number of requests behind it.
   */
  readonly criticalMs: ReadonlyMap<EntityId | EdgeId, number>;
  /** Failed requests by where the deepest failure began. */
  readonly failedAt: ReadonlyMap<EntityId | EdgeId, number>;
  readonly tracedCount: number;
}

export interface MetricInfo {
  readonly metric: string;
  readonly unit: string;
  readonly kind: "gauge" | "rate" | "distribution";
}

/** One series in a window. `values[i]` is NaN where nothing was seen. Sums are per-second rates; histograms give means. */
export interface SeriesWindow {
  readonly entity: EntityId;
  readonly metric: string;
  readonly unit: string;
  readonly kind: "gauge" | "rate" | "distribution";
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly timesMs: Float64Array;
  readonly values: Float64Array;
  /** In coarser steps than 5 s, where `values` are means: the greatest value of each step. */
  readonly maxima?: Float64Array;
}

export interface LogTemplateWindow extends Buckets {
  readonly id: string;
  readonly service: EntityId;
  /** Masked text: ids, numbers and addresses replaced by `<…>`. Untrusted. */
  readonly template: string;
  readonly severity: number;
  readonly count: Float64Array;
  readonly firstSeenMs: number;
  /** Up to three redacted samples, each at most 200 characters. Untrusted. */
  readonly samples: readonly {
    readonly text: string;
    readonly traceId: string;
    readonly timeMs: number;
  }[];
}

export interface Change extends Omit<ChangeRecord, "entity"> {
  readonly entity?: EntityId;
  readonly entityText: string;
  /** `observed`: seen in the telemetry (a version's first span); `reported`: told by a webhook; `executor`: ours. */
  readonly origin: "observed" | "reported" | "executor";
}

export interface TraceQuery {
  readonly window: Window;
  /** Entry operation. */
  readonly operation?: EntityId;
  /** Touches this service, instance or link. */
  readonly through?: EntityId;
  readonly reservoir: "uniform" | "slow" | "error";
  readonly limit: number;
}

/** One assembled trace; spans in start order, `parent` is an index into `spans` or -1. */
export interface Trace {
  readonly traceId: string;
  readonly operation: EntityId;
  readonly startMs: number;
  readonly durationMs: number;
  readonly error: boolean;
  readonly spans: readonly TraceSpan[];
}

export interface TraceSpan {
  readonly spanId: string;
  readonly parent: number;
  readonly kind: "server" | "client" | "producer" | "consumer" | "internal";
  readonly service: EntityId;
  /** Server and consumer spans: the operation. Client spans: what was called. */
  readonly name: string;
  readonly operation?: EntityId;
  readonly callee?: EntityId;
  readonly instance?: EntityId;
  readonly version?: string;
  /** Milliseconds after the trace's start, skew-corrected. */
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly selfMs: number;
  readonly criticalMs: number;
  readonly error: boolean;
  readonly errorType: string;
}

/** What the model saw of a window, so that an answer can say what it could not see. */
export interface Coverage {
  /** Spans folded in, and spans known to be lost (dropped, late, limited). */
  readonly spans: number;
  readonly spansDropped: number;
  /** Share of requests whose trace was assembled whole. */
  readonly tracedRatio: number;
  /** Callees that appear only from the caller's side. */
  readonly unseenCallees: readonly EntityId[];
  /** Services with no telemetry in the last part of the window although they had some before. */
  readonly silentServices: readonly EntityId[];
  readonly lastSignalMs: number;
  /** Human-readable gaps, written by code. */
  readonly notes: readonly string[];
}
