import { type EdgeId, type EntityId, entityName, entityType } from "../entity.ts";
import type { SuspectChange } from "./change-evidence.ts";
import type { Calibration } from "./diagnose.ts";
import type { Suspect, Suspects } from "./enumerate.ts";
import type { Picture } from "./picture.ts";
import type { MeasuredSymptom } from "./symptom.ts";

/**
 * Weights of the conditional logit. Set by reasoning, in nats: impact share is the fix condition and leads; a tenth of
 * the impact costs as much as a fresh change gives back twice over, so that a harmless change next door cannot win.
 */
const WEIGHTS = {
  /** Per factor e of impact share. */
  impact: 1.4,
  /** Per unit of log(1 + standard score). */
  score: 0.45,
  /** First of all to deviate, fading over `ONSET_FADE_MS`. */
  onset: 0.7,
  /** A fresh deploy, in full. */
  change: 1.4,
  /** Set apart from its like. */
  contrast: 1.3,
  /** Something below it accounts for the wait. */
  explainedBelow: -1.4,
  /** Old and new version are equally sick. */
  versionAlike: -0.8,
} as const;

/** Prior odds by type, in nats: links and hosts break less often than what runs on them. */
const BIAS: Readonly<Partial<Record<Suspect["type"], number>>> = {
  edge: -0.5,
  host: 0.2,
  zone: 0,
  traffic: -0.2,
  stopped: 0.6,
};

/** What "none of these" weighs while something is wrong, and while nothing is. */
const NONE_SCORE = { wrong: -0.6, well: 4 } as const;
/** Flattens: on a system without settled incidents the default is cautious. */
const TEMPERATURE = 1.1;
const IMPACT_FLOOR = 0.01;
const SCORE_CAP = 60;
const ONSET_FADE_MS = 15_000;
/** Suspects below this are not worth a reader's time. */
const PROBABILITY_MIN = 0.004;
/** Limit: hypotheses in an answer. */
const HYPOTHESES_MAX = 10;

export interface Ranked {
  readonly suspect: Suspect;
  readonly probability: number;
  readonly impact: number;
  readonly changes: readonly SuspectChange[];
}

export interface Ranking {
  readonly ranked: readonly Ranked[];
  readonly noneProbability: number;
}

function impactShare(suspect: Suspect, all: Suspects, errorWeight: number): number {
  if (suspect.type === "stopped" && all.totalMs + all.totalFailures === 0) return 1;
  const slow = all.totalMs > 0 ? suspect.addedMs / all.totalMs : 0;
  const failed = all.totalFailures > 0 ? suspect.addedFailures / all.totalFailures : 0;
  return Math.min(1, (1 - errorWeight) * slow + errorWeight * failed);
}

function servicesBelow(picture: Picture, service: EntityId): ReadonlySet<string> {
  const below = new Set<string>();
  const queue: EntityId[] = [service];
  for (let caller = queue.shift(); caller !== undefined; caller = queue.shift()) {
    for (const edge of picture.edges.values()) {
      if (edge.caller !== caller || below.has(edge.callee)) continue;
      below.add(edge.callee);
      queue.push(edge.callee);
    }
  }
  return below;
}

/** The service that a suspect is or belongs to. */
export function homeOf(picture: Picture, suspect: Suspect): EntityId | undefined {
  if (suspect.type === "edge") return picture.edges.get(suspect.root as EdgeId)?.caller;
  const root = suspect.root as EntityId;
  const type = entityType(root);
  if (type === "service.instance") {
    return [...picture.services.values()].find((one) => one.instances.has(root))?.service;
  }
  return root;
}

/** 0 to 1: how far a suspect's own time is the wait for another suspect that it depends on. */
function explainedBelow(
  picture: Picture,
  suspect: Suspect,
  scored: readonly { readonly suspect: Suspect; readonly impact: number }[],
): number {
  if (suspect.service === undefined) return 0;
  const below = servicesBelow(picture, suspect.service);
  const own = scored.find((one) => one.suspect === suspect)?.impact ?? 0;
  let most = 0;
  for (const other of scored) {
    if (other.suspect === suspect || other.suspect.score < 4) continue;
    const home = homeOf(picture, other.suspect);
    if (home === undefined || home === suspect.service || !below.has(home)) continue;
    const later = (other.suspect.onsetMs ?? 0) - (suspect.onsetMs ?? Number.POSITIVE_INFINITY);
    if (later > ONSET_FADE_MS) continue;
    most = Math.max(most, other.impact / (other.impact + own + 0.05));
  }
  return most;
}

export interface RankInput {
  readonly picture: Picture;
  readonly suspects: Suspects;
  readonly measured: MeasuredSymptom;
  readonly changesOf: (suspect: Suspect) => readonly SuspectChange[];
  readonly versionContrastOf: (suspect: Suspect) => number;
  readonly calibration?: Calibration;
}

/** Requests that do not come in any more are explained by what stopped; the few stragglers' times explain little. */
function impactOf(suspect: Suspect, { picture, suspects, measured }: RankInput): number {
  if (picture.stretch.absent && suspect.type === "stopped") return 1;
  const share = impactShare(suspect, suspects, measured.errorWeight);
  return picture.stretch.absent ? 0.1 * share : share;
}

/** Conditional logit over the suspects and "none of these"; probabilities sum to 1. */
export function rank(input: RankInput): Ranking {
  const { picture, suspects, measured } = input;
  const scored = [...suspects.suspects.values()].map((suspect) => ({
    suspect,
    impact: impactOf(suspect, input),
  }));
  const onsets = scored
    .filter((one) => one.impact > 0.1 && one.suspect.onsetMs !== undefined)
    .map((one) => one.suspect.onsetMs ?? 0);
  const first = onsets.length === 0 ? picture.stretch.onsetMs : Math.min(...onsets);
  const weighed = scored.map(({ suspect, impact }) => {
    const changes = input.changesOf(suspect);
    const alike = input.versionContrastOf(suspect);
    const early =
      suspect.onsetMs === undefined
        ? 0
        : Math.max(0, 1 - Math.max(0, suspect.onsetMs - first) / ONSET_FADE_MS);
    const utility =
      WEIGHTS.impact * Math.log(IMPACT_FLOOR + impact) +
      WEIGHTS.score * Math.log1p(Math.max(0, Math.min(SCORE_CAP, suspect.score))) +
      WEIGHTS.onset * early +
      WEIGHTS.change * (changes[0]?.weight ?? 0) * (impact > 0.02 ? 1 : 0.3) +
      WEIGHTS.contrast * Math.max(suspect.contrast, alike > 0 ? 0.7 : 0) +
      WEIGHTS.explainedBelow * explainedBelow(picture, suspect, scored) +
      (alike < 0 ? WEIGHTS.versionAlike : 0) +
      (BIAS[suspect.type] ?? 0);
    return { suspect, impact, changes, utility };
  });
  const well = measured.symptom.kind === "none";
  const none = well ? NONE_SCORE.well : NONE_SCORE.wrong;
  const temperature = TEMPERATURE * (input.calibration?.temperature ?? 1);
  const top = Math.max(none, ...weighed.map((one) => one.utility));
  const exp = (utility: number): number => Math.exp((utility - top) / temperature);
  const total = exp(none) + weighed.reduce((sum, one) => sum + exp(one.utility), 0);
  const ranked = weighed
    .map(({ suspect, impact, changes, utility }) => ({
      suspect,
      impact,
      changes,
      probability: exp(utility) / total,
    }))
    .sort((a, b) => b.probability - a.probability || (a.suspect.root < b.suspect.root ? -1 : 1))
    .filter((one) => one.probability >= PROBABILITY_MIN)
    .slice(0, HYPOTHESES_MAX);
  const named = ranked.reduce((sum, one) => sum + one.probability, 0);
  return { ranked, noneProbability: Math.max(0, 1 - named) };
}

/** How a suspect is called in a sentence. */
export function suspectWord(suspect: Suspect): string {
  return suspect.type === "edge" ? suspect.root : entityName(suspect.root as EntityId);
}
