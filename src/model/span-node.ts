import type { Site } from "./site.ts";

/** One span in an open trace. Only what assembly needs is kept of the span. */
export interface SpanNode {
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly error: boolean;
  readonly errorType: string;
  readonly name: string;
  readonly hasLinks: boolean;
  readonly site: Site;
  /** Undefined when there was no room to assemble its trace. */
  readonly trace: OpenTrace | undefined;
  parent: SpanNode | undefined;
  children: SpanNode[] | undefined;
  /** Calls only: the entity called and, when it answered, the span that served. */
  callee: number;
  answer: SpanNode | undefined;
  isRetry: boolean;
  /** Served spans only: who called it. `unknown`: it names a caller that has not shown. */
  caller: "inside" | "none" | "unknown";
  /** Filled when its trace is read: milliseconds to add to its times, and time on the critical path. */
  shiftMs: number;
  criticalMs: number;
}

export interface OpenTrace {
  readonly traceId: string;
  readonly nodes: Map<string, SpanNode>;
  /** Nodes whose parent was not there yet. */
  unlinked: SpanNode[];
  /** Nodes in buckets that are not closed. */
  pending: number;
  hasTop: boolean;
  /** Its request was read before: what comes now comes after the fact, and its caller was there. */
  readonly isStraggler: boolean;
  hasFailedCall: boolean;
  readonly firstMs: number;
  lastMs: number;
}

/** Connects nodes with parents that have come. A parent that never comes leaves its child without one. */
export function linkTrace(trace: OpenTrace): void {
  if (trace.unlinked.length === 0) return;
  const waiting: SpanNode[] = [];
  for (const node of trace.unlinked) {
    const parent = trace.nodes.get(node.parentSpanId);
    if (parent === undefined) {
      waiting.push(node);
      continue;
    }
    node.parent = parent;
    if (parent.children === undefined) parent.children = [node];
    else parent.children.push(node);
  }
  trace.unlinked = waiting;
}
