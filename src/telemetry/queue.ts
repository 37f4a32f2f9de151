import type { Signal } from "../model/signal.ts";

/** Spans, points, records or entities that a signal holds. */
function signalSize(signal: Signal): number {
  switch (signal.type) {
    case "spans":
      return signal.spans.length;
    case "metrics":
      return signal.points.length;
    case "logs":
      return signal.records.length;
    case "topology":
      return signal.entities.length + signal.relations.length;
    case "slos":
      return signal.slos.length;
    case "change":
      return 1;
  }
}

/** What waits between the receivers and the watch loop, sized by items so that many small requests count like a big one. */
export interface SignalQueue {
  /** Items that wait. */
  readonly depth: number;
  /** Takes all or none: false when it would grow beyond its limit. An empty queue takes any batch. */
  offer(signals: readonly Signal[]): boolean;
  /** Takes what may not be lost, whatever the depth. The caller bounds how much of it there is. */
  force(signals: readonly Signal[]): void;
  /** The oldest signals, together at most `itemsMax` items, at least one signal if any waits. */
  take(itemsMax: number): Signal[];
}

/** Compacting waits until this many taken slots have gathered, so that taking stays linear. */
const TAKEN_SLOTS_MAX = 1024;

export function createSignalQueue(itemsMax: number): SignalQueue {
  let waiting: Signal[] = [];
  let first = 0;
  let depth = 0;
  const force = (signals: readonly Signal[]): void => {
    for (const signal of signals) {
      waiting.push(signal);
      depth += signalSize(signal);
    }
  };
  return {
    get depth() {
      return depth;
    },
    force,
    offer: (signals) => {
      const size = signals.reduce((sum, signal) => sum + signalSize(signal), 0);
      if (depth > 0 && depth + size > itemsMax) return false;
      force(signals);
      return true;
    },
    take: (batchMax) => {
      const batch: Signal[] = [];
      let room = batchMax;
      for (let next = waiting[first]; next !== undefined; next = waiting[first]) {
        const size = signalSize(next);
        if (batch.length > 0 && size > room) break;
        batch.push(next);
        room -= size;
        depth -= size;
        first += 1;
      }
      if (first === waiting.length || first > TAKEN_SLOTS_MAX) {
        waiting = waiting.slice(first);
        first = 0;
      }
      return batch;
    },
  };
}
