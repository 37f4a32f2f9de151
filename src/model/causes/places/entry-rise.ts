import { BUCKET_MS, type EntryWindow } from "../../view.ts";
import type { Cell } from "./cells.ts";
import { ratioOf } from "./latency-signal.ts";
import { fitsPage, type PagedSymptom } from "./paged-symptom.ts";
import type { PagedRise } from "./place-picture.ts";
import type { Grid, StepSeries } from "./step-series.ts";
import { EVIDENCE_MIN, PAGED_EVIDENCE_MIN, riseOf } from "./symptom-onset.ts";

/** Requests that a step should hold, so that its mean says something. */
const REQUESTS_MIN = 12;
/** Limit: buckets in one step. */
const BUCKETS_MAX = 24;
const LATENCY_FLOOR = 0.08;
const ERROR_FLOOR = 0.01;

/** How many buckets make a step in which there are usually enough requests. */
function bucketsPerStep(entries: readonly EntryWindow[]): number {
  let requests = 0;
  let served = 0;
  for (let at = 0; at < (entries[0]?.length ?? 0); at += 1) {
    const count = entries.reduce((sum, entry) => sum + (entry.count[at] ?? 0), 0);
    requests += count;
    if (count > 0) served += 1;
  }
  const perBucket = requests / Math.max(1, served);
  return Math.max(1, Math.min(BUCKETS_MAX, Math.ceil(REQUESTS_MIN / Math.max(0.1, perBucket))));
}

/** Sums of a column by step, the steps ending with the column. */
function stepSums(column: Float64Array, per: number, steps: number): Float64Array {
  const sums = new Float64Array(steps);
  for (let at = 0; at < column.length; at += 1) {
    const step = steps - 1 - Math.floor((column.length - 1 - at) / per);
    if (step >= 0) sums[step] = (sums[step] ?? 0) + (column[at] ?? 0);
  }
  return sums;
}

/** What rose at entry operations, seen in their spans at a step that suits their traffic. */
export function entryRises(
  entries: readonly EntryWindow[],
  page: PagedSymptom,
): readonly PagedRise[] {
  const first = entries[0];
  if (first === undefined) return [];
  const per = bucketsPerStep(entries);
  const steps = Math.floor(first.length / per);
  const stepMs = per * BUCKET_MS;
  const endMs = first.fromMs + first.length * BUCKET_MS;
  const grid: Grid = { fromMs: endMs - (steps - 1) * stepMs, stepMs, length: steps };
  const cells = entries.map((entry): Cell => {
    const weights = stepSums(entry.count, per, steps);
    const sums = stepSums(entry.durationMsSum, per, steps);
    return {
      values: sums.map((sum, at) => {
        const count = weights[at] ?? 0;
        return count > 0 ? sum / count : Number.NaN;
      }),
      weights,
    };
  });
  const total = new Float64Array(steps);
  const failed = new Float64Array(steps);
  for (const entry of entries) {
    stepSums(entry.count, per, steps).forEach((count, at) => {
      total[at] = (total[at] ?? 0) + count;
    });
    stepSums(entry.errors, per, steps).forEach((count, at) => {
      failed[at] = (failed[at] ?? 0) + count;
    });
  }
  const errors: StepSeries = {
    fromMs: grid.fromMs,
    stepMs,
    values: failed.map((count, at) => {
      const all = total[at] ?? 0;
      return all > 0 ? Math.min(1, count / all) : Number.NaN;
    }),
  };
  const reference = { fromMs: grid.fromMs - stepMs, toMs: page.detectedMs };
  const least = (kind: PagedRise["kind"]): number =>
    fitsPage(kind, page.kind) ? PAGED_EVIDENCE_MIN : EVIDENCE_MIN;
  const rises = [
    { kind: "latency", series: ratioOf(cells, grid, reference), floor: LATENCY_FLOOR },
    { kind: "errors", series: errors, floor: ERROR_FLOOR },
  ] as const;
  return rises.flatMap(({ kind, series, floor }) => {
    const rise = riseOf(series, page.detectedMs, { floor, evidenceMin: least(kind) });
    return rise === undefined ? [] : [{ place: first.service, kind, rise }];
  });
}
