import { must } from "../assert.ts";
import type { EntityId } from "./entity.ts";
import type { Trace, TraceSpan } from "./view.ts";

/** A finished trace with the reservoirs that hold it. */
export interface Exemplar {
  readonly trace: Trace;
  readonly uniform: boolean;
  readonly slow: boolean;
  readonly error: boolean;
}

/** What spans of one place have in common; spans point at it by number. */
export interface TraceSite {
  readonly kind: TraceSpan["kind"];
  readonly service: EntityId;
  readonly name: string;
  readonly operation: EntityId | undefined;
  readonly callee: EntityId | undefined;
  readonly instance: EntityId | undefined;
  readonly version: string | undefined;
  readonly error: boolean;
  readonly errorType: string;
}

/** The exemplar traces of one bucket as columns: about 31 bytes a span and 45 a trace. Never altered. */
export interface TraceBlock {
  /** 16 bytes a trace. */
  readonly traceIds: Uint8Array;
  /** When it began, and how long it took: two numbers a trace. */
  readonly spans: Float64Array;
  readonly operations: readonly EntityId[];
  /** Bits of `MARK`. */
  readonly marks: Uint8Array;
  /** Trace i has the spans `[firstSpan[i], firstSpan[i + 1])`. */
  readonly firstSpan: Uint32Array;
  /** 8 bytes a span. */
  readonly spanIds: Uint8Array;
  readonly parents: Int16Array;
  /** Index into `sites`. */
  readonly siteOf: Uint32Array;
  /** `TIMES` numbers a span: offset, duration, self and critical milliseconds. */
  readonly times: Float32Array;
  readonly sites: readonly TraceSite[];
}

export const MARK = { failed: 1, uniform: 2, slow: 4, error: 8 } as const;
const TIMES = 4;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

export const NO_TRACES: TraceBlock = {
  traceIds: new Uint8Array(0),
  spans: new Float64Array(0),
  operations: [],
  marks: new Uint8Array(0),
  firstSpan: new Uint32Array(1),
  spanIds: new Uint8Array(0),
  parents: new Int16Array(0),
  siteOf: new Uint32Array(0),
  times: new Float32Array(0),
  sites: [],
};

/** Bytes of a block; what it shares with its neighbours counts in one of them. */
export const blockBytes = (block: TraceBlock): number =>
  block.traceIds.byteLength +
  block.spans.byteLength +
  block.marks.byteLength +
  block.firstSpan.byteLength +
  block.spanIds.byteLength +
  block.parents.byteLength +
  block.siteOf.byteLength +
  block.times.byteLength +
  8 * (block.operations.length + block.sites.length);

export const tracesIn = ({ marks }: TraceBlock): number => marks.length;
export const spansIn = ({ parents }: TraceBlock): number => parents.length;

const nibble = (code: number): number => (code <= 57 ? code - 48 : code - 87);

/** Lower-case hex digits as bytes. Contract: `hex` has `2 * bytes` digits. */
function putHex(into: Uint8Array, at: number, hex: string, bytes: number): void {
  for (let byte = 0; byte < bytes; byte += 1) {
    const high = nibble(hex.charCodeAt(2 * byte));
    into[at + byte] = high * 16 + nibble(hex.charCodeAt(2 * byte + 1));
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function hexOf(bytes: Uint8Array, from: number, length: number): string {
  let hex = "";
  for (let at = from; at < from + length; at += 1) hex += HEX[bytes[at] ?? 0];
  return hex;
}

function markOf({ trace, uniform, slow, error }: Exemplar): number {
  return (
    (trace.error ? MARK.failed : 0) |
    (uniform ? MARK.uniform : 0) |
    (slow ? MARK.slow : 0) |
    (error ? MARK.error : 0)
  );
}

const siteOf = (span: TraceSpan): TraceSite => ({
  kind: span.kind,
  service: span.service,
  name: span.name,
  operation: span.operation,
  callee: span.callee,
  instance: span.instance,
  version: span.version,
  error: span.error,
  errorType: span.errorType,
});

const siteKey = (span: TraceSpan): string =>
  `${span.kind}\n${span.service}\n${span.name}\n${span.operation ?? ""}\n${span.callee ?? ""}\n${span.instance ?? ""}\n${span.version ?? ""}\n${span.error ? 1 : 0}${span.errorType}`;

/** Limit: places that are remembered from block to block, so that blocks share them. */
const SITES_SHARED_MAX = 20_000;

/** Packs traces into blocks. Blocks that follow one another share what they can. */
export class TracePacker {
  #shared = new Map<string, TraceSite>();

  pack(exemplars: readonly Exemplar[]): TraceBlock {
    if (exemplars.length === 0) return NO_TRACES;
    if (this.#shared.size > SITES_SHARED_MAX) this.#shared = new Map();
    const total = exemplars.reduce((sum, one) => sum + one.trace.spans.length, 0);
    const block = {
      traceIds: new Uint8Array(exemplars.length * TRACE_ID_BYTES),
      spans: new Float64Array(exemplars.length * 2),
      operations: exemplars.map((one) => one.trace.operation),
      marks: Uint8Array.from(exemplars, markOf),
      firstSpan: new Uint32Array(exemplars.length + 1),
      spanIds: new Uint8Array(total * SPAN_ID_BYTES),
      parents: new Int16Array(total),
      siteOf: new Uint32Array(total),
      times: new Float32Array(total * TIMES),
      sites: [] as TraceSite[],
    };
    const numbers = new Map<string, number>();
    let next = 0;
    exemplars.forEach(({ trace }, at) => {
      putHex(block.traceIds, at * TRACE_ID_BYTES, trace.traceId, TRACE_ID_BYTES);
      block.spans[2 * at] = trace.startMs;
      block.spans[2 * at + 1] = trace.durationMs;
      for (const span of trace.spans) {
        putHex(block.spanIds, next * SPAN_ID_BYTES, span.spanId, SPAN_ID_BYTES);
        block.parents[next] = span.parent;
        block.siteOf[next] = this.#number(span, block.sites, numbers);
        block.times.set(
          [span.offsetMs, span.durationMs, span.selfMs, span.criticalMs],
          next * TIMES,
        );
        next += 1;
      }
      block.firstSpan[at + 1] = next;
    });
    return block;
  }

  #number(span: TraceSpan, sites: TraceSite[], numbers: Map<string, number>): number {
    const key = siteKey(span);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    let site = this.#shared.get(key);
    if (site === undefined) {
      site = siteOf(span);
      this.#shared.set(key, site);
    }
    sites.push(site);
    numbers.set(key, sites.length - 1);
    return sites.length - 1;
  }
}

export function traceIdAt({ traceIds }: TraceBlock, at: number): string {
  return hexOf(traceIds, at * TRACE_ID_BYTES, TRACE_ID_BYTES);
}

/** When trace `at` ended. */
export function traceEndMs({ spans }: TraceBlock, at: number): number {
  return (spans[2 * at] ?? 0) + (spans[2 * at + 1] ?? 0);
}

function unpackSpan(block: TraceBlock, at: number): TraceSpan {
  const { operation, callee, instance, version, ...site } = must(
    block.sites[block.siteOf[at] ?? 0],
    "a span points at a place of its block",
  );
  const from = at * TIMES;
  return {
    spanId: hexOf(block.spanIds, at * SPAN_ID_BYTES, SPAN_ID_BYTES),
    parent: block.parents[at] ?? -1,
    kind: site.kind,
    service: site.service,
    name: site.name,
    ...(operation === undefined ? {} : { operation }),
    ...(callee === undefined ? {} : { callee }),
    ...(instance === undefined ? {} : { instance }),
    ...(version === undefined ? {} : { version }),
    offsetMs: block.times[from] ?? 0,
    durationMs: block.times[from + 1] ?? 0,
    selfMs: block.times[from + 2] ?? 0,
    criticalMs: block.times[from + 3] ?? 0,
    error: site.error,
    errorType: site.errorType,
  };
}

/** Trace `at` as answers show it. */
export function unpackTrace(block: TraceBlock, at: number): Trace {
  const from = block.firstSpan[at] ?? 0;
  const to = block.firstSpan[at + 1] ?? from;
  return {
    traceId: traceIdAt(block, at),
    operation: must(block.operations[at], "a trace has an operation"),
    startMs: block.spans[2 * at] ?? 0,
    durationMs: block.spans[2 * at + 1] ?? 0,
    error: ((block.marks[at] ?? 0) & MARK.failed) !== 0,
    spans: Array.from({ length: to - from }, (_, index) => unpackSpan(block, from + index)),
  };
}

/** A number by which chance chooses: of the end of a trace's id, since some ids begin with the time. */
export function traceRankAt({ traceIds }: TraceBlock, at: number): number {
  const end = (at + 1) * TRACE_ID_BYTES;
  let rank = 0;
  for (let byte = end - 4; byte < end; byte += 1) rank = rank * 256 + (traceIds[byte] ?? 0);
  return rank;
}

/** Traces of other blocks as a block of their own; `mark` holds the reservoirs that each is in. */
export function copyTraces(
  picks: readonly { readonly block: TraceBlock; readonly at: number; readonly mark: number }[],
): TraceBlock {
  const sites: TraceSite[] = [];
  const numbers = new Map<TraceSite, number>();
  const numberOf = (site: TraceSite): number => {
    const known = numbers.get(site);
    if (known !== undefined) return known;
    sites.push(site);
    numbers.set(site, sites.length - 1);
    return sites.length - 1;
  };
  const parts = picks.map(({ block, at, mark }) => {
    const from = block.firstSpan[at] ?? 0;
    const to = block.firstSpan[at + 1] ?? from;
    const failed = (block.marks[at] ?? 0) & MARK.failed;
    return {
      traceId: block.traceIds.subarray(at * TRACE_ID_BYTES, (at + 1) * TRACE_ID_BYTES),
      span: block.spans.subarray(2 * at, 2 * at + 2),
      operation: must(block.operations[at], "a trace has an operation"),
      mark: failed | mark,
      spanIds: block.spanIds.subarray(from * SPAN_ID_BYTES, to * SPAN_ID_BYTES),
      parents: block.parents.subarray(from, to),
      siteOf: Uint32Array.from(block.siteOf.subarray(from, to), (site) =>
        numberOf(must(block.sites[site], "a span points at a place of its block")),
      ),
      times: block.times.subarray(from * TIMES, to * TIMES),
    };
  });
  const firstSpan = new Uint32Array(parts.length + 1);
  parts.forEach((part, at) => {
    firstSpan[at + 1] = (firstSpan[at] ?? 0) + part.parents.length;
  });
  const total = firstSpan[parts.length] ?? 0;
  const joined = <
    Column extends Uint8Array | Int16Array | Uint32Array | Float32Array | Float64Array,
  >(
    into: Column,
    columnOf: (part: (typeof parts)[number]) => ArrayLike<number>,
  ): Column => {
    let end = 0;
    for (const part of parts) {
      into.set(columnOf(part), end);
      end += columnOf(part).length;
    }
    return into;
  };
  return {
    traceIds: joined(new Uint8Array(parts.length * TRACE_ID_BYTES), (part) => part.traceId),
    spans: joined(new Float64Array(parts.length * 2), (part) => part.span),
    operations: parts.map((part) => part.operation),
    marks: Uint8Array.from(parts, (part) => part.mark),
    firstSpan,
    spanIds: joined(new Uint8Array(total * SPAN_ID_BYTES), (part) => part.spanIds),
    parents: joined(new Int16Array(total), (part) => part.parents),
    siteOf: joined(new Uint32Array(total), (part) => part.siteOf),
    times: joined(new Float32Array(total * TIMES), (part) => part.times),
    sites,
  };
}
