import type { Picture } from "../causes/picture.ts";
import { silences } from "../causes/silence.ts";
import { slowThresholdMs } from "../causes/symptom.ts";
import { type EntityId, entityName } from "../entity.ts";
import { acts } from "./effect.ts";
import type { Forecast, PlaceForecast } from "./forecast.ts";
import { type Backtest, intervalAbout, valuesOf } from "./interval.ts";
import type { Plan } from "./plan.ts";
import type { Interval, PredictedSli } from "./prediction.ts";
import { type Figures, project, seenFigures } from "./solve/project.ts";
import { changeWidth, steadyWidth } from "./spread.ts";
import { staying } from "./staying.ts";

/** Exemplars below which no number is given … */
const EXEMPLARS_MIN = 5;
/** … and those below which it is a rough one. */
const EXEMPLARS_FEW = 12;
/** Added to the log width after a repair: restarts, caches and connections are cold. */
const REPAIR_WIDTH = 0.12;
const GUESS_WIDTH = 0.3;
/** Trouble that goes on is less steady than health, until it has gone on for so long. */
const INCIDENT_WIDTH = 0.3;
const INCIDENT_SECONDS = 60;
/** Log width of a share of requests when nothing is done. */
const STILL_WIDTH = 0.05;

export interface OutlookInput {
  readonly plan: Plan;
  readonly forecast: Forecast | undefined;
  readonly statistics: readonly (keyof Figures)[];
  /** For so long the outcome is observed. */
  readonly observeMs: number;
}

export interface Outlook {
  readonly slis: readonly PredictedSli[];
  readonly backtest?: Backtest;
  readonly missing: readonly string[];
  /** Requests that were played. */
  readonly exemplars: number;
  /** So few were played that the numbers are rough. */
  readonly isRough: boolean;
}

/** What is known of a place before anything is done. */
interface Known {
  readonly id: EntityId;
  readonly now: Figures;
  readonly healthy: Figures | undefined;
  /** Requests a second. */
  readonly rate: number;
  readonly place: PlaceForecast | undefined;
  readonly picture: Picture | undefined;
  readonly backtest: Backtest | undefined;
}

/** What is known of an entry operation besides what is played. */
interface EntryPast {
  readonly picture: Picture;
  readonly backtest: Backtest | undefined;
}

/** The figures of one place with and without the plan. */
export function outlookOf(
  id: EntityId,
  entry: EntryPast | undefined,
  input: OutlookInput,
): Outlook {
  const known = knownOf(id, entry, input.forecast);
  if (known === undefined)
    return {
      slis: [],
      missing: [`requests of ${entityName(id)} in the retained history`],
      exemplars: 0,
      isRough: false,
    };
  const after = afterOf(known, input);
  const missing =
    after === undefined
      ? [`at least ${EXEMPLARS_MIN} whole traces of healthy ${entityName(id)}`]
      : [];
  const isKnown = after !== undefined && input.plan.effect.missing.length === 0;
  const slis = input.statistics.map((statistic): PredictedSli => {
    const unit = statistic.endsWith("_ratio") ? ("ratio" as const) : ("ms" as const);
    const noAction = noActionOf(statistic, known, input);
    const base = { operation: id, statistic, unit, observed: known.now[statistic], noAction };
    if (!isKnown)
      return { ...base, after: unknownAbout(noAction, unit), verdict: "insufficient_data" };
    const predicted = { ...base, after: intervalOf(statistic, after, known, input) };
    const timeToSaturationMs = saturationOf(known, input);
    return timeToSaturationMs === undefined
      ? { ...predicted, verdict: "number" }
      : { ...predicted, verdict: "saturates", timeToSaturationMs };
  });
  return {
    slis,
    missing,
    exemplars: known.place?.asSeen.nodes ?? 0,
    isRough: acts(input.plan.effect) && isRough(known),
    ...(known.backtest === undefined ? {} : { backtest: known.backtest }),
  };
}

function knownOf(
  id: EntityId,
  entry: EntryPast | undefined,
  forecast: Forecast | undefined,
): Known | undefined {
  const place = forecast?.places.get(id);
  if (entry === undefined) return place === undefined ? undefined : knownOfPlace(place, undefined);
  const isCounted = place?.place.now?.isCounted === true && !entry.picture.stretch.absent;
  return isCounted ? knownOfPlace(place, entry) : knownOfEntry(entry, place);
}

/** By what all its requests come to. */
function knownOfPlace(forecast: PlaceForecast, entry: EntryPast | undefined): Known | undefined {
  const { place } = forecast;
  const now = place.now ?? place.healthy;
  if (now === undefined) return undefined;
  return {
    id: place.id,
    now: seenFigures(now),
    healthy: place.healthy === undefined ? undefined : seenFigures(place.healthy),
    rate: forecast.asSeen.rate,
    place: forecast,
    picture: entry?.picture,
    backtest: entry?.backtest,
  };
}

/** By the requests that were traced. */
function knownOfEntry(
  { picture, backtest }: EntryPast,
  place: PlaceForecast | undefined,
): Known | undefined {
  const { stretch, operation, slo, entryHealthy, entryIncident } = picture;
  const slowMs = slowThresholdMs(slo, entryHealthy);
  const healthy = valuesOf(entryHealthy, stretch.healthy, slowMs);
  const now = stretch.absent ? undefined : valuesOf(entryIncident, stretch.incident, slowMs);
  const known = healthy ?? now;
  if (known === undefined) return undefined;
  const window = healthy === undefined ? stretch.incident : stretch.healthy;
  const before = place?.place.healthy;
  return {
    id: operation,
    now: now ?? { ...known, error_ratio: 0, bad_ratio: 1 },
    healthy: healthy ?? (before === undefined ? undefined : seenFigures(before)),
    rate: known.requests / Math.max(1, (window.toMs - window.fromMs) / 1000),
    place,
    picture,
    backtest,
  };
}

interface After {
  readonly figures: Figures;
  /** Of the latencies: after over before. */
  readonly from: Figures;
}

const played = ({ after, asSeen }: PlaceForecast): number => Math.min(after.nodes, asSeen.nodes);

const isRough = ({ place }: Known): boolean => place !== undefined && played(place) < EXEMPLARS_FEW;

/** Undefined: too few exemplars to play. */
function afterOf(known: Known, { plan }: OutlookInput): After | undefined {
  const { effect, change } = plan;
  const { picture, place, now, healthy } = known;
  if (picture?.stretch.absent === true) {
    // Requests come back when what has stopped serving is started again; else nobody here keeps them away.
    const back = silences(picture).some(({ service }) => effect.repaired.has(service));
    const figures = back ? (healthy ?? now) : now;
    return { figures, from: figures };
  }
  if (!acts(effect)) return { figures: now, from: now };
  if (place === undefined || played(place) < EXEMPLARS_MIN) return undefined;
  if (change.plays === "now") return { figures: project(now, place), from: now };
  const from = healthy ?? now;
  const figures = project(from, place);
  if (picture?.stretch.deviates !== true) return { figures, from };
  return { figures: withFailures(figures, failuresLeft(known, picture, plan)), from };
}

/** Share of requests that goes on failing beyond what is normal. */
function failuresLeft({ now, healthy }: Known, picture: Picture, { effect }: Plan): number {
  const rise = Math.max(0, now.error_ratio - (healthy?.error_ratio ?? 0));
  return rise * (1 - staying(picture, effect).fixedFailures);
}

function withFailures(figures: Figures, added: number): Figures {
  const { error_ratio: failing, bad_ratio: bad } = figures;
  const slow = failing < 1 ? Math.max(0, bad - failing) / (1 - failing) : 0;
  const errors = Math.min(1, failing + added);
  return { ...figures, error_ratio: errors, bad_ratio: errors + (1 - errors) * slow };
}

/** Anything may be: as wide as the unit allows, about what happens without. */
function unknownAbout(noAction: Interval, unit: "ms" | "ratio"): Interval {
  const high = unit === "ratio" ? 1 : Math.max(noAction.high, noAction.median * 10);
  return { median: noAction.median, low: 0, high };
}

/** Trouble is the less steady the younger it is. */
function incidentWidth({ picture }: Known): number {
  if (picture?.stretch.deviates !== true) return 0;
  return (
    INCIDENT_WIDTH * Math.min(1, INCIDENT_SECONDS / Math.max(1, picture.stretch.incidentSeconds))
  );
}

const NO_BACKTEST = { error_ratio: 0.02, bad_ratio: 0.04 } as const;

/** Width when nothing changes: of a latency's logarithm, or of a ratio. */
function widthOf(
  statistic: keyof Figures,
  { place, backtest: past, rate }: Known,
  { plan, observeMs }: OutlookInput,
): number {
  if (statistic === "error_ratio" || statistic === "bad_ratio")
    return past?.width[statistic] ?? NO_BACKTEST[statistic];
  const regime = plan.change.plays === "healthy" ? place?.place.healthy : place?.place.now;
  const seen = regime ?? place?.place.now;
  return steadyWidth(statistic, {
    seen,
    backtest: past,
    observeMs,
    requests: (rate * observeMs) / 1000,
  });
}

function noActionOf(statistic: keyof Figures, known: Known, input: OutlookInput): Interval {
  return intervalAbout(statistic, known.now[statistic], {
    width: widthOf(statistic, known, input),
    extra: incidentWidth(known),
    sample: (known.rate * input.observeMs) / 1000,
  });
}

function intervalOf(
  statistic: keyof Figures,
  after: After,
  known: Known,
  input: OutlookInput,
): Interval {
  return intervalAbout(statistic, after.figures[statistic], {
    width: widthOf(statistic, known, input),
    extra: extraWidth(statistic, after, known, input),
    sample: (known.rate * input.observeMs) / 1000,
  });
}

/** What acting adds to the width. */
function extraWidth(
  statistic: keyof Figures,
  { figures, from }: After,
  known: Known,
  { plan }: OutlookInput,
): number {
  const { effect, change } = plan;
  const still = change.plays === "now" ? incidentWidth(known) : 0;
  if (!acts(effect)) return Math.max(still, STILL_WIDTH * (statistic.endsWith("_ratio") ? 1 : 0));
  const latency = statistic === "error_ratio" || statistic === "bad_ratio" ? "p95" : statistic;
  const moved = Math.log(Math.max(0.01, figures[latency]) / Math.max(0.01, from[latency]));
  return Math.hypot(
    still,
    effect.repaired.size > 0 ? REPAIR_WIDTH : 0,
    effect.guesses || isRough(known) ? GUESS_WIDTH : 0,
    changeWidth(latency, moved, known.place?.full ?? 0),
  );
}

/** Milliseconds until waiting alone makes requests slow; undefined: nothing that the requests meet saturates. */
function saturationOf({ place }: Known, { plan }: OutlookInput): number | undefined {
  if (place?.saturates !== true || !acts(plan.effect)) return undefined;
  const growth = place.full > 1 ? 1 - 1 / place.full : 0.03;
  const { slowMs } = place.place;
  return Math.round((Number.isFinite(slowMs) ? slowMs : 1000) / growth);
}
