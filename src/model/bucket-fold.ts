import { CalleeResolver } from "./callee-resolver.ts";
import { EntryFold } from "./entry-fold.ts";
import { Accumulator, type CellColumns, type EntryColumns, type Exemplar } from "./frame.ts";
import type { OpenTraces } from "./open-traces.ts";
import { OVERFLOW_CALL } from "./operation-name.ts";
import type { PlaceTable } from "./place-table.ts";
import type { HeldRelation } from "./relation-store.ts";
import { SPAN_KIND } from "./signal.ts";
import type { CallCell, CallSite, OperationInfo, StationSite } from "./site.ts";
import type { SiteResolver } from "./site-resolver.ts";
import {
  answerOf,
  callsBelow,
  failuresOf,
  isCall,
  isServing,
  markRetries,
  SPAN_DEPTH_MAX,
  uncoveredMs,
} from "./span-facts.ts";
import { linkTrace, type OpenTrace, type SpanNode } from "./span-node.ts";
import type { Heard, Topology } from "./topology.ts";

/** Limit: rows of edge columns; beyond, new ones no longer tell operation and callee instance apart. */
const EDGE_CELLS_MAX = 50_000;
/** An operation that this many spans entered without their caller ever showing has callers outside the telemetry. */
const ORPHANS_MIN = 20;

export interface FoldedBucket {
  readonly stations: CellColumns;
  readonly edges: CellColumns;
  readonly entries: readonly EntryColumns[];
  readonly exemplars: readonly Exemplar[];
  readonly entryRequests: number;
  readonly traced: number;
}

const byStart = (a: SpanNode, b: SpanNode): number =>
  a.startMs - b.startMs || a.endMs - b.endMs || (a.spanId < b.spanId ? -1 : 1);

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
  readonly #stations = new Accumulator();
  readonly #edges = new Accumulator();
  readonly #links = new Map<number, HeldRelation>();
  #heard: Heard = { seenMs: 0, nowMs: 0 };
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
    this.#entryFold = new EntryFold({
      places: options.places,
      idOf: (entity) => this.#topology.id(entity),
      calleeOf: (call) => this.#calleeOf(call),
      seed: options.seed,
    });
  }

  /** `heard.seenMs` is the end of the bucket. */
  fold(nodes: readonly SpanNode[], heard: Heard): FoldedBucket {
    this.#heard = heard;
    this.#entryRequests = 0;
    this.#traced = 0;
    this.#prepare(nodes);
    for (const node of nodes) {
      if (node.site.type === "station") this.#foldStation(node, node.site);
      else if (node.site.type === "call") this.#foldCall(node, node.site);
    }
    for (const node of nodes) {
      if (node.site.type === "station") this.#readIfTop(node, node.site);
    }
    for (const node of nodes) this.#traces.settle(node);
    return {
      stations: this.#stations.take(),
      edges: this.#edges.take(),
      ...this.#entryFold.take(),
      entryRequests: this.#entryRequests,
      traced: this.#traced,
    };
  }

  /** First all answers, then all callees: what is learned from one call serves every other of the bucket. */
  #prepare(nodes: readonly SpanNode[]): void {
    for (const { trace } of nodes) {
      if (trace !== undefined) linkTrace(trace);
    }
    for (const node of nodes) {
      if (node.site.type !== "call") continue;
      node.answer = answerOf(node);
      if (node.answer === undefined) continue;
      this.callees.learn(node.site.peer, node.answer);
      noteAnswer(node.site, node.answer);
    }
    const marked = new Set<SpanNode | string>();
    for (const node of nodes) {
      if (!isCall(node)) continue;
      node.callee = this.#calleeOf(node);
      this.#markRetriesAround(node, marked);
    }
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
    if (node.caller === "none") operation.entered += 1;
    if (node.caller === "unknown") operation.orphans += 1;
    const isAssembled = node.trace !== undefined;
    const calls = isAssembled ? callsBelow(node).sort(byStart) : [];
    this.#stations.add(site.cell, {
      durationMs: node.endMs - node.startMs,
      error: node.error,
      originError: node.error && failuresOf(calls).length === 0,
      retry: false,
      innerMs: isAssembled ? uncoveredMs(node, calls) : Number.NaN,
    });
  }

  #foldCall(node: SpanNode, site: CallSite): void {
    if (node.callee < 0) return;
    const nested = node.children === undefined ? [] : callsBelow(node).filter(isCall).sort(byStart);
    const failedBelow = node.answer?.error === true || failuresOf(nested).length > 0;
    this.#edges.add(this.#cellOf(node, site), {
      durationMs: node.endMs - node.startMs,
      error: node.error,
      originError: node.error && !failedBelow,
      retry: node.isRetry,
      innerMs: this.#gapMs(node, nested),
    });
    this.#holdLink(site, node.callee);
  }

  /** What the caller waited for and the callee does not account for. NaN: the callee's side should be known and is not. */
  #gapMs(node: SpanNode, nested: SpanNode[]): number {
    const durationMs = node.endMs - node.startMs;
    const { answer } = node;
    if (answer !== undefined) return Math.max(0, durationMs - (answer.endMs - answer.startMs));
    const isInside = this.#topology.heardServices.has(node.callee);
    return isInside && !node.error ? Number.NaN : uncoveredMs(node, nested);
  }

  #cellOf(node: SpanNode, site: CallSite): number {
    const { answer, callee } = node;
    const answered = answer?.site.type === "station" ? answer.site.operation.name : undefined;
    const sole = site.soleAnswer === "" || site.soleAnswer === "*" ? site.name : site.soleAnswer;
    return this.#findCell(site, {
      callee,
      instance: answer?.site.sender.instance ?? -1,
      operation: answered ?? sole,
    });
  }

  #findCell(site: CallSite, wanted: Omit<CallCell, "cell">): number {
    const { callee, instance, operation } = wanted;
    for (const one of site.cells) {
      if (one.callee === callee && one.instance === instance && one.operation === operation) {
        return one.cell;
      }
    }
    const { edgeCells } = this.#resolver;
    const isFull = edgeCells.length >= EDGE_CELLS_MAX;
    if (isFull && operation !== OVERFLOW_CALL) {
      return this.#findCell(site, { callee, instance: -1, operation: OVERFLOW_CALL });
    }
    const cell = edgeCells.length;
    edgeCells.push({
      sender: site.sender,
      callee,
      calleeInstance: instance < 0 ? undefined : instance,
      operation,
      isAsync: site.isAsync,
    });
    site.cells.push({ ...wanted, cell });
    return cell;
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

/** Most of its callers never show: they are outside the telemetry. */
const isCalledFromOutside = ({ orphans, served }: OperationInfo): boolean =>
  orphans >= ORPHANS_MIN && orphans * 2 > served;

const isTopOf = (node: SpanNode, operation: OperationInfo): boolean =>
  node.caller === "none" || (node.caller === "unknown" && isCalledFromOutside(operation));

/** Requests enter the system by this operation, or an objective says that it counts. */
const isEntered = (operation: OperationInfo): boolean =>
  operation.isWatched || isCalledFromOutside(operation) || operation.entered * 2 > operation.served;

const isFromQueue = (node: SpanNode): boolean =>
  node.kind === SPAN_KIND.consumer && (node.hasLinks || node.parentSpanId !== "");

function noteAnswer(site: CallSite, answer: SpanNode): void {
  if (answer.site.type !== "station") return;
  const { name } = answer.site.operation;
  if (site.soleAnswer === "") site.soleAnswer = name;
  else if (site.soleAnswer !== name) site.soleAnswer = "*";
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

/** Who called a served span: another one inside, nobody, or somebody who never showed. */
function callerOf(node: SpanNode): "inside" | "none" | "unknown" {
  let at = node;
  for (let depth = 0; depth < SPAN_DEPTH_MAX; depth += 1) {
    const { parent } = at;
    if (parent === undefined) return at.parentSpanId === "" ? "none" : "unknown";
    if (isServing(parent)) return "inside";
    at = parent;
  }
  return "unknown";
}
