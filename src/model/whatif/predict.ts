import type { Picture } from "../causes/picture.ts";
import type { WorldView } from "../view.ts";
import { acts, type Effect } from "./effect.ts";
import type { Forecast } from "./forecast.ts";
import type { Intervention } from "./intervention.ts";
import { type Outlook, outlookOf } from "./place-outlook.ts";
import { type Plan, planOf } from "./plan.ts";
import type { Grade, Prediction } from "./prediction.ts";
import { type Scene, sceneOf } from "./scene.ts";
import type { Figures } from "./solve/project.ts";
import { EMPTY_TRACK_RECORD, type TrackRecord, type TypeRecord } from "./track-record.ts";

export interface PredictRequest {
  readonly interventions: readonly Intervention[];
  /** Entry operations, as people or telemetry name them; the worst (or busiest) when absent. */
  readonly operations?: readonly string[];
  /** Services, or operations within (`SERVICE OPERATION`), whose figures are asked for as well. */
  readonly places?: readonly string[];
  readonly statistics?: readonly (keyof Figures)[];
  readonly horizonMs?: number;
  /** For so long the outcome will be observed. */
  readonly observeMs?: number;
  /** Share of traces that is kept, where that is known. */
  readonly sampling?: number;
  readonly seed?: number;
  readonly track?: TrackRecord;
}

const HORIZON_MS = 5 * 60_000;
const OBSERVE_MS = 40_000;
const STATISTICS = ["p50", "p95", "mean", "error_ratio", "bad_ratio"] as const;

/** What would happen, with 90 % intervals, beside what happens without. Pure; deterministic given the seed. */
export function predict(view: WorldView, request: PredictRequest): Prediction {
  const scene = sceneOf(view, {
    operations: request.operations ?? [],
    places: request.places ?? [],
    horizonMs: request.horizonMs ?? HORIZON_MS,
    seed: request.seed ?? 1,
    ...(request.sampling === undefined ? {} : { sampling: request.sampling }),
  });
  if (scene === undefined) return nothingKnown(view, request);
  const { lead, forecaster } = scene;
  const plan = planOf(forecaster, lead, request.interventions);
  const forecast = forecaster.forecast(plan.change);
  const outlooks = scene.places.map(({ id, picture, backtest }) =>
    outlookOf(id, picture === undefined ? undefined : { picture, backtest: backtest() }, {
      plan,
      forecast,
      statistics: request.statistics ?? STATISTICS,
      observeMs: request.observeMs ?? OBSERVE_MS,
    }),
  );
  return predictionOf(view, request, { scene, plan, forecast, outlooks });
}

interface Answered {
  readonly scene: Scene;
  readonly plan: Plan;
  readonly forecast: Forecast;
  readonly outlooks: readonly Outlook[];
}

function predictionOf(
  view: WorldView,
  request: PredictRequest,
  { scene, plan, forecast, outlooks }: Answered,
): Prediction {
  const { effect } = plan;
  const { lead } = scene;
  const backtests = outlooks.flatMap(({ backtest }) => backtest ?? []);
  const pairs = backtests.length === 0 ? 0 : Math.min(...backtests.map((one) => one.pairs));
  const isRough = outlooks.some((one) => one.isRough);
  const extrapolates = effect.extrapolates || isRough;
  const missing = [...effect.missing, ...outlooks.flatMap((one) => one.missing)];
  return {
    asOfMs: view.asOfMs,
    interventions: request.interventions,
    horizonMs: request.horizonMs ?? HORIZON_MS,
    grade: gradeOf({ extrapolates, missing, pairs, record: recordOf(request) }),
    missing: [...new Set(missing)],
    slis: outlooks.flatMap((one) => one.slis),
    utilisation: acts(effect) ? forecast.utilisation : [],
    assumptions: [
      ...assumptionsOf(effect, lead),
      ...(isRough ? ["the few requests that were traced are like the others"] : []),
    ],
    falsifiers: effect.falsifiers,
    sensitivities: scene.sensitivities(),
    anchor: lead.stretch.healthy,
    exemplarCount: outlooks.reduce((sum, one) => sum + one.exemplars, 0),
  };
}

function recordOf(request: PredictRequest): TypeRecord | undefined {
  const type = request.interventions[0]?.type ?? "none";
  return (request.track ?? EMPTY_TRACK_RECORD).types.find((one) => one.interventionType === type);
}

function gradeOf(input: {
  readonly extrapolates: boolean;
  readonly missing: readonly string[];
  readonly pairs: number;
  readonly record: TypeRecord | undefined;
}): Grade {
  if (input.missing.length > 0) return "D";
  if (input.extrapolates) return "C";
  const { record } = input;
  if (record !== undefined && record.outcomes >= 20 && record.coverage >= 0.85) return "A";
  return input.pairs > 0 || (record?.outcomes ?? 0) >= 5 ? "B" : "C";
}

function assumptionsOf(effect: Effect, picture: Picture): readonly string[] {
  const { healthy, deviates } = picture.stretch;
  const length = Math.round((healthy.toMs - healthy.fromMs) / 1000);
  const anchored = deviates
    ? [`healthy is what was seen in the ${length} s before the onset`]
    : ["nothing deviates now: healthy is what was seen of late"];
  return [
    ...anchored,
    "requests arrive as often as now, unless the what-if says otherwise",
    ...effect.assumptions,
  ];
}

function nothingKnown(view: WorldView, request: PredictRequest): Prediction {
  const names = (request.operations ?? []).join(", ");
  return {
    asOfMs: view.asOfMs,
    interventions: request.interventions,
    horizonMs: request.horizonMs ?? HORIZON_MS,
    grade: "D",
    missing: [`requests of ${names === "" ? "the operation" : names} in the retained history`],
    slis: [],
    utilisation: [],
    assumptions: [],
    falsifiers: [],
    sensitivities: [],
    exemplarCount: 0,
  };
}
