import type { Attributes } from "../model/entity.ts";
import type { LogsSignal, MetricsSignal, Signal, SpansSignal } from "../model/signal.ts";
import { createDecodeContext, type DecodeReport } from "../telemetry/otlp/context.ts";
import { decodeOtlp } from "../telemetry/otlp/decode.ts";
import type { OtlpKind } from "../telemetry/otlp/frame.ts";
import { StringCache } from "../telemetry/otlp/string-cache.ts";
import { type Faults, linesOf, noteFault } from "./line-file.ts";
import { TraceThinner } from "./trace-thinner.ts";

/** Records are handed on in steps of this length, as an exporter would send them. */
const TICK_MS = 5_000;
/** Limit: metric points and log records of one case; further ones are left out and counted. */
const POINTS_MAX = 3_000_000;
const RECORDS_MAX = 500_000;
/** A recorded line is a trusted file's, not a stranger's request: as much as a line may hold. */
const LIMITS = {
  itemsMax: 4_000_000,
  messagesMax: 80_000_000,
  jsonFrameBytesMax: 128 * 1024 * 1024,
  aheadMsMax: Number.POSITIVE_INFINITY,
  signalItemsMax: 65_536,
} as const;

/** A span is known when it has ended, a point or a record at its time. */
type Item = { readonly endMs: number } | { readonly timeMs: number };

const knownMs = (item: Item): number => ("endMs" in item ? item.endMs : item.timeMs);

/** One sender's items of one tick. */
interface Batch<T extends Item> {
  readonly resource: Attributes;
  readonly items: T[];
}

/** Items by tick and sender, whatever the order in which a file holds them. */
class Ticks<T extends Item> {
  readonly #ticks = new Map<number, Map<string, Batch<T>>>();

  add(resource: Attributes, key: string, item: T): void {
    const tick = Math.ceil(knownMs(item) / TICK_MS);
    let batches = this.#ticks.get(tick);
    if (batches === undefined) {
      batches = new Map();
      this.#ticks.set(tick, batches);
    }
    const known = batches.get(key);
    if (known === undefined) batches.set(key, { resource, items: [item] });
    else known.items.push(item);
  }

  /** Oldest first; within a tick by sender, items by time. */
  *inOrder(): Generator<{ readonly receivedMs: number } & Batch<T>, void, void> {
    for (const tick of [...this.#ticks.keys()].sort((a, b) => a - b)) {
      const batches = [...(this.#ticks.get(tick) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [, { resource, items }] of batches) {
        items.sort((a, b) => knownMs(a) - knownMs(b));
        yield { receivedMs: tick * TICK_MS, resource, items };
      }
    }
  }
}

/** What may be used: known at `cutMs`, and for spans (whose model looks back so far) not before `fromMs`. */
export interface Reach {
  readonly fromMs: number;
  readonly cutMs: number;
}

export interface CaseTelemetry {
  readonly spans: readonly SpansSignal[];
  readonly metrics: readonly MetricsSignal[];
  readonly logs: readonly LogsSignal[];
  /** Share of the recorded traces that the limit on spans left in. */
  readonly traceShare: number;
}

function noteReport(faults: Faults, name: string, report: DecodeReport): void {
  for (const [reason, count] of [...report.rejected, ...report.dropped]) {
    noteFault(faults, `${name}: ${reason}`, count);
  }
}

async function* signalsOf(
  folder: string,
  kind: OtlpKind,
  faults: Faults,
): AsyncGenerator<Signal, void, void> {
  const name = `${kind}.jsonl`;
  const strings = new StringCache();
  for await (const body of linesOf(folder, name, faults)) {
    const context = createDecodeContext({ source: "case", receivedMs: 0, limits: LIMITS, strings });
    try {
      yield* decodeOtlp({ kind, encoding: "json", body }, context);
    } catch {
      noteFault(faults, `${name}: a line is not OTLP`);
    }
    noteReport(faults, name, context.report);
  }
}

/** One kind's items, each offered to `takes` with its sender. */
async function collect<T extends Item>(
  input: { readonly folder: string; readonly kind: OtlpKind; readonly faults: Faults },
  itemsOf: (signal: Signal) => readonly T[],
  takes: (item: T) => boolean,
): Promise<Ticks<T>> {
  const ticks = new Ticks<T>();
  for await (const signal of signalsOf(input.folder, input.kind, input.faults)) {
    const resource = "resource" in signal ? signal.resource : {};
    const key = JSON.stringify(resource);
    for (const item of itemsOf(signal)) if (takes(item)) ticks.add(resource, key, item);
  }
  return ticks;
}

/** Takes what was known at `cutMs`, up to a limit; what is beyond the limit is counted. */
function upTo(
  limit: { readonly max: number; readonly what: string },
  cutMs: number,
  faults: Faults,
): (item: Item) => boolean {
  let taken = 0;
  return (item) => {
    if (knownMs(item) > cutMs) return false;
    taken += 1;
    if (taken <= limit.max) return true;
    noteFault(faults, limit.what);
    return false;
  };
}

/** Reads the telemetry of a case folder that was known at `cutMs`, in order of time. What cannot be used is counted. */
export async function readTelemetry(
  folder: string,
  { fromMs, cutMs }: Reach,
  faults: Faults,
): Promise<CaseTelemetry> {
  const thinner = new TraceThinner();
  const source = "case";
  const spans = await collect(
    { folder, kind: "traces", faults },
    (signal) => (signal.type === "spans" ? signal.spans : []),
    (span) => span.endMs <= cutMs && span.endMs >= fromMs && thinner.admits(span),
  );
  const points = await collect(
    { folder, kind: "metrics", faults },
    (signal) => (signal.type === "metrics" ? signal.points : []),
    upTo({ max: POINTS_MAX, what: "metrics.jsonl: too many points" }, cutMs, faults),
  );
  const records = await collect(
    { folder, kind: "logs", faults },
    (signal) => (signal.type === "logs" ? signal.records : []),
    upTo({ max: RECORDS_MAX, what: "logs.jsonl: too many records" }, cutMs, faults),
  );
  return {
    spans: spansOf(spans, thinner),
    metrics: Array.from(points.inOrder(), ({ items, ...rest }) => ({
      type: "metrics",
      source,
      ...rest,
      points: items,
    })),
    logs: Array.from(records.inOrder(), ({ items, ...rest }) => ({
      type: "logs",
      source,
      ...rest,
      records: items,
    })),
    traceShare: thinner.share,
  };
}

function spansOf(
  ticks: Ticks<SpansSignal["spans"][number]>,
  thinner: TraceThinner,
): readonly SpansSignal[] {
  return [...ticks.inOrder()].flatMap(({ items, ...rest }) => {
    // The share may have fallen after some of these came.
    const spans = items.filter((span) => thinner.keeps(span.traceId));
    return spans.length === 0 ? [] : [{ type: "spans", source: "case", ...rest, spans }];
  });
}
