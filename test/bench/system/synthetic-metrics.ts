import type { MetricPoint } from "../../../src/model/signal.ts";
import type { ResourcePoints } from "./otlp-body.ts";
import type { SyntheticSystem } from "./synthetic-system.ts";

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

function gauge(name: string, unit: string, timeMs: number, value: number): MetricPoint {
  return {
    name,
    unit,
    kind: "gauge",
    temporality: "unspecified",
    monotonic: false,
    startMs: 0,
    timeMs,
    attributes: {},
    value,
    count: 0,
  };
}

function histogram(timeMs: number, route: string, total: number): MetricPoint {
  const bucketCounts = BOUNDS.map((_, at) => Math.floor(total / (at + 2)));
  const rest = [...bucketCounts, 0];
  const count = rest.reduce((sum, one) => sum + one, 0);
  return {
    name: "http.server.request.duration",
    unit: "s",
    kind: "histogram",
    temporality: "cumulative",
    monotonic: false,
    startMs: timeMs - 3_600_000,
    timeMs,
    attributes: { "http.route": route, "http.request.method": "GET" },
    value: count * 0.03,
    count,
    bounds: BOUNDS,
    bucketCounts: rest,
  };
}

/** What every instance says of itself at a time: CPU, memory, event loop, connections, and its requests by route. */
export function metricsAt(system: SyntheticSystem, timeMs: number): ResourcePoints[] {
  return system.services.flatMap(({ resources, operations }) =>
    resources.map((resource, replica) => {
      const wave = 0.5 + 0.4 * Math.sin(timeMs / 60_000 + replica);
      const gauges = [
        gauge("process.cpu.utilization", "1", timeMs, wave),
        gauge("process.memory.usage", "By", timeMs, 2e8 + 1e7 * wave),
        gauge("nodejs.eventloop.delay.p99", "s", timeMs, 0.01 * wave),
        gauge("db.client.connection.count", "{connection}", timeMs, Math.round(10 * wave)),
      ];
      const total = Math.floor(timeMs / 1000) % 1_000_000;
      const requests = operations.map(({ route }) => histogram(timeMs, route, total));
      return { resource, points: [...gauges, ...requests] };
    }),
  );
}
