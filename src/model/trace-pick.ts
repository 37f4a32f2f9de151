import {
  copyTraces,
  MARK,
  NO_TRACES,
  type TraceBlock,
  traceRankAt,
  tracesIn,
} from "./trace-block.ts";

interface Pick {
  readonly block: TraceBlock;
  readonly at: number;
  mark: number;
}

/** Of two traces in a reservoir, which stays; chance is a trace's id, which has nothing to do with what it did. */
const BETTER: Readonly<Record<"uniform" | "slow" | "error", (a: Pick, b: Pick) => boolean>> = {
  uniform: (a, b) => traceRankAt(a.block, a.at) < traceRankAt(b.block, b.at),
  error: (a, b) => traceRankAt(a.block, a.at) < traceRankAt(b.block, b.at),
  slow: (a, b) => (a.block.spans[2 * a.at + 1] ?? 0) > (b.block.spans[2 * b.at + 1] ?? 0),
};
const RESERVOIRS = ["uniform", "slow", "error"] as const;

/** Every trace once for each reservoir that holds it. */
function* heldIn(
  blocks: readonly TraceBlock[],
): Generator<Pick & { reservoir: keyof typeof BETTER }> {
  for (const block of blocks) {
    for (let at = 0; at < tracesIn(block); at += 1) {
      for (const reservoir of RESERVOIRS) {
        const mark = MARK[reservoir];
        if (((block.marks[at] ?? 0) & mark) !== 0) yield { block, at, mark, reservoir };
      }
    }
  }
}

/** Of the exemplars of several buckets, one of each reservoir for each operation. */
export function pickTraces(blocks: readonly TraceBlock[]): TraceBlock {
  const chosen = new Map<string, Pick>();
  for (const one of heldIn(blocks)) {
    const key = `${one.reservoir} ${one.block.operations[one.at]}`;
    const other = chosen.get(key);
    if (other === undefined || BETTER[one.reservoir](one, other)) chosen.set(key, one);
  }
  return chosen.size === 0 ? NO_TRACES : copyTraces(merged([...chosen.values()]));
}

/** A trace that several reservoirs chose is kept once, with the marks of all. */
function merged(picks: readonly Pick[]): Pick[] {
  const traces: Pick[] = [];
  for (const pick of picks) {
    const same = traces.find((one) => one.block === pick.block && one.at === pick.at);
    if (same === undefined) traces.push({ ...pick });
    else same.mark |= pick.mark;
  }
  return traces;
}
