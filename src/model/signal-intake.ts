import type { Grace } from "./grace.ts";
import { intakeNotes } from "./intake-notes.ts";
import type { LogStore } from "./log-store.ts";
import type { MetricStore } from "./metric-store.ts";
import { AHEAD_MS_MAX, bucketOf, type OpenBucket, type OpenBuckets } from "./open-buckets.ts";
import type { OpenTraces } from "./open-traces.ts";
import { RecentIds } from "./recent-ids.ts";
import type { LogsSignal, MetricsSignal, Span, SpansSignal } from "./signal.ts";
import type { Sender, StationSite } from "./site.ts";
import type { SiteResolver } from "./site-resolver.ts";
import type { SpanNode } from "./span-node.ts";
import type { Heard, Topology } from "./topology.ts";
import { BUCKET_MS } from "./view.ts";
import type { IntakeStats } from "./world-stats.ts";

/** A span that began longer ago than this does not move back when its sender was first seen. */
const SEEN_BEFORE_MS = 60_000;
/** Requests that were counted are remembered, so that one delivered twice counts once. */
const COUNTED = { periodMs: 60_000, max: 200_000 };

export interface IntakeParts {
  readonly topology: Topology;
  readonly resolver: SiteResolver;
  readonly traces: OpenTraces;
  readonly buckets: OpenBuckets;
  readonly metrics: MetricStore;
  readonly logs: LogStore;
  readonly grace: Grace;
}

interface Arrival {
  readonly now: OpenBucket;
  readonly receivedMs: number;
  readonly nowMs: number;
}

/** Takes telemetry into the buckets that are open, and counts what it cannot take. */
export class SignalIntake {
  readonly #of: IntakeParts;
  readonly #counted = new RecentIds(COUNTED);
  lastSignalMs = 0;
  readonly counts = {
    spans: 0,
    duplicate: 0,
    late: 0,
    ahead: 0,
    refused: 0,
    withoutService: 0,
    points: 0,
    pointsRefused: 0,
    records: 0,
    recordsLate: 0,
  };

  constructor(parts: IntakeParts) {
    this.#of = parts;
  }

  /** Telemetry was heard: silence is judged by this, not by the times that the data bears. */
  #hear(sender: Sender | undefined, receivedMs: number): OpenBucket {
    this.lastSignalMs = Math.max(this.lastSignalMs, receivedMs);
    const bucket = this.#of.buckets.at(receivedMs);
    bucket.firstHeardMs = Math.min(bucket.firstHeardMs || receivedMs, receivedMs);
    bucket.lastHeardMs = Math.max(bucket.lastHeardMs, receivedMs);
    if (sender === undefined) return bucket;
    bucket.heard.add(sender.service);
    if (sender.instance !== undefined) bucket.present.add(sender.instance);
    if (sender.host !== undefined) bucket.present.add(sender.host);
    return bucket;
  }

  /** The sender of a signal, seen from `firstMs` until it was received. */
  #sender(
    resource: SpansSignal["resource"],
    at: { readonly firstMs: number; readonly receivedMs: number; readonly nowMs: number },
  ): Sender | undefined {
    const { receivedMs, nowMs } = at;
    const seenMs = Math.max(receivedMs - SEEN_BEFORE_MS, Math.min(receivedMs, at.firstMs));
    this.#of.topology.sender(resource, { seenMs, nowMs });
    return this.#of.topology.sender(resource, { seenMs: receivedMs, nowMs });
  }

  spans(signal: SpansSignal, nowMs: number): void {
    const { spans, receivedMs, resource } = signal;
    const firstMs = firstStartMs(spans);
    const sender = this.#sender(resource, { firstMs, receivedMs, nowMs });
    const now = this.#hear(sender, receivedMs);
    if (sender === undefined) {
      if (typeof resource["service.name"] === "string") this.counts.refused += spans.length;
      else this.counts.withoutService += spans.length;
      now.dropped += spans.length;
      return;
    }
    for (const span of spans) this.#applySpan(span, sender, { now, receivedMs, nowMs });
  }

  #applySpan(span: Span, sender: Sender, at: Arrival): void {
    const { endMs } = span;
    if (endMs > at.receivedMs + AHEAD_MS_MAX) {
      this.counts.ahead += 1;
      at.now.dropped += 1;
      return;
    }
    const { resolver, buckets, traces, grace } = this.#of;
    const site = resolver.site(sender, span, at.nowMs);
    const index = bucketOf(endMs);
    grace.note(sender, at.receivedMs - (index + 1) * BUCKET_MS);
    const isLate = !buckets.isOpen(index);
    if (!isLate && buckets.isFull) {
      this.counts.refused += 1;
      at.now.dropped += 1;
      return;
    }
    const counted = site.type === "station" ? countedId(span, site) : "";
    const isKnown = counted !== "" && this.#counted.has(counted);
    const node = isKnown
      ? undefined
      : isLate
        ? traces.unheld(span, site)
        : traces.admit(span, site, at.nowMs);
    if (node === undefined) {
      this.counts.duplicate += 1;
      return;
    }
    if (site.type === "station") this.#see(site, node, at.nowMs);
    if (site.type === "station" && counted !== "") this.#count(counted, node, site, at.nowMs);
    if (isLate) {
      this.counts.late += 1;
      at.now.late.set(sender.service, (at.now.late.get(sender.service) ?? 0) + 1);
      at.now.dropped += 1;
      return;
    }
    this.counts.spans += 1;
    buckets.addSpan(index, node);
  }

  #see({ operation }: StationSite, { startMs, endMs }: SpanNode, nowMs: number): void {
    const { entities } = this.#of.topology;
    entities.touch(operation.index, { seenMs: startMs, nowMs });
    entities.touch(operation.index, { seenMs: endMs, nowMs });
  }

  /** Lets those who measure an operation count a request. */
  #count(id: string, node: SpanNode, { operation }: StationSite, nowMs: number): void {
    this.#counted.add(id, nowMs);
    const durationMs = node.endMs - node.startMs;
    for (const counter of operation.counters) counter.count(node.endMs, node.error, durationMs);
  }

  metrics(signal: MetricsSignal, nowMs: number): void {
    const { resource, receivedMs } = signal;
    const sender = this.#sender(resource, { firstMs: receivedMs, receivedMs, nowMs });
    const { topology, metrics, buckets } = this.#of;
    const heard: Heard = { seenMs: receivedMs, nowMs };
    const entity = sender?.instance ?? sender?.service ?? topology.reporter(resource, heard);
    this.#hear(sender, receivedMs);
    if (entity === undefined) {
      this.counts.pointsRefused += signal.points.length;
      return;
    }
    for (const point of signal.points) {
      if (point.timeMs > receivedMs + AHEAD_MS_MAX) {
        this.counts.ahead += 1;
        continue;
      }
      this.counts.points += 1;
      const at = bucketOf(point.timeMs);
      const stream = metrics.stream(entity, point, at);
      if (stream === undefined) continue;
      if (!buckets.isOpen(at)) metrics.addLate({ stream, point });
      else if (!buckets.addPoint(at, { stream, point })) this.counts.pointsRefused += 1;
    }
  }

  logs(signal: LogsSignal, nowMs: number): void {
    const { resource, receivedMs } = signal;
    const sender = this.#sender(resource, { firstMs: receivedMs, receivedMs, nowMs });
    this.#hear(sender, receivedMs);
    if (sender === undefined) {
      this.counts.withoutService += signal.records.length;
      return;
    }
    const { topology, logs, buckets } = this.#of;
    const name = topology.name(sender.service);
    for (const record of signal.records) {
      const at = bucketOf(record.timeMs);
      if (!buckets.isOpen(at) || record.timeMs > receivedMs + AHEAD_MS_MAX) {
        this.counts.recordsLate += 1;
        continue;
      }
      this.counts.records += 1;
      buckets.addTemplate(at, logs.add(sender.service, name, record));
    }
  }

  /** What limits leave out, as sentences for people. */
  notes(): string[] {
    return intakeNotes(this.#of);
  }

  stats(): IntakeStats {
    const { counts } = this;
    const { topology, resolver, traces, buckets, metrics, logs } = this.#of;
    const { entities, relations, sendersRefused } = topology;
    let operationsOverflowed = 0;
    for (const count of resolver.overflowed.values()) operationsOverflowed += count;
    return {
      lastSignalMs: this.lastSignalMs,
      spans: counts.spans,
      spansDuplicate: counts.duplicate,
      spansLate: counts.late,
      spansAhead: counts.ahead,
      spansRefused: counts.refused,
      spansWithoutService: counts.withoutService,
      spansUnassembled: traces.unassembled,
      spansOpen: buckets.spans,
      tracesOpen: traces.size,
      points: counts.points,
      pointsRefused: counts.pointsRefused + metrics.refused,
      pointsOutOfOrder: metrics.outOfOrder,
      pointsLate: metrics.late,
      records: counts.records,
      recordsOverflowed: logs.overflowed,
      recordsLate: counts.recordsLate,
      entities: entities.size,
      entitiesRefused: entities.refused,
      entitiesForgotten: entities.forgotten,
      relations: relations.size,
      relationsRefused: relations.refused,
      relationsForgotten: relations.forgotten,
      operationsOverflowed,
      callsOverflowed: resolver.callsOverflowed,
      peersOverflowed: resolver.peersOverflowed,
      sendersRefused,
      series: metrics.size,
      templates: logs.size,
      stationCells: resolver.stationCells.size,
      edgeCells: resolver.edgeCells.size,
      cellsRefused: resolver.stationCells.refused + resolver.edgeCells.refused,
      graceMs: this.#of.grace.ms,
    };
  }
}

/** What tells a request that is measured from any other; "" when nobody measures it. */
const countedId = ({ traceId, spanId }: Span, { operation }: StationSite): string =>
  operation.counters.length === 0 ? "" : `${traceId}${spanId}`;

function firstStartMs(spans: readonly Span[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { startMs } of spans) if (startMs < first) first = startMs;
  return first;
}
