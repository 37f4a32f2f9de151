import { type Picture, pictureOf } from "../causes/picture.ts";
import { silences } from "../causes/silence.ts";
import { operationAsked, slowThresholdMs } from "../causes/symptom.ts";
import { HISTORY_MS } from "../dynamics/stretch.ts";
import { type EdgeId, type EntityId, entityName } from "../entity.ts";
import type { WorldView } from "../view.ts";
import { type Effect, noEffect, type Situation, situationOf } from "./effect.ts";
import { applyIntervention } from "./effects.ts";
import { type Backtest, backtest, intervalAbout, type Values, valuesOf } from "./interval.ts";
import type { Intervention } from "./intervention.ts";
import {
  type Comparison,
  compare,
  deviating,
  EXEMPLARS_MIN,
  exemplarsOf,
  project,
  type Queues,
  queuesAfter,
  staying,
  withQueues,
} from "./outlook.ts";
import type { Grade, Interval, PredictedSli, Prediction } from "./prediction.ts";
import { type Exemplar, type ReplayChange, replay, UNCHANGED } from "./replay.ts";
import { EMPTY_TRACK_RECORD, type TrackRecord, type TypeRecord } from "./track-record.ts";

export interface PredictRequest {
  readonly interventions: readonly Intervention[];
  /** Entry operations, as people or telemetry name them; the worst (or busiest) when absent. */
  readonly operations?: readonly string[];
  readonly horizonMs?: number;
  readonly seed?: number;
  readonly track?: TrackRecord;
}

const HORIZON_MS = 5 * 60_000;
/** Limit: operations answered at once. */
const OPERATIONS_MAX = 6;
const STATISTICS = ["p50", "p95", "mean", "error_ratio", "bad_ratio"] as const;
/** A repair that explains less than this of the trouble is treated as none. */
const REPAIR_MIN = 0.1;
/** Requests that a settlement is likely to see: what the interval of a ratio must allow for. */
const SETTLED_SECONDS = 40;
/** Added to the log width after any action: restarts, caches and connections are cold. */
const ACTION_WIDTH = 0.12;
const EXTRAPOLATION_WIDTH = 0.3;
/** Trouble that goes on is less steady than health. */
const INCIDENT_WIDTH = 0.3;

/** What would happen, with 90 % intervals, beside what happens without. Pure; deterministic given the seed. */
export function predict(view: WorldView, request: PredictRequest): Prediction {
  const horizonMs = request.horizonMs ?? HORIZON_MS;
  const pictures = operationsOf(view, request.operations).flatMap(
    (operation) => pictureFor(view, operation) ?? [],
  );
  const first = pictures[0];
  if (first === undefined) return nothingKnown(view, request, horizonMs);
  // Effects are worked out where the trouble shows most.
  const lead = pictures.find((one) => one.stretch.deviates) ?? first;
  const situation = situationOf(lead);
  const effect = noEffect();
  for (const one of request.interventions) applyIntervention(effect, situation, one);
  const queues = queuesAfter(situation, effect);
  const outlooks = pictures.map((picture) =>
    outlookOf(picture, { effect, queues, seed: request.seed ?? 1, situation }),
  );
  const exemplarCount = outlooks.reduce((sum, one) => sum + one.exemplars.length, 0);
  const pairs = Math.min(...outlooks.map((one) => one.backtest.pairs));
  const missing = [...effect.missing, ...outlooks.flatMap((one) => one.missing)];
  return {
    asOfMs: view.asOfMs,
    interventions: request.interventions,
    horizonMs,
    grade: gradeOf({ effect, missing, pairs, record: recordOf(request) }),
    missing: [...new Set(missing)],
    slis: outlooks.flatMap((one) => one.slis),
    utilisation: queues.utilisation,
    assumptions: assumptionsOf(effect, lead),
    falsifiers: effect.falsifiers,
    sensitivities: sensitivitiesOf(lead, outlooks[0]?.exemplars ?? []),
    anchor: lead.stretch.healthy,
    exemplarCount,
  };
}

function operationsOf(view: WorldView, asked?: readonly string[]): readonly EntityId[] {
  const window = {
    fromMs: Math.max(view.retainedFromMs, view.closedMs - HISTORY_MS),
    toMs: view.closedMs,
  };
  const names = asked === undefined || asked.length === 0 ? [undefined] : asked;
  const found = names.slice(0, OPERATIONS_MAX).flatMap((name) => {
    const query = name === undefined ? {} : { operation: name };
    return operationAsked(view, query, window) ?? [];
  });
  return [...new Set(found)];
}

function pictureFor(view: WorldView, operation: EntityId): Picture | undefined {
  const slo = view.slos().find((one) => operation === `operation:${one.service} ${one.operation}`);
  return pictureOf(view, operation, {
    atMs: view.closedMs,
    ...(slo === undefined ? {} : { slo }),
  });
}

interface Outlook {
  readonly slis: readonly PredictedSli[];
  readonly exemplars: readonly Exemplar[];
  readonly backtest: Backtest;
  readonly missing: readonly string[];
}

interface OutlookInput {
  readonly effect: Effect;
  readonly queues: Queues;
  readonly seed: number;
  readonly situation: Situation;
}

interface Projected {
  readonly values: Values;
  readonly comparison?: Comparison;
}

function outlookOf(picture: Picture, input: OutlookInput): Outlook {
  const { view, stretch, operation } = picture;
  const slowMs = slowThresholdMs(picture.slo, picture.entryHealthy);
  const healthy = valuesOf(picture.entryHealthy, stretch.healthy, slowMs);
  const now = stretch.absent
    ? undefined
    : valuesOf(picture.entryIncident, stretch.incident, slowMs);
  const past = backtest(view, { stretch, operation, slowMs });
  const exemplars = exemplarsOf(picture, operation);
  const name = entityName(operation);
  const known = healthy ?? now;
  if (known === undefined) {
    return { slis: [], exemplars, backtest: past, missing: [`no requests of ${name}`] };
  }
  const observed: Values = now ?? { ...known, error_ratio: 0, bad_ratio: 1 };
  const projected = projectedValues(picture, {
    ...input,
    healthy: known,
    observed,
    exemplars,
    slowMs,
  });
  const missing =
    projected === undefined ? [`at least ${EXEMPLARS_MIN} whole traces of healthy ${name}`] : [];
  const count = SETTLED_SECONDS * (known.requests / Math.max(1, spanSeconds(picture)));
  const slis = STATISTICS.map((statistic): PredictedSli => {
    const width = past.width[statistic];
    const about = (values: Values, extra: number): Interval =>
      intervalAbout(statistic, values[statistic], { width, extra, sample: count });
    const noAction = about(observed, stretch.deviates ? INCIDENT_WIDTH : 0);
    const unit = statistic.endsWith("_ratio") ? ("ratio" as const) : ("ms" as const);
    const base = { operation, statistic, unit, observed: observed[statistic], noAction };
    if (projected === undefined || input.effect.missing.length > 0) {
      return { ...base, after: unknownAbout(noAction, unit), verdict: "insufficient_data" };
    }
    const after = about(
      projected.values,
      extraWidth({ effect: input.effect, deviates: stretch.deviates }, projected, statistic),
    );
    const saturates = saturationOf(picture, input);
    return saturates === undefined
      ? { ...base, after, verdict: "number" }
      : { ...base, after, verdict: "saturates", timeToSaturationMs: saturates };
  });
  return { slis, exemplars, backtest: past, missing };
}

function spanSeconds(picture: Picture): number {
  const window =
    picture.entryHealthy === undefined ? picture.stretch.incident : picture.stretch.healthy;
  return (window.toMs - window.fromMs) / 1000;
}

/** Anything may be: as wide as the unit allows, about what happens without. */
function unknownAbout(noAction: Interval, unit: "ms" | "ratio"): Interval {
  const high = unit === "ratio" ? 1 : Math.max(noAction.high, noAction.median * 10);
  return { median: noAction.median, low: 0, high };
}

function acts(effect: Effect): boolean {
  return (
    effect.repaired.size > 0 ||
    effect.replicas.size + effect.demand.size + effect.timeoutMs.size + effect.attempts.size > 0 ||
    effect.load !== 1
  );
}

function extraWidth(
  { effect, deviates }: { readonly effect: Effect; readonly deviates: boolean },
  projected: Projected,
  statistic: string,
): number {
  if (!acts(effect)) return deviates ? INCIDENT_WIDTH : 0.05;
  const spread = projected.comparison?.spread;
  const boot =
    statistic === "mean" || statistic === "p50" || statistic === "p95" ? statistic : "p95";
  const sampling = 1.645 * (spread?.[boot] ?? 0);
  return Math.hypot(ACTION_WIDTH, sampling, effect.extrapolates ? EXTRAPOLATION_WIDTH : 0);
}

/** The values after the intervention; undefined: too few exemplars to play. */
function projectedValues(
  picture: Picture,
  input: OutlookInput & {
    readonly healthy: Values;
    readonly observed: Values;
    readonly exemplars: readonly Exemplar[];
    readonly slowMs: number;
  },
): Projected | undefined {
  const { effect, queues, healthy, observed, exemplars } = input;
  const options = { slowMs: input.slowMs, seed: input.seed };
  if (picture.stretch.absent) {
    // Requests come back when what has stopped serving is started again; else nobody here keeps them away.
    const back = silences(picture).some(({ service }) => effect.repaired.has(service));
    return { values: back ? healthy : observed };
  }
  if (!acts(effect)) return { values: observed };
  const rest = staying(picture, effect);
  const errors = observed.error_ratio - healthy.error_ratio;
  const repaired = Math.max(rest.fixedTime, rest.fixedFailures) > REPAIR_MIN;
  if (exemplars.length < EXEMPLARS_MIN) return undefined;
  if (picture.stretch.deviates && repaired) {
    const keep = (place: EntityId | EdgeId): boolean => rest.places.has(place);
    const residual = deviating(picture, keep, effect.repaired);
    const plays = { before: UNCHANGED, after: withQueues(residual, effect, queues) };
    const comparison = compare(exemplars, plays, options);
    const left = healthy.error_ratio + Math.max(0, errors) * (1 - rest.fixedFailures);
    return { values: project(healthy, comparison, left), comparison };
  }
  const { deviates } = picture.stretch;
  const before = deviates ? deviating(picture, () => true, new Set()) : UNCHANGED;
  const kept = deviates
    ? deviating(picture, (place) => !effect.repaired.has(place), effect.repaired)
    : UNCHANGED;
  const plays = { before, after: withQueues(kept, effect, queues) };
  const comparison = compare(exemplars, plays, options);
  return { values: project(observed, comparison, observed.error_ratio), comparison };
}

/** Milliseconds until waiting alone makes requests slow; undefined: nothing on the operation's path saturates. */
function saturationOf(picture: Picture, { queues }: OutlookInput): number | undefined {
  const onPath = queues.saturated.filter(
    (service) => (picture.entryHealthy?.criticalMs.get(service) ?? 0) > 0,
  );
  if (onPath.length === 0) return undefined;
  const worst = Math.max(
    ...queues.utilisation.filter((one) => onPath.includes(one.entity)).map((one) => one.after),
  );
  const slowMs = slowThresholdMs(picture.slo, picture.entryHealthy);
  const growth = worst > 1 ? 1 - 1 / worst : 0.03;
  return Math.round((Number.isFinite(slowMs) ? slowMs : 1000) / growth);
}

function recordOf(request: PredictRequest): TypeRecord | undefined {
  const type = request.interventions[0]?.type ?? "none";
  return (request.track ?? EMPTY_TRACK_RECORD).types.find((one) => one.interventionType === type);
}

function gradeOf(input: {
  readonly effect: Effect;
  readonly missing: readonly string[];
  readonly pairs: number;
  readonly record: TypeRecord | undefined;
}): Grade {
  if (input.missing.length > 0) return "D";
  if (input.effect.extrapolates) return "C";
  const { record } = input;
  if (record !== undefined && record.outcomes >= 20 && record.coverage >= 0.85) return "A";
  return input.pairs > 0 || (record?.outcomes ?? 0) >= 5 ? "B" : "C";
}

function assumptionsOf(effect: Effect, picture: Picture): readonly string[] {
  const { healthy, deviates } = picture.stretch;
  const length = Math.round((healthy.toMs - healthy.fromMs) / 1000);
  const anchored = deviates
    ? [`anchored on the healthy ${length} s before the onset`]
    : ["nothing deviates now: the recent state is the anchor"];
  return [
    ...anchored,
    "requests arrive as often as now, unless the what-if says otherwise",
    ...effect.assumptions,
  ];
}

/** How much the 10 % slower work of the two heaviest services adds to a request. */
function sensitivitiesOf(
  picture: Picture,
  exemplars: readonly Exemplar[],
): Prediction["sensitivities"] {
  const entry = picture.entryHealthy;
  if (entry === undefined || exemplars.length < EXEMPLARS_MIN) return [];
  const mean = (change: ReplayChange): number =>
    exemplars.reduce((sum, one) => sum + replay(one, change), 0) / exemplars.length;
  const base = mean(UNCHANGED);
  return [...picture.services.keys()]
    .map((service) => ({ service, ms: entry.criticalMs.get(service) ?? 0 }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 2)
    .map(({ service }) => ({
      parameter: `work of ${entityName(service)} +10 %`,
      effect: {
        value: mean({ self: (one) => (one === service ? 1.1 : 1), gap: () => 1 }) / base,
        unit: "factor",
      },
    }));
}

function nothingKnown(view: WorldView, request: PredictRequest, horizonMs: number): Prediction {
  return {
    asOfMs: view.asOfMs,
    interventions: request.interventions,
    horizonMs,
    grade: "D",
    missing: ["requests of the operation in the retained history"],
    slis: [],
    utilisation: [],
    assumptions: [],
    falsifiers: [],
    sensitivities: [],
    exemplarCount: 0,
  };
}
