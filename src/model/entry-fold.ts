import { layCriticalPath } from "./critical-path.ts";
import type { EntityId } from "./entity.ts";
import type { EntryColumns } from "./frame.ts";
import type { PlaceTable } from "./place-table.ts";
import type { OperationInfo } from "./site.ts";
import { failureOrigin } from "./span-facts.ts";
import type { SpanNode } from "./span-node.ts";
import { type Exemplar, type TraceBlock, TracePacker } from "./trace-block.ts";
import { readTrace } from "./trace-reading.ts";
import type { Trace } from "./view.ts";

/** Limit: exemplars of one operation in one bucket, by reservoir. */
const UNIFORM_MAX = 2;

interface Tally {
  traced: number;
  readonly criticalMs: Map<number, number>;
  readonly failed: Map<number, number>;
}

interface Candidate {
  readonly rank: number;
  /** Of two with one rank, the first by trace and span. */
  readonly key: string;
  readonly trace: Trace;
}

/** Per operation: which traces are kept. Chosen by a hash of the trace id, so that the order of arrival is no matter. */
interface Reservoir {
  uniform: Candidate[];
  error: Candidate | undefined;
  slow: Candidate | undefined;
}

/** FNV-1a over the trace id, from the seed: which traces are sampled is fixed, but not chosen by anybody. */
function traceRank(traceId: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < traceId.length; at += 1) {
    hash = Math.imul(hash ^ traceId.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

const isBefore = (a: Candidate, b: Candidate): boolean =>
  a.rank < b.rank || (a.rank === b.rank && a.key < b.key);

/** Reads the finished requests of one bucket: where their time went, where they failed, and which to keep. */
export class EntryFold {
  readonly #places: PlaceTable;
  readonly #idOf: (entity: number) => EntityId;
  readonly #calleeOf: (call: SpanNode) => number;
  readonly #seed: number;
  readonly #packer = new TracePacker();
  #tallies = new Map<OperationInfo, Tally>();
  #reservoirs = new Map<OperationInfo, Reservoir>();

  constructor(options: {
    readonly places: PlaceTable;
    readonly idOf: (entity: number) => EntityId;
    /** The entity that a call went to, or -1. */
    readonly calleeOf: (call: SpanNode) => number;
    readonly seed: number;
  }) {
    this.#places = options.places;
    this.#idOf = options.idOf;
    this.#calleeOf = options.calleeOf;
    this.#seed = options.seed;
  }

  /** Makes sure that an entry operation is among the bucket's entries even if none of its traces was read. */
  enter(operation: OperationInfo): Tally {
    const known = this.#tallies.get(operation);
    if (known !== undefined) return known;
    const tally: Tally = { traced: 0, criticalMs: new Map(), failed: new Map() };
    this.#tallies.set(operation, tally);
    return tally;
  }

  /** Reads the tree below a served span. */
  read(top: SpanNode, operation: OperationInfo, isEntry: boolean): void {
    const nodes = layCriticalPath(top);
    for (const node of nodes) {
      if (node.site.type === "call" && node.callee < 0) node.callee = this.#calleeOf(node);
    }
    if (isEntry) this.#tally(nodes, top, operation);
    this.#sample(nodes, top, operation);
  }

  #placeOf(node: SpanNode): number {
    const { service } = node.site.sender;
    const isLink = node.site.type === "call" && node.callee >= 0;
    return isLink ? this.#places.place(service, node.callee) : this.#places.place(service);
  }

  #tally(nodes: readonly SpanNode[], top: SpanNode, operation: OperationInfo): void {
    const tally = this.enter(operation);
    tally.traced += 1;
    for (const node of nodes) {
      if (node.criticalMs > 0) bump(tally.criticalMs, this.#placeOf(node), node.criticalMs);
    }
    const origin = failureOrigin(top);
    if (origin !== undefined) bump(tally.failed, this.#placeOf(origin), 1);
  }

  #sample(nodes: readonly SpanNode[], top: SpanNode, operation: OperationInfo): void {
    const traceId = top.trace?.traceId ?? "";
    const rank = traceRank(traceId, this.#seed);
    const slowRank = -(top.endMs - top.startMs);
    let reservoir = this.#reservoirs.get(operation);
    if (reservoir === undefined) {
      reservoir = { uniform: [], error: undefined, slow: undefined };
      this.#reservoirs.set(operation, reservoir);
    }
    const { uniform } = reservoir;
    const last = uniform[UNIFORM_MAX - 1];
    const isUniform = last === undefined || rank <= last.rank;
    const isError = top.error && (reservoir.error === undefined || rank <= reservoir.error.rank);
    const isSlow = reservoir.slow === undefined || slowRank <= reservoir.slow.rank;
    if (!isUniform && !isError && !isSlow) return;
    const trace = readTrace(nodes, this.#idOf);
    const key = `${traceId}${top.spanId}`;
    const candidate = { rank, key, trace };
    if (isUniform) {
      uniform.push(candidate);
      uniform.sort((a, b) => (isBefore(a, b) ? -1 : 1));
      uniform.length = Math.min(uniform.length, UNIFORM_MAX);
    }
    if (isError && (reservoir.error === undefined || isBefore(candidate, reservoir.error))) {
      reservoir.error = candidate;
    }
    const slow = { rank: slowRank, key, trace };
    if (isSlow && (reservoir.slow === undefined || isBefore(slow, reservoir.slow))) {
      reservoir.slow = slow;
    }
  }

  /** The bucket's entries and exemplars; starts the next bucket. */
  take(): { readonly entries: readonly EntryColumns[]; readonly exemplars: TraceBlock } {
    const entries = [...this.#tallies].map(([operation, tally]) => entryColumns(operation, tally));
    const exemplars = this.#packer.pack([...this.#reservoirs.values()].flatMap(exemplarsOf));
    this.#tallies = new Map();
    this.#reservoirs = new Map();
    return { entries, exemplars };
  }
}

function bump(map: Map<number, number>, key: number, by: number): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

function entryColumns(operation: OperationInfo, tally: Tally): EntryColumns {
  const places = Int32Array.from(new Set([...tally.criticalMs.keys(), ...tally.failed.keys()]));
  const criticalMs = new Float64Array(places.length);
  const failed = new Float64Array(places.length);
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at] ?? 0;
    criticalMs[at] = tally.criticalMs.get(place) ?? 0;
    failed[at] = tally.failed.get(place) ?? 0;
  }
  return { operation: operation.index, traced: tally.traced, places, criticalMs, failed };
}

/** One trace may hold several requests of an operation: the one that the reservoirs chose first stands for it. */
function exemplarsOf({ uniform, slow, error }: Reservoir): Exemplar[] {
  const traces = new Map<string, Trace>();
  for (const one of [...uniform, slow, error]) {
    if (one !== undefined && !traces.has(one.trace.traceId))
      traces.set(one.trace.traceId, one.trace);
  }
  const isIn = (of: Candidate | undefined, trace: Trace): boolean =>
    of?.trace.traceId === trace.traceId;
  return [...traces.values()].map((trace) => ({
    trace,
    uniform: uniform.some((one) => isIn(one, trace)),
    slow: isIn(slow, trace),
    error: isIn(error, trace),
  }));
}
