import { cellKey } from "./cell-table.ts";
import type { EntityId } from "./entity.ts";
import { OVERFLOW_CALL } from "./operation-name.ts";
import type { CallCell, CallSite, EdgeCell } from "./site.ts";
import type { SiteResolver } from "./site-resolver.ts";
import type { SpanNode } from "./span-node.ts";

/** Limit: callee instances and operations that one call site tells apart; further ones count together. */
const CELLS_PER_SITE_MAX = 500;

type Wanted = Pick<CallCell, "callee" | "instance" | "operation">;

/** Finds the row of edge columns that a call counts in: by callee, the instance that answered, and its operation. */
export class EdgeCells {
  readonly #resolver: SiteResolver;

  constructor(resolver: SiteResolver) {
    this.#resolver = resolver;
  }

  /** -1 when there is no room for one more row. */
  cellOf(node: SpanNode, site: CallSite, bucket: number): number {
    site.lastBucket = bucket;
    const found = this.#find(node, site);
    if (found === undefined) return -1;
    found.lastBucket = bucket;
    return found.cell;
  }

  #find(node: SpanNode, site: CallSite): CallCell | undefined {
    const answered = node.answer?.site.type === "station" ? node.answer.site : undefined;
    const { callee } = node;
    if (answered === undefined) {
      const sole = site.soleAnswer === "" || site.soleAnswer === "*" ? site.name : site.soleAnswer;
      return this.#cell(site, { callee, instance: -1, operation: sole });
    }
    const known = site.byAnswer.get(answered);
    if (known !== undefined) return known;
    const instance = answered.sender.instance ?? -1;
    const cell = this.#cell(site, { callee, instance, operation: answered.operation.name });
    if (cell !== undefined) site.byAnswer.set(answered, cell);
    return cell;
  }

  #cell(site: CallSite, wanted: Wanted): CallCell | undefined {
    const { callee, instance, operation } = wanted;
    for (const one of site.cells) {
      if (one.callee === callee && one.instance === instance && one.operation === operation)
        return one;
    }
    const { edgeCells } = this.#resolver;
    const isRest = operation === OVERFLOW_CALL;
    if (!isRest && site.cells.length >= CELLS_PER_SITE_MAX) {
      return this.#cell(site, { callee, instance: -1, operation: OVERFLOW_CALL });
    }
    const edge = edgeOf(site, wanted);
    const cell = edgeCells.hold(edgeKey(edge), () => edge);
    if (cell < 0) {
      edgeCells.refused += 1;
      return undefined;
    }
    const made = { ...wanted, cell, lastBucket: 0 };
    site.cells.push(made);
    return made;
  }
}

function edgeOf({ sender, isAsync }: CallSite, wanted: Wanted): EdgeCell {
  const { callee, instance, operation } = wanted;
  return {
    caller: sender.serviceId,
    callerInstance: sender.instanceId,
    callerVersion: sender.version,
    callee,
    calleeInstance: instance < 0 ? undefined : instance,
    operation,
    isAsync,
  };
}

export const edgeKey = (edge: EdgeCell): string =>
  cellKey(
    edge.caller,
    edge.callerInstance,
    edge.callerVersion,
    edge.callee,
    edge.calleeInstance,
    edge.isAsync ? "async" : "",
    edge.operation,
  );

/** By what the cells of a caller, and those of a callee (an entity's index), are found. */
export const edgeCaller = (caller: EntityId): string => `from ${caller}`;
export const edgeCallee = (callee: number): string => `to ${callee}`;

export const edgeOwners = ({ caller, callee }: EdgeCell): readonly string[] => [
  edgeCaller(caller),
  edgeCallee(callee),
];

/** Remembers which operation answers at a site: it names calls that were not answered. */
export function noteAnswer(site: CallSite, answer: SpanNode): void {
  if (answer.site.type !== "station") return;
  const { name } = answer.site.operation;
  if (site.soleAnswer === "") site.soleAnswer = name;
  else if (site.soleAnswer !== name) site.soleAnswer = "*";
}
