import { boundedName, numberOf, textOf } from "./attribute-text.ts";
import type { Attributes } from "./entity.ts";
import { RecentIds } from "./recent-ids.ts";
import { SPAN_KIND, type Span, STATUS } from "./signal.ts";
import type { Site } from "./site.ts";
import { linkTrace, type OpenTrace, type SpanNode } from "./span-node.ts";

/** Limit: spans held for assembly; further ones are counted, but their traces are not put together. */
const ASSEMBLED_SPANS_MAX = 300_000;
/** Limit: spans of one trace that are put together. */
const SPANS_PER_TRACE_MAX = 2_000;
/** A trace whose root does not come is given up after this long without a new span: as long as patient callers wait. */
const TRACE_IDLE_MS = 30_000;
/** … and in any case after this long. */
const TRACE_AGE_MS = 60_000;
/** Its buckets are long closed: whatever it still waits for was lost. */
const ABANDONED_MS = 5 * 60_000;
/** A request that was read is remembered for so long, for what still comes of it. Limit: as many as traces can be. */
const FINISHED = { periodMs: TRACE_AGE_MS, max: 100_000 };

const ERROR_TYPE_MAX = 80;
const NAME_MAX = 120;
/** The callee answered, and said that the caller asked wrongly: no fault of the link. Not 408 and 429. */
const isCallersFault = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 429;

const statusOf = (attributes: Attributes): number =>
  numberOf(attributes, "http.response.status_code", "http.status_code");

function failed(span: Span): boolean {
  if (span.kind === SPAN_KIND.server) {
    return span.status === STATUS.error || statusOf(span.attributes) >= 500;
  }
  if (span.status !== STATUS.error) return false;
  return span.kind !== SPAN_KIND.client || !isCallersFault(statusOf(span.attributes));
}

function errorTypeOf(span: Span): string {
  const told = textOf(span.attributes, "error.type", "exception.type");
  if (told !== "") return boundedName(told, ERROR_TYPE_MAX);
  const status = statusOf(span.attributes);
  if (status >= 400) return String(status);
  return boundedName(span.statusMessage || "error", ERROR_TYPE_MAX);
}

function createNode(span: Span, site: Site, trace: OpenTrace | undefined): SpanNode {
  const error = failed(span);
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    kind: span.kind,
    startMs: span.startMs,
    endMs: Math.max(span.startMs, span.endMs),
    error,
    errorType: error ? errorTypeOf(span) : "",
    name: site.type === "internal" ? site.name : boundedName(span.name, NAME_MAX),
    hasLinks: span.links !== undefined && span.links.length > 0,
    site,
    trace,
    parent: undefined,
    children: undefined,
    callee: -1,
    answer: undefined,
    isRetry: false,
    caller: "unknown",
    shiftMs: 0,
    criticalMs: 0,
  };
}

/** Traces that are being put together. */
export class OpenTraces {
  readonly #traces = new Map<string, OpenTrace>();
  readonly #finished = new RecentIds(FINISHED);
  #held = 0;
  /** Spans that were counted without their trace, for want of room. */
  unassembled = 0;

  get held(): number {
    return this.#held;
  }

  get size(): number {
    return this.#traces.size;
  }

  /** A node that belongs to no trace: of a span that came too late to be put together with others. */
  unheld(span: Span, site: Site): SpanNode {
    return createNode(span, site, undefined);
  }

  /** A node for the span; undefined when it was delivered before. */
  admit(span: Span, site: Site, nowMs: number): SpanNode | undefined {
    const known = this.#traces.get(span.traceId);
    if (known?.nodes.has(span.spanId) === true) return undefined;
    const crowded = known !== undefined && known.nodes.size >= SPANS_PER_TRACE_MAX;
    if (crowded || this.#held >= ASSEMBLED_SPANS_MAX) {
      this.unassembled += 1;
      return createNode(span, site, undefined);
    }
    const trace = known ?? this.#open(span.traceId, nowMs);
    const node = createNode(span, site, trace);
    trace.nodes.set(span.spanId, node);
    if (span.parentSpanId !== "") trace.unlinked.push(node);
    if (node.error && site.type === "call") trace.hasFailedCall = true;
    trace.pending += 1;
    trace.lastMs = Math.max(trace.lastMs, nowMs);
    this.#held += 1;
    return node;
  }

  #open(traceId: string, nowMs: number): OpenTrace {
    const trace: OpenTrace = {
      traceId,
      nodes: new Map(),
      unlinked: [],
      pending: 0,
      hasTop: false,
      isStraggler: this.#finished.has(traceId),
      hasFailedCall: false,
      firstMs: nowMs,
      lastMs: nowMs,
    };
    this.#traces.set(traceId, trace);
    return trace;
  }

  /** Says that the node's bucket is closed; the last one of a trace that has been read lets go of it. */
  settle(node: SpanNode, nowMs: number): void {
    const { trace } = node;
    if (trace === undefined) return;
    trace.pending -= 1;
    if (trace.pending > 0 || !trace.hasTop) return;
    this.#release(trace);
    this.#finished.add(trace.traceId, nowMs);
  }

  #release(trace: OpenTrace): void {
    if (!this.#traces.delete(trace.traceId)) return;
    this.#held -= trace.nodes.size;
  }

  /** Lets go of traces whose root never came. Their served spans were called by somebody who never showed. */
  expire(nowMs: number): void {
    for (const trace of this.#traces.values()) {
      if (trace.pending > 0 && nowMs - trace.lastMs < ABANDONED_MS) continue;
      const isIdle = nowMs - trace.lastMs > TRACE_IDLE_MS;
      if (!isIdle && nowMs - trace.firstMs <= TRACE_AGE_MS) continue;
      this.#release(trace);
      if (!trace.isStraggler) countOrphans(trace);
    }
  }
}

function countOrphans(trace: OpenTrace): void {
  linkTrace(trace);
  for (const node of trace.unlinked) {
    if (node.site.type === "station" && node.kind !== SPAN_KIND.consumer) {
      node.site.operation.orphans += 1;
    }
  }
}
