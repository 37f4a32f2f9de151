import { SPAN_KIND } from "./signal.ts";
import type { OperationInfo } from "./site.ts";
import { isServing, SPAN_DEPTH_MAX } from "./span-facts.ts";
import type { SpanNode } from "./span-node.ts";

/** An operation that this many spans entered without their caller ever showing has callers outside the telemetry. */
const ORPHANS_MIN = 20;

/** Most of its callers never show: they are outside the telemetry. */
export const isCalledFromOutside = ({
  orphans,
  served,
}: Pick<OperationInfo, "orphans" | "served">): boolean =>
  orphans >= ORPHANS_MIN && orphans * 2 > served;

export const isMostlyEntered = ({
  entered,
  served,
}: Pick<OperationInfo, "entered" | "served">): boolean => entered * 2 > served;

/** Who called a served span: another one inside, nobody, or somebody who has not shown. */
export function callerOf(node: SpanNode): SpanNode["caller"] {
  let at = node;
  for (let depth = 0; depth < SPAN_DEPTH_MAX; depth += 1) {
    const { parent } = at;
    if (parent === undefined) return at.parentSpanId === "" ? "none" : "unknown";
    if (isServing(parent)) return "inside";
    at = parent;
  }
  return "unknown";
}

export const isTopOf = (node: SpanNode, operation: OperationInfo): boolean =>
  node.caller === "none" || (node.caller === "unknown" && isCalledFromOutside(operation));

/** Requests enter the system by this operation, or an objective says that it counts. */
export const isEntered = (operation: OperationInfo): boolean =>
  operation.isWatched || isCalledFromOutside(operation) || isMostlyEntered(operation);

export const isFromQueue = (node: SpanNode): boolean =>
  node.kind === SPAN_KIND.consumer && (node.hasLinks || node.parentSpanId !== "");
