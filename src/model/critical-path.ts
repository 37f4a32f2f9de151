import { SPAN_KIND } from "./signal.ts";
import { SPAN_DEPTH_MAX, skewShiftMs } from "./span-facts.ts";
import type { SpanNode } from "./span-node.ts";

const byEndDescending = (a: SpanNode, b: SpanNode): number =>
  b.endMs + b.shiftMs - (a.endMs + a.shiftMs) ||
  b.startMs - a.startMs ||
  (a.spanId < b.spanId ? -1 : 1);

const latestFirst = ({ children }: SpanNode): readonly SpanNode[] => {
  if (children === undefined) return [];
  return children.length === 1 ? children : children.toSorted(byEndDescending);
};

/**
 * Gives each moment of `[fromMs, toMs)` of a node to the span on its critical path (CRISP, ATC'22): walking back from
 * the end, to the child that ended last, then to the one that ended last before that began. What overflows its parent
 * is cut off. Consumers work on their own time and are never on it.
 * Invariant: the critical times of a tree sum to the duration of its root.
 */
function walk(node: SpanNode, fromMs: number, toMs: number, depth: number): void {
  let reachedMs = toMs;
  if (depth < SPAN_DEPTH_MAX) {
    for (const child of latestFirst(node)) {
      if (child.kind === SPAN_KIND.consumer) continue;
      const startMs = Math.max(fromMs, child.startMs + child.shiftMs);
      const endMs = Math.min(reachedMs, child.endMs + child.shiftMs);
      if (startMs >= reachedMs || endMs <= fromMs) continue;
      node.criticalMs += reachedMs - endMs;
      walk(child, startMs, endMs, depth + 1);
      reachedMs = startMs;
      if (reachedMs <= fromMs) break;
    }
  }
  node.criticalMs += Math.max(0, reachedMs - fromMs);
}

/** All nodes of a tree, parents first. Limit: `SPAN_DEPTH_MAX` levels. */
function nodesBelow(root: SpanNode): SpanNode[] {
  const nodes = [root];
  const depths = [0];
  for (let at = 0; at < nodes.length; at += 1) {
    const depth = depths[at] ?? 0;
    if (depth >= SPAN_DEPTH_MAX) continue;
    for (const child of nodes[at]?.children ?? []) {
      nodes.push(child);
      depths.push(depth + 1);
    }
  }
  return nodes;
}

/** Fills `shiftMs` and `criticalMs` of a tree and returns its nodes. */
export function layCriticalPath(root: SpanNode): readonly SpanNode[] {
  const nodes = nodesBelow(root);
  root.shiftMs = 0;
  for (const node of nodes) {
    node.criticalMs = 0;
    if (node.children === undefined) continue;
    // Parents come first, so that a child stands on a clock that is already set right.
    for (const child of node.children) child.shiftMs = node.shiftMs + skewShiftMs(node, child);
  }
  walk(root, root.startMs, root.endMs, 0);
  return nodes;
}
