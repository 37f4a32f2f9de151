import type { FrameSlice } from "./column-reader.ts";
import { edgeId } from "./entity.ts";
import type { Exemplar, Frame } from "./frame.ts";
import type { Trace, TraceQuery, TraceSpan } from "./view.ts";

function touches(span: TraceSpan, through: string): boolean {
  if (span.service === through || span.instance === through || span.operation === through) {
    return true;
  }
  if (span.callee === undefined) return false;
  return span.callee === through || edgeId(span.service, span.callee) === through;
}

function matches({ trace, ...held }: Exemplar, query: TraceQuery): boolean {
  if (!held[query.reservoir]) return false;
  if (query.operation !== undefined && trace.operation !== query.operation) return false;
  const { through } = query;
  return through === undefined || trace.spans.some((span) => touches(span, through));
}

/** Kept traces that ended in a window, newest first. */
export function selectTraces(slice: FrameSlice, query: TraceQuery): readonly Trace[] {
  const found: Trace[] = [];
  for (let at = slice.frames.length - 1; at >= 0 && found.length < query.limit; at -= 1) {
    const matching = (slice.frames[at]?.exemplars ?? [])
      .filter((exemplar) => matches(exemplar, query))
      .map((exemplar) => exemplar.trace)
      .sort((a, b) => b.startMs + b.durationMs - (a.startMs + a.durationMs));
    found.push(...matching);
  }
  return found.slice(0, Math.max(0, query.limit));
}

/** A kept trace by its id; the longest, when parts of it were kept as well. */
export function findTrace(
  frames: readonly Frame[],
  traceId: string,
  closedMs: number,
): Trace | undefined {
  let found: Trace | undefined;
  for (const frame of frames) {
    for (const { trace } of frame.exemplars) {
      if (trace.traceId !== traceId || trace.startMs + trace.durationMs >= closedMs) continue;
      if (found === undefined || trace.spans.length > found.spans.length) found = trace;
    }
  }
  return found;
}
