import { must } from "../assert.ts";
import type { EntityId } from "./entity.ts";
import { SPAN_KIND } from "./signal.ts";
import { uncoveredMs } from "./span-facts.ts";
import type { SpanNode } from "./span-node.ts";
import type { Trace, TraceSpan } from "./view.ts";

/** Limit: spans shown of one trace. */
const SPANS_SHOWN_MAX = 400;

const KINDS: Readonly<Record<number, TraceSpan["kind"]>> = {
  [SPAN_KIND.server]: "server",
  [SPAN_KIND.client]: "client",
  [SPAN_KIND.producer]: "producer",
  [SPAN_KIND.consumer]: "consumer",
};

function selfMs(node: SpanNode): number {
  const own = (node.children ?? []).filter((child) => child.kind !== SPAN_KIND.consumer);
  return uncoveredMs(node, own);
}

/** Finished traces as answers show them. `idOf` names an entity. */
export function readTrace(nodes: readonly SpanNode[], idOf: (entity: number) => EntityId): Trace {
  const top = must(nodes[0], "a trace has a root");
  const trace = must(top.trace, "only assembled traces are read");
  const shown = nodes.slice(0, SPANS_SHOWN_MAX);
  shown.sort((a, b) => a.startMs + a.shiftMs - (b.startMs + b.shiftMs));
  const indexOf = new Map(shown.map((node, index) => [node, index]));
  return {
    traceId: trace.traceId,
    operation: idOf(
      top.site.type === "station" ? top.site.operation.index : top.site.sender.service,
    ),
    startMs: top.startMs,
    durationMs: top.endMs - top.startMs,
    error: top.error,
    spans: shown.map((node) => {
      const parent =
        node === top || node.parent === undefined ? -1 : (indexOf.get(node.parent) ?? -1);
      return readSpan(node, { top, parent, idOf });
    }),
  };
}

function readSpan(
  node: SpanNode,
  at: {
    readonly top: SpanNode;
    readonly parent: number;
    readonly idOf: (entity: number) => EntityId;
  },
): TraceSpan {
  const { site } = node;
  const { sender } = site;
  const name = site.type === "station" ? site.operation.name : callOrOwnName(node);
  return {
    spanId: node.spanId,
    parent: at.parent,
    kind: KINDS[node.kind] ?? "internal",
    service: sender.serviceId,
    name,
    ...(site.type === "station" ? { operation: site.operation.id } : {}),
    ...(site.type === "call" && node.callee >= 0 ? { callee: at.idOf(node.callee) } : {}),
    ...(sender.instanceId === undefined ? {} : { instance: sender.instanceId }),
    ...(sender.version === "" ? {} : { version: sender.version }),
    offsetMs: node.startMs + node.shiftMs - at.top.startMs,
    durationMs: node.endMs - node.startMs,
    selfMs: selfMs(node),
    criticalMs: node.criticalMs,
    error: node.error,
    errorType: node.errorType,
  };
}

function callOrOwnName(node: SpanNode): string {
  if (node.site.type !== "call") return node.name;
  const { answer, site } = node;
  if (answer?.site.type === "station") return answer.site.operation.name;
  return site.name;
}
