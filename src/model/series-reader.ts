import type { AttributeValue, EntityId } from "./entity.ts";
import type { MetricStore } from "./metric-store.ts";
import type { Window } from "./quantity.ts";
import type { StoredSeries } from "./stored-series.ts";
import type { TierShape } from "./tiers.ts";
import { BUCKET_MS, type MetricInfo, type SeriesWindow } from "./view.ts";

/** The metrics that some entities reported by `closedMs`. */
export function seriesOf(
  store: MetricStore,
  reporters: readonly number[],
  closedMs: number,
): readonly MetricInfo[] {
  const infos = new Map<string, MetricInfo>();
  for (const reporter of reporters) {
    for (const { metric, unit, kind, firstBucket } of store.of(reporter)) {
      if (firstBucket * BUCKET_MS < closedMs) infos.set(metric, { metric, unit, kind });
    }
  }
  return [...infos.values()].sort((a, b) => (a.metric < b.metric ? -1 : 1));
}

function contains(
  attributes: Readonly<Record<string, AttributeValue>>,
  wanted: Readonly<Record<string, AttributeValue>>,
): boolean {
  return Object.entries(wanted).every(([name, value]) => attributes[name] === value);
}

/** Series of one metric, a value for each step of the window. */
export function readSeries(
  store: MetricStore,
  reporters: readonly number[],
  query: {
    readonly metric: string;
    readonly window: Window;
    readonly shape: TierShape | undefined;
    readonly attributes: Readonly<Record<string, AttributeValue>>;
    readonly idOf: (index: number) => EntityId;
  },
): readonly SeriesWindow[] {
  const { shape, window } = query;
  const stepMs = shape?.stepMs ?? BUCKET_MS;
  const from = Math.floor(window.fromMs / stepMs);
  const length = Math.max(0, Math.ceil(window.toMs / stepMs) - from);
  const timesMs = Float64Array.from({ length }, (_, index) => (from + index) * stepMs);
  const matching = (one: StoredSeries): boolean =>
    one.metric === query.metric &&
    one.firstBucket * BUCKET_MS < window.toMs &&
    contains(one.attributes, query.attributes);
  return reporters.flatMap((reporter) =>
    store
      .of(reporter)
      .filter(matching)
      .map((one) => ({
        entity: query.idOf(one.entity),
        metric: one.metric,
        unit: one.unit,
        kind: one.kind,
        attributes: one.attributes,
        timesMs,
        ...valuesOf(one, timesMs, shape),
      })),
  );
}

function valuesOf(
  series: StoredSeries,
  timesMs: Float64Array,
  shape: TierShape | undefined,
): Pick<SeriesWindow, "values" | "maxima"> {
  if (shape === undefined)
    return { values: timesMs.map((timeMs) => series.at(timeMs / BUCKET_MS)) };
  const ring = series.ring(shape);
  return {
    values: timesMs.map((timeMs) => ring.mean(timeMs / shape.stepMs)),
    maxima: timesMs.map((timeMs) => ring.max(timeMs / shape.stepMs)),
  };
}
