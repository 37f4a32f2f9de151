import { z } from "zod";
import type { Step, Window } from "../src/model/quantity.ts";
import { BUCKET_MS, type Retention, type WorldView } from "../src/model/view.ts";
import { isoTime } from "./answer.ts";
import { clauseText } from "./untrusted.ts";

/** Limit: minutes that one question looks back: a fortnight. */
const MINUTES_MAX = 20_160;
/** Limit: gaps of the telemetry that one answer names. */
const GAPS_MAX = 4;

export const minutesSchema = (fallback: number) =>
  z
    .number()
    .min(1)
    .max(MINUTES_MAX)
    .default(fallback)
    .describe("Minutes back from `at`; a day is 1440.");

export const windowSchema = z.object({
  from: z.string(),
  to: z.string(),
  /** In which steps it is told, where these are coarser than 5 s. */
  step: z.string().optional(),
});

const STEP_TEXT: Readonly<Record<Step, string>> = {
  5000: "5 s",
  60000: "1 min",
  900000: "15 min",
};

export function windowText({ fromMs, toMs, stepMs }: Window): z.infer<typeof windowSchema> {
  const step = stepMs === undefined ? {} : { step: STEP_TEXT[stepMs] };
  return { from: isoTime(fromMs), to: isoTime(toMs), ...step };
}

/** The finest steps that reach back to an instant; where none do, those that reach back furthest. */
export function retentionFor(view: WorldView, fromMs: number): Retention {
  const furthestMs = Math.min(...view.history.map((one) => one.fromMs));
  const wantedMs = Math.max(fromMs, furthestMs);
  const found = view.history.find((one) => one.fromMs <= wantedMs);
  return found ?? { stepMs: BUCKET_MS, fromMs: view.retainedFromMs };
}

export const floorTo = (ms: number, stepMs: number): number => Math.floor(ms / stepMs) * stepMs;

/** A window in steps; 5 s go without saying. */
export const inSteps = (fromMs: number, toMs: number, stepMs: Step): Window =>
  stepMs === BUCKET_MS ? { fromMs, toMs } : { fromMs, toMs, stepMs };

/** What is not as in the last hour, where a window is told in coarse steps. */
export function stepNotes({ stepMs, toMs }: Window): readonly string[] {
  if (stepMs === undefined) return [];
  return [
    `told in steps of ${STEP_TEXT[stepMs]} up to ${isoTime(toMs)}: instances are not told apart, and quantiles are near, not exact`,
  ];
}

interface Stretch {
  readonly window: Window;
  readonly notes: readonly string[];
}

/** The last `minutes` of a view; see `stretchOf`. */
export function lastMinutes(view: WorldView, minutes: number): Stretch {
  return stretchOf(view, { fromMs: view.closedMs - minutes * 60_000, toMs: view.closedMs });
}

/**
 * A time in whole steps, the finest that reach back to its beginning, and at least one of them; cut to what is retained
 * (and then said).
 */
export function stretchOf(view: WorldView, asked: Window): Stretch {
  const { stepMs, fromMs: keptMs } = retentionFor(view, floorTo(asked.fromMs, BUCKET_MS));
  const toMs = floorTo(asked.toMs, stepMs);
  const wantedMs = Math.min(floorTo(asked.fromMs, stepMs), toMs - stepMs);
  const fromMs = Math.min(Math.max(wantedMs, keptMs), toMs);
  const isCut = fromMs > wantedMs + 1_000;
  const window = inSteps(fromMs, toMs, stepMs);
  return {
    window,
    notes: [
      ...(isCut ? [`the model keeps what happened since ${isoTime(keptMs)}`] : []),
      ...stepNotes(window),
    ],
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
