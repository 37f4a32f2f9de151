import type { FrameSlice } from "./column-reader.ts";
import { edgeId } from "./entity.ts";
import type { Frame } from "./frame.ts";
import {
  MARK,
  spansIn,
  type TraceBlock,
  type TraceSite,
  traceEndMs,
  traceIdAt,
  tracesIn,
  unpackTrace,
} from "./trace-block.ts";
import type { Trace, TraceQuery } from "./view.ts";

function touches(site: TraceSite, through: string): boolean {
  if (site.service === through || site.instance === through || site.operation === through) {
    return true;
  }
  if (site.callee === undefined) return false;
  return site.callee === through || edgeId(site.service, site.callee) === through;
}

/** Which places of a block are, or lead through, what is asked for. */
function touching(block: TraceBlock, through: string): ReadonlySet<number> {
  const found = new Set<number>();
  block.sites.forEach((site, index) => {
    if (touches(site, through)) found.add(index);
  });
  return found;
}

function passes(block: TraceBlock, at: number, sites: ReadonlySet<number>): boolean {
  const to = block.firstSpan[at + 1] ?? 0;
  for (let span = block.firstSpan[at] ?? 0; span < to; span += 1) {
    if (sites.has(block.siteOf[span] ?? -1)) return true;
  }
  return false;
}

/** Traces of a block that fit, the newest first. */
function matching(block: TraceBlock, query: TraceQuery): readonly number[] {
  const { through, operation } = query;
  const sites = through === undefined ? undefined : touching(block, through);
  if (sites?.size === 0) return [];
  const wanted = MARK[query.reservoir];
  const found: number[] = [];
  for (let at = 0; at < tracesIn(block); at += 1) {
    if (((block.marks[at] ?? 0) & wanted) === 0) continue;
    if (operation !== undefined && block.operations[at] !== operation) continue;
    if (sites === undefined || passes(block, at, sites)) found.push(at);
  }
  return found.sort((a, b) => traceEndMs(block, b) - traceEndMs(block, a));
}

/** Kept traces that ended in a window, newest first. */
export function selectTraces(slice: FrameSlice, query: TraceQuery): readonly Trace[] {
  const found: Trace[] = [];
  for (let at = slice.frames.length - 1; at >= 0 && found.length < query.limit; at -= 1) {
    const block = slice.frames[at]?.exemplars;
    if (block === undefined || spansIn(block) === 0) continue;
    const room = query.limit - found.length;
    for (const trace of matching(block, query).slice(0, room))
      found.push(unpackTrace(block, trace));
  }
  return found;
}

/** A kept trace by its id; the longest, when parts of it were kept as well. */
export function findTrace(
  frames: readonly Frame[],
  traceId: string,
  closedMs: number,
): Trace | undefined {
  let found: Trace | undefined;
  for (const { exemplars } of frames) {
    for (let at = 0; at < tracesIn(exemplars); at += 1) {
      if (traceEndMs(exemplars, at) >= closedMs || traceIdAt(exemplars, at) !== traceId) continue;
      const trace = unpackTrace(exemplars, at);
      if (found === undefined || trace.spans.length > found.spans.length) found = trace;
    }
  }
  return found;
}
