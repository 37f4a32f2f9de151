import type { EntityId } from "../../entity.ts";
import type { Trace, TraceSpan } from "../../view.ts";
import type { TraceProgram } from "../trace-program.ts";

/** Clocks that disagree make calls seem to overlap by this much. */
const TOUCH_MS = 0.05;

interface Node {
  readonly span: TraceSpan;
  readonly calls: Call[];
}

/** One attempt as the caller saw it. */
interface Call {
  readonly span: TraceSpan;
  readonly startMs: number;
  readonly endMs: number;
  /** What the callee tells of it. */
  served: Node | undefined;
}

interface Chain {
  readonly attempts: Call[];
  readonly startMs: number;
  endMs: number;
}

export interface BuilderNames {
  /** Undefined: no station of the problem; what happens there is left out. */
  station(id: EntityId): number | undefined;
  link(caller: EntityId, callee: EntityId): number | undefined;
}

/** Grows by pushing; frozen into typed arrays in the end. */
class Columns {
  readonly roots: number[] = [];
  readonly entries: number[] = [];
  readonly slices: number[] = [];
  readonly trace: number[] = [];
  readonly station: number[] = [];
  readonly operation: number[] = [];
  readonly tailMs: number[] = [];
  readonly durationMs: number[] = [];
  readonly failed: number[] = [];
  readonly firstGroup: number[] = [];
  readonly leadMs: number[] = [];
  readonly firstChain: number[] = [];
  readonly offsetMs: number[] = [];
  readonly link: number[] = [];
  readonly call: number[] = [];
  readonly firstAttempt: number[] = [];
  readonly backoffMs: number[] = [];
  readonly gapMs: number[] = [];
  readonly child: number[] = [];
  readonly attemptFailed: number[] = [];
}

/** Compiles traces one after another. */
export class ProgramBuilder {
  readonly #names: BuilderNames;
  readonly #columns = new Columns();
  readonly #operations = new Map<EntityId, number>();
  readonly #calls = new Map<string, number>();

  constructor(names: BuilderNames) {
    this.#names = names;
  }

  get traces(): number {
    return this.#columns.roots.length;
  }

  get nodes(): number {
    return this.#columns.station.length;
  }

  /** A trace without a served root, or whose root is no station of the problem, is left out. */
  add(trace: Trace, at: { readonly entry: number; readonly slice: number }): void {
    const root = treeOf(trace);
    if (root === undefined || this.#names.station(root.span.service) === undefined) return;
    const columns = this.#columns;
    columns.roots.push(columns.station.length);
    columns.entries.push(at.entry);
    columns.slices.push(at.slice);
    // Breadth first would do as well: all that counts is that callers stand before callees.
    const waiting: Node[] = [root];
    const base = columns.station.length;
    let reserved = 1;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const children = this.#emit(next, columns.roots.length - 1, base + reserved);
      reserved += children.length;
      waiting.push(...children);
    }
  }

  /** Writes a node whose callees will stand from `firstChild` on, in this order. */
  #emit({ span, calls }: Node, trace: number, firstChild: number): readonly Node[] {
    const columns = this.#columns;
    const endMs = span.offsetMs + span.durationMs;
    const children: Node[] = [];
    columns.trace.push(trace);
    columns.station.push(this.#names.station(span.service) ?? -1);
    columns.operation.push(numbered(this.#operations, span.operation ?? operationOf(span)));
    columns.durationMs.push(span.durationMs);
    columns.failed.push(span.error ? 1 : 0);
    columns.firstGroup.push(columns.leadMs.length);
    let cursorMs = span.offsetMs;
    for (const group of groupsOf(chainsOf(calls))) {
      const startMs = Math.min(endMs, Math.max(cursorMs, group[0]?.startMs ?? cursorMs));
      columns.leadMs.push(startMs - cursorMs);
      columns.firstChain.push(columns.offsetMs.length);
      for (const chain of group) {
        columns.offsetMs.push(Math.max(0, chain.startMs - startMs));
        this.#emitChain(span, chain, { children, firstChild });
      }
      cursorMs = Math.min(endMs, Math.max(startMs, ...group.map((chain) => chain.endMs)));
    }
    columns.tailMs.push(Math.max(0, endMs - cursorMs));
    return children;
  }

  #emitChain(
    caller: TraceSpan,
    { attempts }: Chain,
    into: { readonly children: Node[]; readonly firstChild: number },
  ): void {
    const columns = this.#columns;
    const [first] = attempts;
    const callee = first?.span.callee;
    const link = callee === undefined ? undefined : this.#names.link(caller.service, callee);
    columns.link.push(link ?? -1);
    columns.call.push(numbered(this.#calls, `${link ?? -1} ${first?.span.name ?? ""}`));
    columns.firstAttempt.push(columns.gapMs.length);
    let endedMs = first?.startMs ?? 0;
    for (const attempt of attempts) {
      const { span, startMs, endMs } = attempt;
      const served = this.#stationBehind(attempt);
      columns.backoffMs.push(Math.max(0, startMs - endedMs));
      endedMs = endMs;
      columns.gapMs.push(Math.max(0, span.durationMs - (served?.span.durationMs ?? 0)));
      columns.attemptFailed.push(span.error ? 1 : 0);
      columns.child.push(served === undefined ? -1 : into.firstChild + into.children.length);
      if (served !== undefined) into.children.push(served);
    }
  }

  #stationBehind({ served }: Call): Node | undefined {
    if (served === undefined) return undefined;
    return this.#names.station(served.span.service) === undefined ? undefined : served;
  }

  build(): TraceProgram {
    const columns = this.#columns;
    const closed = (starts: readonly number[], end: number): Int32Array =>
      Int32Array.from([...starts, end]);
    return {
      roots: Int32Array.from(columns.roots),
      entries: Int32Array.from(columns.entries),
      slices: Int32Array.from(columns.slices),
      trace: Int32Array.from(columns.trace),
      station: Int32Array.from(columns.station),
      operation: Int32Array.from(columns.operation),
      tailMs: Float64Array.from(columns.tailMs),
      durationMs: Float64Array.from(columns.durationMs),
      failed: Uint8Array.from(columns.failed),
      firstGroup: closed(columns.firstGroup, columns.leadMs.length),
      leadMs: Float64Array.from(columns.leadMs),
      firstChain: closed(columns.firstChain, columns.offsetMs.length),
      offsetMs: Float64Array.from(columns.offsetMs),
      link: Int32Array.from(columns.link),
      call: Int32Array.from(columns.call),
      firstAttempt: closed(columns.firstAttempt, columns.gapMs.length),
      backoffMs: Float64Array.from(columns.backoffMs),
      gapMs: Float64Array.from(columns.gapMs),
      child: Int32Array.from(columns.child),
      attemptFailed: Uint8Array.from(columns.attemptFailed),
      operations: [...this.#operations.keys()],
      calls: [...this.#calls.keys()],
    };
  }
}

function numbered<Key>(numbers: Map<Key, number>, key: Key): number {
  const known = numbers.get(key) ?? numbers.size;
  numbers.set(key, known);
  return known;
}

const operationOf = (span: TraceSpan): EntityId =>
  `operation:${span.service} ${span.name}` as EntityId;

const isServed = ({ kind }: TraceSpan): boolean => kind === "server" || kind === "consumer";
const isCall = ({ kind }: TraceSpan): boolean => kind === "client" || kind === "producer";

/** Served spans with the calls below them; what is neither is its parent's own time. */
function treeOf({ spans }: Trace): Node | undefined {
  const nodes = new Map<number, Node>();
  const calls = new Map<number, Call>();
  let root: Node | undefined;
  const above = (from: number, wanted: (at: number) => boolean): number => {
    let at = spans[from]?.parent ?? -1;
    // A parent order that goes round is broken; spans are few.
    for (let steps = 0; at >= 0 && !wanted(at) && steps < spans.length; steps += 1)
      at = spans[at]?.parent ?? -1;
    return at;
  };
  spans.forEach((span, at) => {
    if (isServed(span)) nodes.set(at, { span, calls: [] });
    else if (isCall(span))
      calls.set(at, {
        span,
        startMs: span.offsetMs,
        endMs: span.offsetMs + span.durationMs,
        served: undefined,
      });
  });
  for (const [at, call] of calls) {
    nodes.get(above(at, (parent) => nodes.has(parent)))?.calls.push(call);
  }
  for (const [at, node] of nodes) {
    if ((spans[at]?.parent ?? -1) < 0) root ??= node;
    // Work that is picked up later keeps no caller waiting.
    if (node.span.kind === "consumer") continue;
    const call = calls.get(above(at, (parent) => calls.has(parent) || nodes.has(parent)));
    if (call !== undefined) call.served ??= node;
  }
  return root;
}

/** Attempts that repeat one that has just failed belong together. */
function chainsOf(calls: readonly Call[]): readonly Chain[] {
  const chains: Chain[] = [];
  const last = new Map<string, Chain>();
  for (const call of calls.toSorted((a, b) => a.startMs - b.startMs)) {
    const key = `${call.span.callee ?? ""} ${call.span.name}`;
    const before = last.get(key);
    const failed = before?.attempts.at(-1);
    const repeats = failed?.span.error === true && failed.endMs <= call.startMs + TOUCH_MS;
    if (before !== undefined && repeats) {
      before.attempts.push(call);
      before.endMs = Math.max(before.endMs, call.endMs);
      continue;
    }
    const chain = { attempts: [call], startMs: call.startMs, endMs: call.endMs };
    last.set(key, chain);
    chains.push(chain);
  }
  return chains;
}

/** Chains that overlap run side by side; one that begins after all before it have ended opens a new group. */
function groupsOf(chains: readonly Chain[]): readonly (readonly Chain[])[] {
  const groups: Chain[][] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const chain of chains) {
    const open = groups.at(-1);
    if (open === undefined || chain.startMs >= endMs - TOUCH_MS) groups.push([chain]);
    else open.push(chain);
    endMs = Math.max(endMs, chain.endMs);
  }
  return groups;
}
