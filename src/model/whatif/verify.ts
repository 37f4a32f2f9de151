import { slowThresholdMs } from "../causes/symptom.ts";
import { seconds, sumIn } from "../dynamics/columns.ts";
import { type EntityId, entityName } from "../entity.ts";
import { formatQuantity, type Window } from "../quantity.ts";
import { BUCKET_MS, type Change, type EntryWindow, type WorldView } from "../view.ts";
import { valuesOf } from "./interval.ts";
import type { PredictedSli, Prediction } from "./prediction.ts";

export interface SettleTimes {
  readonly actedAtMs: number;
  readonly effectMs: number;
  readonly observeMs: number;
}

/** Same shape as the incident's Outcome: the model may not import it. */
export interface SettledOutcome {
  readonly settledMs: number;
  readonly verdict: "inside" | "outside" | "void" | "recovered" | "not-recovered";
  readonly observed: readonly {
    readonly operation: EntityId;
    readonly statistic: string;
    readonly unit: string;
    readonly predicted?: { readonly median: number; readonly low: number; readonly high: number };
    readonly value: number;
    readonly inside?: boolean;
  }[];
  readonly note: string;
}

/** Load that leaves this range (as a factor either way) is not what the prediction was about. */
const LOAD_FACTOR_MAX = 1.6;
/** Requests below which nothing was observed. */
const REQUESTS_MIN = 10;
/** Without an objective: recovered when at most this share is bad. */
const BAD_MAX = 0.05;
/** Of the statistics of one prediction, this share must be inside: of nine in ten, some miss by chance. */
const INSIDE_SHARE = 0.8;

type Observation = SettledOutcome["observed"][number];

/**
 * Compares what was predicted with what was observed after the time to effect. A prediction without numbers is judged by
 * the objective alone. Contract: call when the view's last closed bucket is at or after the end of the observation.
 */
export function settle(
  view: WorldView,
  prediction: Prediction,
  times: SettleTimes,
): SettledOutcome {
  const fromMs = times.actedAtMs + times.effectMs;
  const window = {
    fromMs: Math.ceil(fromMs / BUCKET_MS) * BUCKET_MS,
    toMs: Math.min(view.closedMs, fromMs + times.observeMs),
  };
  const settledMs = fromMs + times.observeMs;
  const entries = new Map(
    window.toMs - window.fromMs < BUCKET_MS
      ? []
      : view.entries(window).map((entry) => [entry.operation, entry] as const),
  );
  const observed = prediction.slis.flatMap(
    (sli) => observe(view, prediction, { sli, entries, window }) ?? [],
  );
  const disturbed = disturbance(view, prediction, { times, window, entries });
  if (disturbed !== undefined) return { settledMs, verdict: "void", observed, note: disturbed };
  if (observed.length === 0) {
    return {
      settledMs,
      verdict: "not-recovered",
      observed,
      note: "too few requests were seen in the time observed",
    };
  }
  const judged = observed.filter((one) => one.inside !== undefined);
  if (judged.length === 0) return byObjective(view, { observed, settledMs, window });
  const inside = judged.filter((one) => one.inside === true).length;
  return {
    settledMs,
    verdict: inside >= INSIDE_SHARE * judged.length ? "inside" : "outside",
    observed,
    note: `${inside} of ${judged.length} statistics lay inside their intervals`,
  };
}

function observe(
  view: WorldView,
  prediction: Prediction,
  input: {
    readonly sli: PredictedSli;
    readonly entries: ReadonlyMap<EntityId, EntryWindow>;
    readonly window: Window;
  },
): Observation | undefined {
  const { sli, entries, window } = input;
  const entry = entries.get(sli.operation);
  const slo = view
    .slos()
    .find((one) => sli.operation === `operation:${one.service} ${one.operation}`);
  const healthy =
    slo === undefined && prediction.anchor !== undefined
      ? view.entries(prediction.anchor).find((one) => one.operation === sli.operation)
      : undefined;
  const values = valuesOf(entry, window, slowThresholdMs(slo, healthy));
  if (values === undefined || values.requests < REQUESTS_MIN) return undefined;
  const value = sli.statistic in values ? values[sli.statistic as keyof typeof values] : undefined;
  if (value === undefined) return undefined;
  const base = { operation: sli.operation, statistic: sli.statistic, unit: sli.unit, value };
  if (sli.verdict !== "number") return base;
  return {
    ...base,
    predicted: sli.after,
    inside: value >= sli.after.low && value <= sli.after.high,
  };
}

/** Why the comparison would be unfair: somebody else changed something, or the load is not what was assumed. */
function disturbance(
  view: WorldView,
  prediction: Prediction,
  input: {
    readonly times: SettleTimes;
    readonly window: Window;
    readonly entries: ReadonlyMap<EntityId, EntryWindow>;
  },
): string | undefined {
  const { times, window } = input;
  const own = new Set(prediction.interventions.flatMap(namesOf));
  const foreign = view
    .changes({ fromMs: times.actedAtMs + 1, toMs: Math.max(window.toMs, times.actedAtMs + 1) })
    .find(
      (change) => change.origin !== "executor" && !isOwn(change, own) && touchesScope(view, change),
    );
  if (foreign !== undefined) {
    return `another change (${foreign.kind} of ${nameOf(foreign)}) fell into the time observed`;
  }
  const load = prediction.interventions.some((one) => one.type === "load" || one.type === "shed");
  if (load || prediction.anchor === undefined) return undefined;
  for (const entry of view.entries(prediction.anchor)) {
    if (!prediction.slis.some((sli) => sli.operation === entry.operation)) continue;
    const before = sumIn(entry, entry.count, prediction.anchor) / seconds(prediction.anchor);
    const seen = input.entries.get(entry.operation);
    if (seen === undefined || before <= 0) continue;
    const after = sumIn(seen, seen.count, window) / seconds(window);
    const factor = after / before;
    if (factor <= LOAD_FACTOR_MAX && factor >= 1 / LOAD_FACTOR_MAX) continue;
    return `load of ${entityName(entry.operation)} became ${formatQuantity({ value: factor, unit: "factor" })} of what was assumed`;
  }
  return undefined;
}

function namesOf(intervention: Prediction["interventions"][number]): readonly string[] {
  if ("entity" in intervention) return [intervention.entity];
  if ("flag" in intervention) return [intervention.flag];
  if ("from" in intervention) return [intervention.from, intervention.to];
  return [];
}

function nameOf(change: Change): string {
  return change.entity === undefined ? change.entityText : entityName(change.entity);
}

/** The action's own trace in the telemetry: the version it brings back, the restart it makes. */
function isOwn(change: Change, own: ReadonlySet<string>): boolean {
  const flag = change.attributes.flag;
  const service = change.attributes.service;
  return (
    own.has(nameOf(change)) ||
    own.has(change.entityText.replace(/^[a-z.]+:/, "")) ||
    (flag !== undefined && own.has(String(flag))) ||
    (service !== undefined && own.has(String(service)))
  );
}

/** A change of something that the telemetry knows as serving; a change of nothing known is not held against it. */
function touchesScope(view: WorldView, change: Change): boolean {
  return change.entity !== undefined && view.entity(change.entity) !== undefined;
}

function byObjective(
  view: WorldView,
  input: {
    readonly observed: readonly Observation[];
    readonly settledMs: number;
    readonly window: Window;
  },
): SettledOutcome {
  const { observed, settledMs, window } = input;
  const operations = [...new Set(observed.map((one) => one.operation))];
  const hurt = operations.filter((operation) => {
    const slo = view
      .slos()
      .find((one) => operation === `operation:${one.service} ${one.operation}`);
    if (slo !== undefined) {
      const sli = view.sli(slo.id, window);
      return sli.ratio < slo.objective;
    }
    const bad = observed.find(
      (one) => one.operation === operation && one.statistic === "bad_ratio",
    );
    return (bad?.value ?? 0) > BAD_MAX;
  });
  return {
    settledMs,
    verdict: hurt.length === 0 ? "recovered" : "not-recovered",
    observed,
    note:
      hurt.length === 0
        ? "no number had been predicted; the objective is met"
        : `no number had been predicted; ${hurt.map(entityName).join(", ")} still misses the objective`,
  };
}
