import type { LogStore } from "./log-store.ts";
import type { MetricStore } from "./metric-store.ts";
import {
  AHEAD_MS_MAX,
  bucketOf,
  OPEN_SPANS_MAX,
  type OpenBucket,
  type OpenBuckets,
} from "./open-buckets.ts";
import type { OpenTraces } from "./open-traces.ts";
import type { LogsSignal, MetricsSignal, Span, SpansSignal } from "./signal.ts";
import type { Sender } from "./site.ts";
import type { SiteResolver } from "./site-resolver.ts";
import type { Heard, Topology } from "./topology.ts";
import type { IntakeStats } from "./world-stats.ts";

/** Takes telemetry into the buckets that are open, and counts what it cannot take. */
export class SignalIntake {
  readonly #topology: Topology;
  readonly #resolver: SiteResolver;
  readonly #traces: OpenTraces;
  readonly #buckets: OpenBuckets;
  readonly #metrics: MetricStore;
  readonly #logs: LogStore;
  lastSignalMs = 0;
  readonly counts = {
    spans: 0,
    late: 0,
    ahead: 0,
    refused: 0,
    withoutService: 0,
    points: 0,
    pointsRefused: 0,
    records: 0,
    recordsLate: 0,
  };

  constructor(options: {
    readonly topology: Topology;
    readonly resolver: SiteResolver;
    readonly traces: OpenTraces;
    readonly buckets: OpenBuckets;
    readonly metrics: MetricStore;
    readonly logs: LogStore;
  }) {
    this.#topology = options.topology;
    this.#resolver = options.resolver;
    this.#traces = options.traces;
    this.#buckets = options.buckets;
    this.#metrics = options.metrics;
    this.#logs = options.logs;
  }

  /** Telemetry was heard: silence is judged by this, not by the times that the data bears. */
  #hear(service: number | undefined, receivedMs: number): OpenBucket {
    this.lastSignalMs = Math.max(this.lastSignalMs, receivedMs);
    const bucket = this.#buckets.at(receivedMs);
    if (service !== undefined) bucket.heard.add(service);
    return bucket;
  }

  spans(signal: SpansSignal, nowMs: number): void {
    const { spans, receivedMs } = signal;
    const heard: Heard = { seenMs: Math.min(receivedMs, firstStartMs(spans)), nowMs };
    const sender = this.#topology.sender(signal.resource, heard);
    this.#topology.touch(sender, receivedMs);
    const now = this.#hear(sender?.service, receivedMs);
    if (sender === undefined) {
      this.counts.withoutService += spans.length;
      now.dropped += spans.length;
      return;
    }
    for (const span of spans) this.#applySpan(span, sender, { heard, now, receivedMs });
  }

  #applySpan(
    span: Span,
    sender: Sender,
    at: { readonly heard: Heard; readonly now: OpenBucket; readonly receivedMs: number },
  ): void {
    const { endMs } = span;
    if (endMs > at.receivedMs + AHEAD_MS_MAX) {
      this.counts.ahead += 1;
      at.now.dropped += 1;
      return;
    }
    const site = this.#resolver.site(sender, span, at.heard);
    const index = bucketOf(endMs);
    const isLate = !this.#buckets.isOpen(index);
    if (!isLate && this.#buckets.spans >= OPEN_SPANS_MAX) {
      this.counts.refused += 1;
      at.now.dropped += 1;
      return;
    }
    const node = isLate
      ? this.#traces.unheld(span, site)
      : this.#traces.admit(span, site, at.heard.nowMs);
    if (node === undefined) return;
    if (site.type === "station") {
      for (const counter of site.operation.counters) {
        counter.count(endMs, node.error, node.endMs - node.startMs);
      }
    }
    if (isLate) {
      this.counts.late += 1;
      sender.spansLate += 1;
      at.now.dropped += 1;
      return;
    }
    this.counts.spans += 1;
    const bucket = this.#buckets.get(index);
    bucket.nodes.push(node);
    bucket.spans += 1;
    this.#buckets.grow();
  }

  metrics(signal: MetricsSignal, heard: Heard): void {
    const sender = this.#topology.sender(signal.resource, heard);
    const entity =
      sender?.instance ?? sender?.service ?? this.#topology.host(signal.resource, heard);
    this.#hear(sender?.service, signal.receivedMs);
    if (entity === undefined) {
      this.counts.pointsRefused += signal.points.length;
      return;
    }
    for (const point of signal.points) {
      if (point.timeMs > signal.receivedMs + AHEAD_MS_MAX) {
        this.counts.ahead += 1;
        continue;
      }
      this.counts.points += 1;
      const at = bucketOf(point.timeMs);
      this.#metrics.add(entity, point, { at, isOpen: this.#buckets.isOpen(at) });
    }
  }

  logs(signal: LogsSignal, heard: Heard): void {
    const sender = this.#topology.sender(signal.resource, heard);
    this.#hear(sender?.service, signal.receivedMs);
    if (sender === undefined) {
      this.counts.withoutService += signal.records.length;
      return;
    }
    const name = this.#topology.name(sender.service);
    for (const record of signal.records) {
      const at = bucketOf(record.timeMs);
      if (!this.#buckets.isOpen(at) || record.timeMs > signal.receivedMs + AHEAD_MS_MAX) {
        this.counts.recordsLate += 1;
        continue;
      }
      this.counts.records += 1;
      const template = this.#logs.add(sender.service, name, record);
      const { templates } = this.#buckets.get(at);
      templates.set(template, (templates.get(template) ?? 0) + 1);
    }
  }

  /** What was left out, as sentences for people. */
  notes(): string[] {
    const notes: string[] = [];
    for (const [service, count] of this.#resolver.overflowed) {
      const name = this.#topology.name(service);
      notes.push(`${name} has more operations than are told apart: ${count} spans count together`);
    }
    const late = this.#topology.senders.filter((sender) => sender.spansLate > 0);
    for (const [service, senders] of Map.groupBy(late, (sender) => sender.service)) {
      const count = senders.reduce((total, sender) => total + sender.spansLate, 0);
      notes.push(
        `${count} spans of ${this.#topology.name(service)} came after their bucket had closed`,
      );
    }
    if (this.#metrics.refused > 0) notes.push("some metric series are beyond the limit");
    if (this.#logs.overflowed > 0) notes.push("some log records fit no template");
    if (this.#traces.unassembled > 0) notes.push("some spans were counted without their trace");
    return notes;
  }

  stats(): IntakeStats {
    const { entities, relations, sendersRefused } = this.#topology;
    let operationsOverflowed = 0;
    for (const count of this.#resolver.overflowed.values()) operationsOverflowed += count;
    return {
      lastSignalMs: this.lastSignalMs,
      spans: this.counts.spans,
      spansDuplicate: this.#traces.duplicates,
      spansLate: this.counts.late,
      spansAhead: this.counts.ahead,
      spansRefused: this.counts.refused,
      spansWithoutService: this.counts.withoutService,
      spansUnassembled: this.#traces.unassembled,
      spansOpen: this.#buckets.spans,
      tracesOpen: this.#traces.size,
      points: this.counts.points,
      pointsRefused: this.counts.pointsRefused + this.#metrics.refused,
      pointsOutOfOrder: this.#metrics.outOfOrder,
      pointsLate: this.#metrics.late,
      records: this.counts.records,
      recordsOverflowed: this.#logs.overflowed,
      recordsLate: this.counts.recordsLate,
      entities: entities.size,
      entitiesRefused: entities.refused,
      relations: relations.size,
      relationsRefused: relations.refused,
      operationsOverflowed,
      callsOverflowed: this.#resolver.callsOverflowed,
      sendersRefused,
      series: this.#metrics.size,
      templates: this.#logs.size,
      stationCells: this.#resolver.stationCells.length,
      edgeCells: this.#resolver.edgeCells.length,
    };
  }
}

function firstStartMs(spans: readonly Span[]): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { startMs } of spans) if (startMs < first) first = startMs;
  return first;
}
