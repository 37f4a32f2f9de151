import {
  CODE,
  KIND,
  type SimulatedResource,
  type SimulatedSpan,
} from "../../../src/simulator/records.ts";

/** Seconds: the bounds that OpenTelemetry's conventions advise for HTTP durations. */
const BOUNDS_S = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;

interface Series {
  readonly resource: SimulatedResource;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly startMs: number;
  readonly counts: number[];
  sumS: number;
}

/** One cumulative point of `http.server.request.duration`. */
export interface HistogramPoint {
  readonly resource: SimulatedResource;
  readonly attributes: Series["attributes"];
  readonly startMs: number;
  readonly timeMs: number;
  readonly sumS: number;
  readonly counts: readonly number[];
}

/** What an instrumented HTTP server reports of all its requests, sampled traces or not. */
export class RequestHistograms {
  readonly bounds = BOUNDS_S;
  readonly points: HistogramPoint[] = [];
  readonly #everyMs: number;
  readonly #series = new Map<SimulatedResource, Map<string, Series>>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(span: SimulatedSpan): void {
    if (span.kind !== KIND.server || span.attributes["http.route"] === undefined) return;
    const own = this.#series.get(span.resource) ?? new Map<string, Series>();
    this.#series.set(span.resource, own);
    const isError = span.status === CODE.error;
    const key = `${span.name} ${isError}`;
    const series = own.get(key) ?? {
      resource: span.resource,
      attributes: {
        "http.request.method": span.attributes["http.request.method"] ?? "GET",
        "http.route": span.attributes["http.route"],
        "http.response.status_code": isError ? 500 : 200,
        ...(isError ? { "error.type": "500" } : {}),
      },
      startMs: span.endMs - this.#everyMs,
      counts: Array.from({ length: BOUNDS_S.length + 1 }, () => 0),
      sumS: 0,
    };
    own.set(key, series);
    const seconds = (span.endMs - span.startMs) / 1000;
    const found = BOUNDS_S.findIndex((bound) => seconds <= bound);
    const bucket = found < 0 ? BOUNDS_S.length : found;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sumS += seconds;
  }

  close(nowMs: number): void {
    for (const own of this.#series.values()) {
      for (const { resource, attributes, startMs, sumS, counts } of own.values())
        this.points.push({
          resource,
          attributes,
          startMs,
          timeMs: nowMs,
          sumS,
          counts: [...counts],
        });
    }
  }
}
