import { z } from "zod";
import { floorToBucket } from "../src/model/dynamics/columns.ts";
import type { Window } from "../src/model/quantity.ts";
import type { WorldView } from "../src/model/view.ts";
import { isoTime } from "./answer.ts";
import { clauseText } from "./untrusted.ts";

/** Limit: minutes that one question looks back. */
const MINUTES_MAX = 1_440;
/** Limit: gaps of the telemetry that one answer names. */
const GAPS_MAX = 4;

export const minutesSchema = (fallback: number) =>
  z.number().min(1).max(MINUTES_MAX).default(fallback).describe("Minutes back from `at`.");

export const windowSchema = z.object({ from: z.string(), to: z.string() });

export function windowText(window: Window): { readonly from: string; readonly to: string } {
  return { from: isoTime(window.fromMs), to: isoTime(window.toMs) };
}

/** The last `minutes` of a view in whole buckets, cut to what is retained (and then said). */
export function lastMinutes(
  view: WorldView,
  minutes: number,
): { readonly window: Window; readonly notes: readonly string[] } {
  const wantedMs = floorToBucket(view.closedMs - minutes * 60_000);
  const fromMs = Math.min(Math.max(wantedMs, view.retainedFromMs), view.closedMs);
  const isCut = fromMs > wantedMs + 1_000;
  return {
    window: { fromMs, toMs: view.closedMs },
    notes: isCut ? [`the model keeps what happened since ${isoTime(view.retainedFromMs)}`] : [],
  };
}

/** The last `minutes` before the instant itself: changes are known up to it, and longer than buckets are kept. */
export function lastMinutesOfChanges(view: WorldView, minutes: number): Window {
  return { fromMs: view.asOfMs - minutes * 60_000, toMs: view.asOfMs + 1 };
}

/** Since when changes are known, at the latest from `fromMs`: a change from before we began to watch shows a longer memory. */
export function changesKnownFrom(view: WorldView, fromMs: number): number {
  const earlier = view.changes({
    fromMs: Math.min(fromMs, view.retainedFromMs),
    toMs: view.asOfMs + 1,
  });
  return Math.max(
    fromMs,
    Math.min(view.retainedFromMs, earlier[0]?.timeMs ?? Number.POSITIVE_INFINITY),
  );
}

export const coverageSchema = z.object({
  spans: z.number(),
  droppedSpans: z.number(),
  wholeTraces: z.number().nullable(),
});

/** What was seen of a window, and in words what was not. */
export function coverageOf(
  view: WorldView,
  window: Window,
): { readonly seen: z.infer<typeof coverageSchema>; readonly notes: readonly string[] } {
  const coverage = view.coverage(window);
  const { spans, spansDropped, tracedRatio } = coverage;
  const wholeTraces = Number.isFinite(tracedRatio) ? Number(tracedRatio.toPrecision(3)) : null;
  return {
    seen: { spans, droppedSpans: spansDropped, wholeTraces },
    notes: coverage.notes.slice(0, GAPS_MAX).map((note) => clauseText(note)),
  };
}
