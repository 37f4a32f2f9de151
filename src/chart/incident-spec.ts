import type { Diagnosis } from "../model/causes/diagnosis.ts";
import { entityName } from "../model/entity.ts";
import { formatQuantity, type Window } from "../model/quantity.ts";
import { BUCKET_MS, type EntryWindow, type WorldView } from "../model/view.ts";
import type { ChartPoint, ChartSeries, ChartSpec } from "./chart-spec.ts";
import { type Kind, type Row, statisticOf, UNITS } from "./step-totals.ts";
import { siblingRows, suspectRows } from "./suspect-rows.ts";

/** What is drawn before the onset: enough to know what is normal, so that the trouble itself has room. */
const BEFORE_MS = 150_000;
/** An older change that is suspected is still in the picture, up to this long before the onset. */
const BEFORE_MS_MAX = 10 * 60_000;
/** So much before such a change. */
const LEAD_MS = 30_000;
/** Limit: steps of one chart; a longer incident is drawn in wider steps. */
const STEPS_MAX = 120;

const LABELS: Readonly<Record<Kind, string>> = {
  latency: "p95 latency",
  errors: "failed requests",
  rate: "requests",
};

function kindOf({ symptom }: Diagnosis): Kind {
  if (symptom.kind === "absent") return "rate";
  return symptom.kind === "errors" ? "errors" : "latency";
}

/** Whole buckets at their true place; the onset is where one begins, and the newest is whole. */
function stepsOf(window: Window, onsetMs: number): readonly Window[] {
  const stepMs = Math.max(
    BUCKET_MS,
    Math.ceil((window.toMs - window.fromMs) / STEPS_MAX / BUCKET_MS) * BUCKET_MS,
  );
  const firstMs = onsetMs - Math.floor((onsetMs - window.fromMs) / stepMs) * stepMs;
  const count = Math.max(0, Math.floor((window.toMs - firstMs) / stepMs));
  return Array.from({ length: count }, (_, index) => ({
    fromMs: firstMs + index * stepMs,
    toMs: firstMs + (index + 1) * stepMs,
  }));
}

function points(
  kind: Kind,
  steps: readonly Window[],
  rows: (step: Window) => readonly Row[],
): readonly ChartPoint[] {
  return steps.map((step) => ({
    timeMs: step.fromMs,
    value: statisticOf(kind, rows(step), step),
  }));
}

/** The range of the first line in the healthy time: what lies before that may be trouble of its own. */
function healthyBand(series: ChartSeries, { healthy }: Diagnosis): ChartSpec["healthy"] {
  const { fromMs, toMs } = healthy;
  const values = series.points
    .filter(({ timeMs, value }) => timeMs >= fromMs && timeMs < toMs && Number.isFinite(value))
    .map(({ value }) => value);
  if (values.length < 2) return undefined;
  return { low: Math.min(...values), high: Math.max(...values) };
}

/** What has stopped is not there to be drawn; that all of its entry stopped with it is. */
function stoppedSeries(
  view: WorldView,
  { symptom }: Diagnosis,
  steps: readonly Window[],
): readonly ChartSeries[] {
  const { service, operation } = symptom;
  const own = (step: Window): readonly EntryWindow[] =>
    view.entries(step).filter((one) => one.service === service);
  const hasOthers = steps.some((step) => own(step).some((one) => one.operation !== operation));
  if (!hasOthers) return [];
  const name = `all requests to ${entityName(service)}`;
  return [{ name, points: points("rate", steps, own) }];
}

function suspectSeries(
  view: WorldView,
  diagnosis: Diagnosis,
  drawn: { readonly kind: Kind; readonly window: Window; readonly steps: readonly Window[] },
): readonly ChartSeries[] {
  const { hypotheses, symptom } = diagnosis;
  const [cause] = hypotheses;
  const { kind, window, steps } = drawn;
  if (kind === "rate") return stoppedSeries(view, diagnosis, steps);
  // The service that is hurt would be drawn twice.
  if (cause === undefined || cause.root === symptom.service) return [];
  return [suspectRows(view, window, cause), siblingRows(view, window, cause)]
    .filter((one) => one !== undefined)
    .map(({ name, rows }) => ({ name, points: points(kind, steps, rows) }))
    .filter((line) => line.points.some(({ value }) => Number.isFinite(value)));
}

function fromMsOf({ symptom, hypotheses }: Diagnosis): number {
  const { onsetMs } = symptom;
  const suspectedMs = (hypotheses[0]?.changes ?? [])
    .map(({ timeMs }) => timeMs - LEAD_MS)
    .filter((timeMs) => timeMs >= onsetMs - BEFORE_MS_MAX);
  return Math.min(onsetMs - BEFORE_MS, ...suspectedMs);
}

/** The picture of an incident: what is suspected and what is hurt, over time, with the changes before it. */
export function incidentSpec(view: WorldView, diagnosis: Diagnosis): ChartSpec {
  const { symptom } = diagnosis;
  const [cause] = diagnosis.hypotheses;
  const kind = kindOf(diagnosis);
  const window = {
    fromMs: Math.max(view.retainedFromMs, fromMsOf(diagnosis)),
    toMs: view.closedMs,
  };
  const steps = stepsOf(window, symptom.onsetMs);
  const name = entityName(symptom.operation);
  const hurtRows = (step: Window): readonly Row[] =>
    view.entries(step).filter((one) => one.operation === symptom.operation);
  const hurt: ChartSeries = { name, points: points(kind, steps, hurtRows) };
  const slo = view.slos().find((one) => one.id === symptom.sloId);
  const threshold = kind === "latency" ? slo?.latencyThresholdMs : undefined;
  const healthy = healthyBand(hurt, diagnosis);
  const suspects = new Set(cause?.changes.map(({ id }) => id));
  const [first] = steps;
  const signal = `${name}: ${LABELS[kind]}`;
  return {
    // What is to blame first: who looks for three seconds has read that.
    ...(cause === undefined ? { title: signal } : { title: titleOf(cause), subtitle: signal }),
    unit: UNITS[kind],
    ...window,
    stepMs: first === undefined ? BUCKET_MS : first.toMs - first.fromMs,
    series: [hurt, ...suspectSeries(view, diagnosis, { kind, window, steps })],
    incident: { fromMs: symptom.onsetMs },
    before: diagnosis.healthy,
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

function titleOf({ title, probability }: Diagnosis["hypotheses"][number]): string {
  const share = formatQuantity({ value: probability, unit: "probability" });
  return `Likely cause: ${title} (${share})`;
}
