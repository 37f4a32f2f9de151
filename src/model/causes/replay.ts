import { type EdgeId, type EntityId, edgeId } from "../entity.ts";
import type { Trace, TraceSpan } from "../view.ts";

/** What is changed while a trace is played again. Factors multiply the time that was observed. */
export interface ReplayChange {
  /** For a service's own time, by instance where it matters. */
  readonly self: (service: EntityId, span: TraceSpan) => number;
  /** For the time on a link that its callee does not account for. */
  readonly gap: (edge: EdgeId, span: TraceSpan) => number;
  /** Cuts an attempt off after this long. */
  readonly timeoutMs?: (edge: EdgeId) => number | undefined;
  /** Attempts that are kept of a chain of retries. */
  readonly attemptsMax?: (edge: EdgeId) => number | undefined;
}

interface Node {
  readonly span: TraceSpan;
  readonly children: Node[];
}

/** One trace as a tree, ready to be played many times. */
export interface Exemplar {
  readonly root: Node;
  readonly error: boolean;
  readonly durationMs: number;
}

/** Undefined for a trace without a root or with a broken parent order. */
export function compile(trace: Trace): Exemplar | undefined {
  const nodes = trace.spans.map((span): Node => ({ span, children: [] }));
  let root: Node | undefined;
  nodes.forEach((node, index) => {
    if (node.span.parent < 0) root ??= node;
    else if (node.span.parent !== index) nodes[node.span.parent]?.children.push(node);
  });
  if (root === undefined) return undefined;
  for (const node of nodes) node.children.sort((a, b) => a.span.offsetMs - b.span.offsetMs);
  return { root, error: trace.error, durationMs: trace.durationMs };
}

/** Time that the caller waits for a link's other end, but that the other end does not account for. */
const isLink = (span: TraceSpan): boolean => span.kind === "client" && span.callee !== undefined;

interface Played {
  readonly durationMs: number;
  readonly timedOut: boolean;
}

function edgeOf(span: TraceSpan): EdgeId | undefined {
  return span.callee === undefined ? undefined : edgeId(span.service, span.callee);
}

/** Children that overlap run side by side; one that starts after all before it have ended opens a new group. */
function groupsOf(node: Node): readonly (readonly Node[])[] {
  const groups: Node[][] = [];
  let endMs = Number.NEGATIVE_INFINITY;
  for (const child of node.children) {
    if (child.span.kind === "consumer" || child.span.kind === "producer") continue;
    const last = groups.at(-1);
    if (last === undefined || child.span.offsetMs >= endMs) groups.push([child]);
    else last.push(child);
    endMs = Math.max(endMs, child.span.offsetMs + child.span.durationMs);
  }
  return groups;
}

function keptGroups(node: Node, change: ReplayChange): readonly (readonly Node[])[] {
  const groups = groupsOf(node);
  if (change.attemptsMax === undefined) return groups;
  const seen = new Map<string, number>();
  let failedBefore: string | undefined;
  return groups.filter((group) => {
    const only = group.length === 1 ? group[0]?.span : undefined;
    const edge = only === undefined ? undefined : edgeOf(only);
    if (only === undefined || edge === undefined) return true;
    const key = `${edge} ${only.name}`;
    const attempt = failedBefore === key ? (seen.get(key) ?? 0) + 1 : 1;
    seen.set(key, attempt);
    failedBefore = only.error ? key : undefined;
    return attempt <= (change.attemptsMax?.(edge) ?? Number.POSITIVE_INFINITY);
  });
}

function playLink(node: Node, change: ReplayChange): Played {
  const { span } = node;
  const edge = edgeOf(span);
  if (edge === undefined) return { durationMs: span.durationMs, timedOut: false };
  const inner = node.children.reduce((most, child) => Math.max(most, child.span.durationMs), 0);
  const gapMs = Math.max(0, span.durationMs - inner);
  const innerMs = node.children.reduce((most, child) => Math.max(most, play(child, change)), 0);
  const durationMs = gapMs * change.gap(edge, span) + innerMs;
  const limitMs = change.timeoutMs?.(edge);
  return limitMs !== undefined && durationMs > limitMs
    ? { durationMs: limitMs, timedOut: true }
    : { durationMs, timedOut: false };
}

/** Duration of a span when played with the change: own time scaled, groups one after another, the longest of each. */
function play(node: Node, change: ReplayChange): number {
  const { span } = node;
  if (isLink(span)) return playLink(node, change).durationMs;
  const factor = change.self(span.service, span);
  let total = 0;
  let covered = 0;
  let cursor = span.offsetMs;
  const kept = new Set(keptGroups(node, change));
  for (const group of groupsOf(node)) {
    const startMs = Math.max(cursor, group[0]?.span.offsetMs ?? cursor);
    const endMs = group.reduce(
      (end, c) => Math.max(end, c.span.offsetMs + c.span.durationMs),
      startMs,
    );
    const longest = [...group].reduce((most, child) => {
      const lead = Math.max(0, child.span.offsetMs - startMs);
      return Math.max(most, lead * factor + play(child, change));
    }, 0);
    covered += Math.max(0, endMs - startMs);
    cursor = Math.max(cursor, endMs);
    if ([...kept].some((one) => one[0] === group[0])) total += longest;
  }
  return Math.max(0, span.durationMs - covered) * factor + total;
}

/** The duration of the whole request when played with the change. */
export function replay(exemplar: Exemplar, change: ReplayChange): number {
  return play(exemplar.root, change);
}

export const UNCHANGED: ReplayChange = { self: () => 1, gap: () => 1 };
