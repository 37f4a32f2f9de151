import type { EntityId } from "../entity.ts";

/**
 * Exemplar traces, compiled to be played again many times. A node is a request at a station; it works in pieces: groups
 * of calls that begin together, own time before each group, and own time at the end. A call is a chain of attempts. Nodes
 * stand before the nodes that they call, so that one pass from the end plays all of them.
 */
export interface TraceProgram {
  /** By trace: its first node, the entry in `entries`, and the slice in which it ended. */
  readonly roots: Int32Array;
  readonly entries: Int32Array;
  readonly slices: Int32Array;

  /** By node. */
  readonly trace: Int32Array;
  readonly station: Int32Array;
  /** Index in `operations`. */
  readonly operation: Int32Array;
  readonly tailMs: Float64Array;
  /** As it was seen. */
  readonly durationMs: Float64Array;
  readonly failed: Uint8Array;
  /** Groups of node n are `[firstGroup[n], firstGroup[n + 1])`; so on below. */
  readonly firstGroup: Int32Array;

  /** By group: own time before it. */
  readonly leadMs: Float64Array;
  readonly firstChain: Int32Array;

  /** By chain: own time from the group's begin until it is called. */
  readonly offsetMs: Float64Array;
  readonly link: Int32Array;
  /** What is called, index in `calls`. */
  readonly call: Int32Array;
  readonly firstAttempt: Int32Array;

  /** By attempt: the wait before it, since the one before has failed. */
  readonly backoffMs: Float64Array;
  /** Time on the link that the callee does not account for; all of it, when the callee tells nothing. */
  readonly gapMs: Float64Array;
  /** The callee's node; -1: it tells nothing. */
  readonly child: Int32Array;
  readonly attemptFailed: Uint8Array;

  /** Served operations, as the nodes name them. */
  readonly operations: readonly EntityId[];
  readonly calls: readonly string[];
}

/** Attempts of node n are `[firstAttemptOf(n), firstAttemptOf(n + 1))`. */
export function firstAttemptOf(program: TraceProgram, node: number): number {
  const group = program.firstGroup[node] ?? 0;
  return program.firstAttempt[program.firstChain[group] ?? 0] ?? 0;
}
