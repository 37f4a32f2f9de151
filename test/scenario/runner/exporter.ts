import type { Clock } from "../../../src/clock.ts";
import type { Signal, Span } from "../../../src/model/signal.ts";
import type { SimulatedChange, SimulatedResource, Sink } from "../../../src/simulator/records.ts";
import { pointOf, spanOf } from "../../support/simulated-signals.ts";

/** An OpenTelemetry batch processor's time between two exports. */
const EXPORT_EVERY_MS = 1_000;
/** On the way, and in the receiver. */
const TRANSPORT_MS = 30;

interface Batch {
  readonly resource: SimulatedResource;
  spans: Span[];
  /** Instances do not export in step. */
  dueMs: number;
}

export interface Exporter extends Sink {
  /** Hands over what is due. */
  flush(): void;
  /** While false, telemetry of the service is lost on its way; of all, when no service is named. */
  report(isOn: boolean, service?: string): void;
}

function phaseOf(instance: string): number {
  let hash = 7;
  for (const letter of instance) hash = (hash * 31 + letter.charCodeAt(0)) % 997;
  return hash;
}

/** Collects what a simulation lets out and hands it on as a receiver would: in batches, a little later. */
export function createExporter(
  clock: Clock,
  deliver: (signals: readonly Signal[]) => void,
): Exporter {
  const batches = new Map<SimulatedResource, Batch>();
  const silent = new Set<string>();
  let isDown = false;
  const later: { readonly dueMs: number; readonly signal: Signal }[] = [];
  const isLost = (service: unknown): boolean => isDown || silent.has(String(service));
  const send = (signal: Signal): void => {
    later.push({ dueMs: signal.receivedMs, signal });
  };
  const receivedMs = (): number => clock.nowMs() + TRANSPORT_MS;
  return {
    span: (span) => {
      const { resource } = span;
      if (isLost(resource.service)) return;
      const known = batches.get(resource);
      if (known !== undefined) {
        known.spans.push(spanOf(span));
        return;
      }
      const dueMs = clock.nowMs() + phaseOf(resource.instance);
      batches.set(resource, { resource, spans: [spanOf(span)], dueMs });
    },
    sample: (sample) => {
      const { attributes } = sample.resource;
      if (isLost(attributes["service.name"])) return;
      send({
        type: "metrics",
        source: "otlp",
        receivedMs: receivedMs(),
        resource: attributes,
        points: [pointOf(sample)],
      });
    },
    change: (change: SimulatedChange) =>
      send({ type: "change", source: "changes", receivedMs: receivedMs(), change }),
    flush: () => {
      for (const batch of batches.values()) {
        if (batch.dueMs > clock.nowMs()) continue;
        batch.dueMs += EXPORT_EVERY_MS;
        if (batch.spans.length === 0) continue;
        const { spans, resource } = batch;
        batch.spans = [];
        send({
          type: "spans",
          source: "otlp",
          receivedMs: receivedMs(),
          resource: resource.attributes,
          spans,
        });
      }
      const due = later.filter(({ dueMs }) => dueMs <= clock.nowMs());
      if (due.length === 0) return;
      deliver(due.map(({ signal }) => signal));
      later.splice(0, later.length, ...later.filter(({ dueMs }) => dueMs > clock.nowMs()));
    },
    report: (isOn, service) => {
      if (service === undefined) isDown = !isOn;
      else if (isOn) silent.delete(service);
      else silent.add(service);
      if (isOn) return;
      // What waited for its export is lost, too.
      for (const [resource, batch] of batches) if (isLost(resource.service)) batch.spans = [];
    },
  };
}
