import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { type EntityId, entityName } from "../model/entity.ts";
import { formatQuantity, type Window } from "../model/quantity.ts";
import { BUCKET_MS, type WorldView } from "../model/view.ts";
import type { ChartPoint, ChartSeries, ChartSpec, ChartUnit } from "./chart-spec.ts";

/** What is drawn before the onset, and one point of a line. */
const BEFORE_MS = 5 * 60_000;
const STEP_MS = 2 * BUCKET_MS;
/** Limit: steps of one chart; a longer incident is drawn in wider steps. */
const STEPS_MAX = 120;
/** Fewer requests in a step say nothing about its p95. */
const REQUESTS_MIN = 3;

type Kind = "latency" | "errors" | "rate";

const UNITS: Readonly<Record<Kind, ChartUnit>> = {
  latency: "ms",
  errors: "ratio",
  rate: "per_second",
};
const LABELS: Readonly<Record<Kind, string>> = {
  latency: "p95 latency",
  errors: "failed requests",
  rate: "requests",
};

interface Totals {
  readonly count: number;
  readonly errors: number;
  readonly p95Ms: number;
}

function kindOf({ symptom }: Diagnosis): Kind {
  if (symptom.kind === "absent") return "rate";
  return symptom.kind === "errors" ? "errors" : "latency";
}

function statisticOf(kind: Kind, { count, errors, p95Ms }: Totals, step: Window): number {
  if (kind === "rate") return count / ((step.toMs - step.fromMs) / 1000);
  if (count < REQUESTS_MIN) return Number.NaN;
  return kind === "errors" ? errors / count : p95Ms;
}

const total = (column: Float64Array): number => column.reduce((sum, value) => sum + value, 0);

function entryTotals(view: WorldView, operation: EntityId, step: Window): Totals {
  const entry = view.entries(step).find((one) => one.operation === operation);
  return entry === undefined
    ? { count: 0, errors: 0, p95Ms: Number.NaN }
    : {
        count: total(entry.count),
        errors: total(entry.errors),
        p95Ms: entry.duration.quantile(0.95),
      };
}

/** Of the busiest operation's and instance's p95 the worst: one sick replica must not be averaged away. */
function serviceTotals(view: WorldView, service: EntityId, step: Window): Totals {
  const own = view.stations(step).filter((one) => [one.service, one.instance].includes(service));
  const busy = own.filter((one) => total(one.count) >= REQUESTS_MIN);
  return {
    count: own.reduce((sum, one) => sum + total(one.count), 0),
    errors: own.reduce((sum, one) => sum + total(one.errors), 0),
    p95Ms: Math.max(Number.NEGATIVE_INFINITY, ...busy.map((one) => one.duration.quantile(0.95))),
  };
}

function stepsOf(window: Window): readonly Window[] {
  const stepMs = Math.max(
    STEP_MS,
    Math.ceil((window.toMs - window.fromMs) / STEPS_MAX / BUCKET_MS) * BUCKET_MS,
  );
  const count = Math.floor((window.toMs - window.fromMs) / stepMs);
  // Counted back from the end: the newest step is whole.
  return Array.from({ length: count }, (_, index) => ({
    fromMs: window.toMs - (count - index) * stepMs,
    toMs: window.toMs - (count - index - 1) * stepMs,
  }));
}

function points(
  kind: Kind,
  steps: readonly Window[],
  totals: (step: Window) => Totals,
): readonly ChartPoint[] {
  return steps.map((step) => {
    const value = statisticOf(kind, totals(step), step);
    return {
      timeMs: (step.fromMs + step.toMs) / 2,
      value: Number.isFinite(value) ? value : Number.NaN,
    };
  });
}

/** The range of the first line before the onset. */
function healthyBand(series: ChartSeries, { healthy }: Diagnosis): ChartSpec["healthy"] {
  const values = series.points
    .filter(({ timeMs, value }) => timeMs < healthy.toMs && Number.isFinite(value))
    .map(({ value }) => value);
  if (values.length < 2) return undefined;
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** The picture of an incident: what is hurt and what is suspected, over time, with the changes before it. */
export function incidentSpec(view: WorldView, diagnosis: Diagnosis): ChartSpec {
  const { symptom } = diagnosis;
  const [cause] = diagnosis.hypotheses;
  const kind = kindOf(diagnosis);
  const window = {
    fromMs: Math.max(view.retainedFromMs, symptom.onsetMs - BEFORE_MS),
    toMs: view.closedMs,
  };
  const steps = stepsOf(window);
  const name = entityName(symptom.operation);
  const hurt: ChartSeries = {
    name,
    points: points(kind, steps, (step) => entryTotals(view, symptom.operation, step)),
  };
  const root = cause?.root as EntityId | undefined;
  const isServing =
    root !== undefined && /^service/.test(root) && root !== symptom.service && kind !== "rate";
  const suspected: readonly ChartSeries[] =
    isServing && cause !== undefined
      ? [
          {
            name: `${cause.name} (likely cause)`,
            points: points(kind, steps, (step) => serviceTotals(view, root, step)),
          },
        ]
      : [];
  const slo = view.slos().find((one) => one.id === symptom.sloId);
  const threshold = kind === "latency" ? slo?.latencyThresholdMs : undefined;
  const healthy = healthyBand(hurt, diagnosis);
  const suspects = new Set(cause?.changes.map(({ id }) => id));
  return {
    title: `${name}: ${LABELS[kind]}`,
    ...(cause === undefined ? {} : { subtitle: subtitleOf(cause) }),
    unit: UNITS[kind],
    ...window,
    series: [hurt, ...suspected],
    incident: { fromMs: symptom.onsetMs },
    ...(healthy === undefined ? {} : { healthy }),
    ...(threshold === undefined
      ? {}
      : { threshold: { value: threshold, label: `objective ${threshold} ms` } }),
    changes: diagnosis.recentChanges.map((change) => ({
      timeMs: change.timeMs,
      label: change.summary,
      suspect: suspects.has(change.id),
    })),
  };
}

function subtitleOf({ title, probability }: Diagnosis["hypotheses"][number]): string {
  return `${title} (${formatQuantity({ value: probability, unit: "probability" })})`;
}
