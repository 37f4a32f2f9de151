import { z } from "zod";
import type { EntityId } from "../src/model/entity.ts";
import { metricUnit, type Quantity, type Unit, type Window } from "../src/model/quantity.ts";
import type { SeriesWindow, WorldView } from "../src/model/view.ts";
import { answer, firstOf, quantities, refuse, rounded } from "./answer.ts";
import { defineTool, type EvidenceDraft, type ToolRefusal } from "./define-tool.ts";
import { atSchema, pastViewAt } from "./instant.ts";
import { placeName, resolveEntity } from "./named-entity.ts";
import { nameText, untrustedText } from "./untrusted.ts";
import { lastMinutes, minutesSchema, windowSchema, windowText } from "./window.ts";

/** Limits of one answer. */
const SERIES_MAX = 4;
const POINTS_MAX = 24;
const ATTRIBUTES_MAX = 6;
const VALUE_CHARS_MAX = 60;
const MINUTES = 15;

const input = z.strictObject({
  entity: z.string().min(1).max(200),
  metric: z.string().min(1).max(200).describe("As named by get_entity: `name`, or `name.p95`."),
  minutes: minutesSchema(MINUTES),
  at: atSchema,
});
const seriesSchema = z.object({
  of: z.string(),
  attributes: z.record(z.string(), z.string()),
  unit: z.string(),
  kind: z.string(),
  /** Oldest first; each is the mean of its share of the window, null where nothing was seen. */
  points: z.array(z.number().nullable()),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  last: z.number().nullable(),
});
const output = z.object({
  window: windowSchema,
  stepSeconds: z.number(),
  series: z.array(seriesSchema),
});

const seenIn = (values: Iterable<number>): readonly number[] =>
  [...values].filter((value) => Number.isFinite(value));
const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** At most `POINTS_MAX` means over equal stretches. */
function thinned(values: Float64Array): (number | null)[] {
  const size = Math.max(1, Math.ceil(values.length / POINTS_MAX));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    rounded(meanOf(seenIn(values.subarray(index * size, (index + 1) * size)))),
  );
}

function unitOf(series: SeriesWindow): Unit {
  return series.kind === "rate" ? "per_second" : metricUnit(series.unit);
}

/** The greatest of each step: of a coarse one it is known beside its mean. */
const maximaOf = ({ values, maxima }: SeriesWindow): Float64Array => maxima ?? values;

function summaryOf(series: SeriesWindow): Record<"min" | "max" | "mean" | "last", number> {
  const seen = seenIn(series.values);
  return {
    min: Math.min(...seen),
    max: Math.max(...seenIn(maximaOf(series))),
    mean: meanOf(seen),
    last: seen.at(-1) ?? Number.NaN,
  };
}

function instantOfMax(series: SeriesWindow, { fromMs, toMs }: Window): number {
  const values = maximaOf(series);
  const max = Math.max(...seenIn(values));
  return fromMs + (values.indexOf(max) * (toMs - fromMs)) / Math.max(1, values.length);
}

function evidenceOf(series: SeriesWindow, window: Window): EvidenceDraft | undefined {
  const unit = unitOf(series);
  const values = Object.entries(summaryOf(series))
    .filter(([, value]) => Number.isFinite(value))
    .map(([key, value]): [string, Quantity] => [key, { value, unit }]);
  if (values.length === 0) return undefined;
  const about = placeName(series.entity);
  const which = Object.entries(attributesOf(series)).map(([key, value]) => `${key}=${value}`);
  const of = which.length === 0 ? about : `${about} (${which.slice(0, 2).join(", ")})`;
  const text = `${nameText(series.metric)} of ${of} is {{last}}, between {{min}} and {{max}} (first at {{maxAt}}) in the window`;
  const maxAt = quantities("time", { maxAt: instantOfMax(series, window) });
  return {
    kind: "series",
    about,
    text,
    values: { ...Object.fromEntries(values), ...maxAt },
    window,
  };
}

/** `pool=main` and the like: what tells the series of one metric apart. */
function attributesOf(series: SeriesWindow): Record<string, string> {
  const shown = Object.entries(series.attributes).slice(0, ATTRIBUTES_MAX);
  return Object.fromEntries(
    shown.map(([key, value]) => [nameText(key), untrustedText(String(value), VALUE_CHARS_MAX)]),
  );
}

/** The metric's own name for what an answer showed of it. */
function metricNamed(view: WorldView, entity: EntityId, text: string): string {
  const wanted = text.trim();
  const names = view.metrics(entity).map((one) => one.metric);
  if (names.includes(wanted)) return wanted;
  return names.find((name) => nameText(name) === wanted) ?? wanted;
}

function unknownMetric(view: WorldView, entity: EntityId, metric: string): ToolRefusal {
  const names = view.metrics(entity).map((one) => nameText(one.metric));
  const name = placeName(entity);
  if (names.length === 0) {
    return refuse("no_metrics", `No metric of ${name} was received; traces may still tell.`);
  }
  const words = metric.toLowerCase().split(/\W+/);
  const alike = (one: string): number =>
    words.filter((word) => word.length > 2 && one.toLowerCase().includes(word)).length;
  const near = names.sort((a, b) => alike(b) - alike(a));
  return refuse("metric_unknown", `${name} has no metric ${nameText(metric)}.`, near);
}

export const querySeries = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "query_series",
  description:
    "One metric of one entity through time (CPU, memory, pool, queue, restarts …), thinned to 24 points, with min, max, mean and last. Names come from get_entity.",
  input,
  output,
  effect: "read",
  timeoutMs: 2_000,
  title: ({ entity, metric }) =>
    `Reading ${nameText(metric).slice(0, 40)} of ${nameText(entity).slice(0, 30)}`,
  run(context, { entity: text, metric, minutes, at }) {
    const found = pastViewAt(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const resolved = resolveEntity(view, text);
    if (!resolved.ok) return resolved;
    const { id } = resolved.entity;
    const { window, notes } = lastMinutes(view, minutes);
    const all = view.series({ entity: id, metric: metricNamed(view, id, metric), window });
    if (all.length === 0) return unknownMetric(view, id, metric);
    const { kept, notes: cut } = firstOf(all, SERIES_MAX, "series");
    const length = Math.max(1, kept[0]?.values.length ?? 1);
    const step = (window.toMs - window.fromMs) / Math.ceil(length / Math.ceil(length / POINTS_MAX));
    return answer(
      {
        window: windowText(window),
        stepSeconds: rounded(step / 1000) ?? 0,
        series: kept.map((one) => {
          const { min, max, mean, last } = summaryOf(one);
          return {
            of: placeName(one.entity),
            attributes: attributesOf(one),
            unit: one.kind === "rate" ? `${nameText(one.unit)}/s` : nameText(one.unit),
            kind: one.kind,
            points: thinned(one.values),
            min: rounded(min),
            max: rounded(max),
            mean: rounded(mean),
            last: rounded(last),
          };
        }),
      },
      kept.flatMap((one) => evidenceOf(one, window) ?? []),
      [...notes, ...cut],
    );
  },
});
