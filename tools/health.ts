import { z } from "zod";
import { seconds, sumIn } from "../src/model/dynamics/columns.ts";
import { mergedQuantile } from "../src/model/merged-quantile.ts";
import type { Quantity, Window } from "../src/model/quantity.ts";
import type { Sketch } from "../src/model/sketch.ts";
import type { EdgeWindow, EntryWindow, StationWindow } from "../src/model/view.ts";
import { quantities, rounded } from "./answer.ts";

/** Golden signals of some work in a window. Times are milliseconds; NaN where nothing was seen. */
export interface Health {
  readonly count: number;
  readonly requestRate: number;
  readonly errorRatio: number;
  readonly meanMs: number;
  readonly p95Ms: number;
  /** Mean time of its own, without what it calls; of a link: the time between its two ends. */
  readonly ownMs: number;
}

interface Work {
  readonly count: number;
  readonly errors: number;
  readonly durationMs: number;
  readonly ownMs: number;
  readonly ownCount: number;
  readonly source: { readonly duration: Sketch };
}

function healthOf(work: readonly Work[], window: Window): Health {
  const sum = (pick: (one: Work) => number): number =>
    work.reduce((all, one) => all + pick(one), 0);
  const count = sum((one) => one.count);
  let p95Ms: number | undefined;
  return {
    count,
    requestRate: count / seconds(window),
    errorRatio: count === 0 ? Number.NaN : sum((one) => one.errors) / count,
    meanMs: count === 0 ? Number.NaN : sum((one) => one.durationMs) / count,
    /** Of many places few are told: it is worked out for those. */
    get p95Ms(): number {
      p95Ms ??= mergedQuantile(
        work.map((one) => one.source.duration),
        0.95,
      );
      return p95Ms;
    },
    ownMs: sum((one) => one.ownMs) / sum((one) => one.ownCount),
  };
}

export function stationHealth(stations: readonly StationWindow[], window: Window): Health {
  const work = stations.map((one) => ({
    count: sumIn(one, one.count, window),
    errors: sumIn(one, one.errors, window),
    durationMs: sumIn(one, one.durationMsSum, window),
    ownMs: sumIn(one, one.selfMsSum, window),
    ownCount: sumIn(one, one.selfCount, window),
    source: one,
  }));
  return healthOf(work, window);
}

export function edgeHealth(edges: readonly EdgeWindow[], window: Window): Health {
  const work = edges.map((one) => ({
    count: sumIn(one, one.count, window),
    errors: sumIn(one, one.errors, window),
    durationMs: sumIn(one, one.durationMsSum, window),
    ownMs: sumIn(one, one.gapMsSum, window),
    ownCount: sumIn(one, one.gapCount, window),
    source: one,
  }));
  return healthOf(work, window);
}

export function entryHealth(entries: readonly EntryWindow[], window: Window): Health {
  const work = entries.map((one) => ({
    count: sumIn(one, one.count, window),
    errors: sumIn(one, one.errors, window),
    durationMs: sumIn(one, one.durationMsSum, window),
    ownMs: 0,
    ownCount: 0,
    source: one,
  }));
  return healthOf(work, window);
}

export const healthSchema = z.object({
  requestsPerSecond: z.number().nullable(),
  errorRatio: z.number().nullable(),
  p95Ms: z.number().nullable(),
  meanMs: z.number().nullable(),
  ownMs: z.number().nullable(),
});

export function healthRow(health: Health): z.infer<typeof healthSchema> {
  return {
    requestsPerSecond: rounded(health.requestRate),
    errorRatio: rounded(health.errorRatio),
    p95Ms: rounded(health.p95Ms),
    meanMs: rounded(health.meanMs),
    ownMs: rounded(health.ownMs),
  };
}

/** The citable values of a health: `requestRate`, `errorRatio`, `p95Ms`, `meanMs`, `ownMs`, each with a prefix. */
export function healthValues(health: Health, prefix = ""): Record<string, Quantity> {
  const key = (name: string): string =>
    prefix === "" ? name : `${prefix}${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
  return {
    ...quantities("per_second", { [key("requestRate")]: health.requestRate }),
    ...quantities("ratio", { [key("errorRatio")]: health.errorRatio }),
    ...quantities("ms", {
      [key("p95Ms")]: health.p95Ms,
      [key("meanMs")]: health.meanMs,
      [key("ownMs")]: health.ownMs,
    }),
  };
}
