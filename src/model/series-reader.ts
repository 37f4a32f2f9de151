import type { AttributeValue, EntityId } from "./entity.ts";
import type { MetricStore, StoredSeries } from "./metric-store.ts";
import { bucketOf } from "./open-buckets.ts";
import type { Window } from "./quantity.ts";
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
      if (firstBucket < bucketOf(closedMs)) infos.set(metric, { metric, unit, kind });
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

/** Series of one metric, a value for each bucket of the window. */
export function readSeries(
  store: MetricStore,
  reporters: readonly number[],
  query: {
    readonly metric: string;
    readonly window: Window;
    readonly attributes: Readonly<Record<string, AttributeValue>>;
    readonly idOf: (entity: number) => EntityId;
  },
): readonly SeriesWindow[] {
  const from = bucketOf(query.window.fromMs);
  const length = Math.max(0, Math.ceil(query.window.toMs / BUCKET_MS) - from);
  const timesMs = Float64Array.from({ length }, (_, index) => (from + index) * BUCKET_MS);
  const matching = (one: StoredSeries): boolean =>
    one.metric === query.metric &&
    one.firstBucket < from + length &&
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
        values: timesMs.map((_, index) => store.valueAt(one, from + index)),
      })),
  );
}
