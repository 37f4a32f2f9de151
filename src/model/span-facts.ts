import { SPAN_KIND } from "./signal.ts";
import type { SpanNode } from "./span-node.ts";

/** Limit: spans nested in one another that are followed; a deeper one counts as a leaf. */
export const SPAN_DEPTH_MAX = 200;
/** An attempt that begins this long after a failed one is a new call, not a retry. */
const RETRY_WITHIN_MS = 30_000;
/** Clocks of one process are finer than this. */
const TICK_MS = 0.01;

export const isServing = (node: SpanNode): boolean => node.site.type === "station";
export const isCall = (node: SpanNode): boolean => node.site.type === "call";

/**
 * How far a served span's clock is ahead of its caller's, as the milliseconds to add to its times: zero unless it would
 * have begun before it was called, or ended after it was answered. The way there and back is taken as equally long.
 */
export function skewShiftMs(parent: SpanNode, child: SpanNode): number {
  if (!isServing(child) || child.kind === SPAN_KIND.consumer) return 0;
  const { instance } = child.site.sender;
  if (instance !== undefined && instance === parent.site.sender.instance) return 0;
  if (child.startMs >= parent.startMs && child.endMs <= parent.endMs) return 0;
  const room = parent.endMs - parent.startMs - (child.endMs - child.startMs);
  if (room >= 0) return parent.startMs + room / 2 - child.startMs;
  // It took longer than its caller waited: only a start outside the call shows skew.
  const began = child.startMs >= parent.startMs && child.startMs <= parent.endMs;
  return began ? 0 : parent.startMs - child.startMs;
}

/** Nobody is known to answer this call. */
const isUnanswered = (node: SpanNode): boolean =>
  isCall(node) && node.callee < 0 && answerOf(node) === undefined;

/** The nearest calls and served spans below a node; what is the node's own work is looked through. */
export function callsBelow(node: SpanNode, into: SpanNode[] = [], depth = 0): SpanNode[] {
  if (node.children === undefined || depth > SPAN_DEPTH_MAX) return into;
  for (const child of node.children) {
    if (child.site.type === "internal" || isUnanswered(child)) callsBelow(child, into, depth + 1);
    else if (child.kind !== SPAN_KIND.consumer) into.push(child);
  }
  return into;
}

export const byStart = (a: SpanNode, b: SpanNode): number =>
  a.startMs - b.startMs || a.endMs - b.endMs || (a.spanId < b.spanId ? -1 : 1);

/** Milliseconds of a node that none of `parts` covers. */
export function uncoveredMs(node: SpanNode, parts: SpanNode[]): number {
  const durationMs = node.endMs - node.startMs;
  if (parts.length === 0) return durationMs;
  if (parts.length > 1) parts.sort(byStart);
  let covered = 0;
  let reachedMs = node.startMs;
  for (const part of parts) {
    const shift = skewShiftMs(node, part);
    const from = Math.max(reachedMs, part.startMs + shift);
    const to = Math.min(node.endMs, part.endMs + shift);
    if (to <= from) continue;
    covered += to - from;
    reachedMs = to;
  }
  return Math.max(0, durationMs - covered);
}

/** The span that served a call; of several, the one that ended last. */
export function answerOf(call: SpanNode): SpanNode | undefined {
  let answer: SpanNode | undefined;
  for (const child of call.children ?? []) {
    if (!isServing(child) || child.kind === SPAN_KIND.consumer) continue;
    if (answer === undefined || byStart(answer, child) < 0) answer = child;
  }
  return answer;
}

const operationOf = (node: SpanNode): string =>
  node.answer?.site.type === "station" ? node.answer.site.operation.name : "";

/** Two calls ask for the same when they went to the same place and no answer shows that they did not. */
function asksTheSame(a: SpanNode, b: SpanNode): boolean {
  if (a.site !== b.site && a.callee !== b.callee) return false;
  if (a.site.type !== "call" || b.site.type !== "call" || a.site.name !== b.site.name) return false;
  const first = operationOf(a);
  const second = operationOf(b);
  return first === "" || second === "" || first === second;
}

/** Marks calls that repeat one that just failed in the same parent. Contract: `calls` are sorted by start. */
export function markRetries(calls: readonly SpanNode[]): void {
  for (let index = 1; index < calls.length; index += 1) {
    const call = calls[index];
    if (call === undefined || !isCall(call)) continue;
    for (let before = index - 1; before >= 0; before -= 1) {
      const earlier = calls[before];
      if (earlier === undefined || !asksTheSame(earlier, call)) continue;
      const pauseMs = call.startMs - earlier.endMs;
      call.isRetry = earlier.error && pauseMs >= -TICK_MS && pauseMs < RETRY_WITHIN_MS;
      break;
    }
  }
}

/** Failed calls that no later attempt made good. */
export function failuresOf(calls: readonly SpanNode[]): SpanNode[] {
  return calls.filter(
    (call, index) =>
      call.error &&
      !calls.some(
        (later, at) => at > index && !later.error && isCall(call) && asksTheSame(call, later),
      ),
  );
}

/** Where the failure of a span began: the deepest failed span below it. Undefined when it did not fail. */
export function failureOrigin(node: SpanNode): SpanNode | undefined {
  let at = node;
  if (!at.error) return undefined;
  for (let depth = 0; depth < SPAN_DEPTH_MAX; depth += 1) {
    const below = callsBelow(at);
    if (below.length > 1) below.sort(byStart);
    const next = failuresOf(below).at(-1);
    if (next === undefined) return at;
    at = next;
  }
  return at;
}
