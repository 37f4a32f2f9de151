import { Accumulator } from "./accumulator.ts";
import { CalleeResolver } from "./callee-resolver.ts";
import { callerOf, isEntered, isFromQueue, isTopOf } from "./callers.ts";
import type { CellColumns } from "./cell-columns.ts";
import { EdgeCells, noteAnswer } from "./edge-cells.ts";
import { EntryFold } from "./entry-fold.ts";
import type { EntryColumns } from "./frame.ts";
import { bucketOf } from "./open-buckets.ts";
import type { OpenTraces } from "./open-traces.ts";
import type { PlaceTable } from "./place-table.ts";
import type { HeldRelation } from "./relation-store.ts";
import { SPAN_KIND } from "./signal.ts";
import type { CallSite, OperationInfo, StationSite } from "./site.ts";
import type { SiteResolver } from "./site-resolver.ts";
import {
  answerOf,
  byStart,
  callsBelow,
  failuresOf,
  isCall,
  markRetries,
  SPAN_DEPTH_MAX,
  uncoveredMs,
} from "./span-facts.ts";
import { linkTrace, type OpenTrace, type SpanNode } from "./span-node.ts";
import { stationKey, stationOf } from "./station-cells.ts";
import type { Heard, Topology } from "./topology.ts";
import type { TraceBlock } from "./trace-block.ts";

/** Who calls an operation is judged by about this many of its last spans. */
const SERVED_REMEMBERED = 20_000;
/** Spans folded between two chances to pause. */
const SPANS_A_STEP = 250;

export interface FoldedBucket {
  readonly stations: CellColumns;
  readonly edges: CellColumns;
  readonly entries: readonly EntryColumns[];
  readonly exemplars: TraceBlock;
  readonly entryRequests: number;
  readonly traced: number;
}

/** Work that can be paused: each step yields about how many spans it dealt with. */
export type Steps<Result> = Generator<number, Result, undefined>;

/**
 * Turns the spans of one bucket into its columns when the bucket closes. Everything that needs other spans (own time,
 * gaps, retries, where a failure began, critical paths) is decided here, from all spans that have come by then: so the
 * order in which they came makes no difference.
 */
export class BucketFold {
  readonly callees: CalleeResolver;
  readonly #topology: Topology;
  readonly #resolver: SiteResolver;
  readonly #traces: OpenTraces;
  readonly #entryFold: EntryFold;
  readonly #edgeCells: EdgeCells;
  readonly #stations = new Accumulator();
  readonly #edges = new Accumulator();
  readonly #links = new Map<number, HeldRelation>();
  readonly #crowded = new Set<OperationInfo>();
  #heard: Heard = { seenMs: 0, nowMs: 0 };
  #bucket = 0;
  #entryRequests = 0;
  #traced = 0;

  constructor(options: {
    readonly topology: Topology;
    readonly resolver: SiteResolver;
    readonly traces: OpenTraces;
    readonly places: PlaceTable;
    readonly seed: number;
  }) {
    this.#topology = options.topology;
    this.#resolver = options.resolver;
    this.#traces = options.traces;
    this.callees = new CalleeResolver(options.topology);
    this.#edgeCells = new EdgeCells(options.resolver);
    this.#entryFold = new EntryFold({
      places: options.places,
      idOf: (entity) => this.#topology.id(entity),
      calleeOf: (call) => this.#calleeOf(call),
      seed: options.seed,
    });
  }

  /** `heard.seenMs` is the end of the bucket. */
  *fold(nodes: readonly SpanNode[], heard: Heard): Steps<FoldedBucket> {
    this.#heard = heard;
    this.#bucket = bucketOf(heard.seenMs - 1);
    this.#clear();
    yield* this.#prepare(nodes);
    yield* inSteps(nodes, (node) => {
      if (node.site.type === "station") this.#foldStation(node, node.site);
      else if (node.site.type === "call") this.#foldCall(node, node.site);
    });
    yield* inSteps(nodes, (node) => {
      if (node.site.type === "station") this.#readIfTop(node, node.site);
    });
    yield* inSteps(nodes, (node) => {
      this.#traces.settle(node, heard.nowMs);
    });
    this.#forgetOldCallers();
    yield SPANS_A_STEP;
    const stations = this.#stations.take();
    yield nodes.length / 20;
    const edges = this.#edges.take();
    yield nodes.length / 20;
    const entryRequests = this.#entryRequests;
    return { stations, edges, ...this.#entryFold.take(), entryRequests, traced: this.#traced };
  }

  /** A bucket whose fold was broken off leaves nothing behind for the next. */
  #clear(): void {
    this.#entryRequests = 0;
    this.#traced = 0;
    this.#stations.clear();
    this.#edges.clear();
    this.#entryFold.take();
  }

  /** First all answers, then all callees, then retries: what is learned from one call serves every other of the bucket. */
  *#prepare(nodes: readonly SpanNode[]): Steps<void> {
    yield* inSteps(nodes, ({ trace }) => {
      if (trace !== undefined) linkTrace(trace);
    });
    yield* inSteps(nodes, (node) => {
      if (node.site.type !== "call") return;
      node.answer = answerOf(node);
      if (node.answer === undefined) return;
      this.callees.learn(node.site.peer, node.answer);
      noteAnswer(node.site, node.answer);
    });
    yield* inSteps(nodes, (node) => {
      if (isCall(node)) node.callee = this.#calleeOf(node);
    });
    const marked = new Set<SpanNode | string>();
    yield* inSteps(nodes, (node) => {
      if (isCall(node)) this.#markRetriesAround(node, marked);
    });
  }

  #calleeOf(call: SpanNode): number {
    if (call.site.type !== "call") return -1;
    call.answer ??= answerOf(call);
    if (call.answer !== undefined) return call.answer.site.sender.service;
    return this.callees.resolve(call.site.peer, this.#heard) ?? -1;
  }

  /** A retry is seen among its siblings, whether or not their parent has come. Each family is looked at once. */
  #markRetriesAround(call: SpanNode, marked: Set<SpanNode | string>): void {
    const { trace } = call;
    if (trace === undefined || !trace.hasFailedCall) return;
    const parent = workOf(call);
    const key = parent ?? `${trace.traceId}${call.parentSpanId}`;
    if (marked.has(key)) return;
    marked.add(key);
    const siblings = parent === undefined ? orphanSiblings(trace, call) : callsBelow(parent);
    markRetries(siblings.sort(byStart));
  }

  #foldStation(node: SpanNode, site: StationSite): void {
    const { operation } = site;
    node.caller = node.kind === SPAN_KIND.consumer ? "none" : callerOf(node);
    operation.served += 1;
    if (operation.served >= SERVED_REMEMBERED) this.#crowded.add(operation);
    if (node.caller === "none") operation.entered += 1;
    this.#expose(operation);
    if (site.queue !== undefined) {
      this.#topology.hold("consumes", [operation.service, site.queue], this.#heard, "span");
      site.queue = undefined;
    }
    const isAssembled = node.trace !== undefined;
    const calls = isAssembled ? callsBelow(node).sort(byStart) : [];
    const cell = this.#stationCell(site);
    if (cell < 0) return;
    this.#stations.add(cell, {
      durationMs: node.endMs - node.startMs,
      error: node.error,
      originError: node.error && failuresOf(calls).length === 0,
      retry: false,
      innerMs: isAssembled ? uncoveredMs(node, calls) : Number.NaN,
      weight: 1,
    });
  }

  #stationCell(site: StationSite): number {
    const { stationCells } = this.#resolver;
    site.lastBucket = this.#bucket;
    if (site.cell < 0) {
      const cell = stationOf(site);
      site.cell = stationCells.hold(stationKey(cell), () => cell);
    }
    if (site.cell < 0) stationCells.refused += 1;
    return site.cell;
  }

  #expose(operation: OperationInfo): void {
    if (operation.isExposed) return;
    operation.isExposed = true;
    const ends = [operation.service, operation.index] as const;
    this.#topology.hold("exposes", ends, this.#heard, "operation");
  }

  /** Who called an operation long ago says little of who does now. */
  #forgetOldCallers(): void {
    for (const operation of this.#crowded) {
      operation.served /= 2;
      operation.entered /= 2;
      operation.orphans /= 2;
    }
    this.#crowded.clear();
  }

  #foldCall(node: SpanNode, site: CallSite): void {
    if (node.callee < 0) return;
    this.#holdLink(site, node.callee);
    const cell = this.#edgeCells.cellOf(node, site, this.#bucket);
    if (cell < 0) return;
    const nested = node.children === undefined ? [] : callsBelow(node).filter(isCall).sort(byStart);
    const failedBelow = node.answer?.error === true || failuresOf(nested).length > 0;
    this.#edges.add(cell, {
      durationMs: node.endMs - node.startMs,
      error: node.error,
      originError: node.error && !failedBelow,
      retry: node.isRetry,
      innerMs: this.#gapMs(node, nested),
      weight: 1,
    });
  }

  /** What the caller waited for and the callee does not account for. NaN: the callee's side should be known and is not. */
  #gapMs(node: SpanNode, nested: SpanNode[]): number {
    const durationMs = node.endMs - node.startMs;
    const { answer } = node;
    if (answer !== undefined) return Math.max(0, durationMs - (answer.endMs - answer.startMs));
    const isInside = this.#topology.heardServices.has(node.callee);
    return isInside && !node.error ? Number.NaN : uncoveredMs(node, nested);
  }

  #holdLink(site: CallSite, callee: number): void {
    const { service } = site.sender;
    const key = service * 2 ** 20 + callee;
    const known = this.#links.get(key);
    if (known !== undefined && !known.hasEnded) {
      known.seenMs = Math.max(known.seenMs, this.#heard.seenMs);
      return;
    }
    const isService = this.#topology.entities.record(callee)?.type === "service";
    const type = isService ? "calls" : site.isAsync ? "produces" : "depends_on";
    const held = this.#topology.hold(type, [service, callee], this.#heard, "traces");
    if (held !== undefined) this.#links.set(key, held);
  }

  /** A served span that nothing inside the telemetry called: a request that enters the system, or work from a queue. */
  #readIfTop(node: SpanNode, { operation }: StationSite): void {
    const isTop = isTopOf(node, operation);
    const isRequest = isTop || operation.isWatched;
    const isEntry = isEntered(operation) && (operation.isWatched || !isFromQueue(node));
    if (isEntry) this.#entryFold.enter(operation);
    if (isEntry && isRequest) this.#entryRequests += 1;
    if (node.trace === undefined || !isRequest) return;
    if (isTop) node.trace.hasTop = true;
    if (isEntry) this.#traced += 1;
    this.#entryFold.read(node, operation, isEntry);
  }
}

/** One after another, with a chance to pause in between. */
function* inSteps(nodes: readonly SpanNode[], work: (node: SpanNode) => void): Steps<void> {
  for (let from = 0; from < nodes.length; from += SPANS_A_STEP) {
    const step = nodes.slice(from, from + SPANS_A_STEP);
    for (const node of step) work(node);
    yield step.length;
  }
}

/** The span whose work a call is part of, through internal spans. */
function workOf(call: SpanNode): SpanNode | undefined {
  let at = call.parent;
  for (let depth = 0; depth < SPAN_DEPTH_MAX && at?.site.type === "internal"; depth += 1) {
    if (at.parent === undefined) return at;
    at = at.parent;
  }
  return at;
}

function orphanSiblings(trace: OpenTrace, call: SpanNode): SpanNode[] {
  if (call.parentSpanId === "") return [];
  return trace.unlinked.filter((one) => one.parentSpanId === call.parentSpanId);
}
