import type { SuspectChange } from "./change-evidence.ts";
import type { Calibration } from "./diagnose.ts";
import type { Measured } from "./features.ts";
import type { Scene } from "./scene.ts";
import type { Suspect } from "./suspect.ts";
import { FEATURES, type Weights } from "./weights.ts";

/** Suspects below this are not worth a reader's time. */
const PROBABILITY_MIN = 0.004;
/** Limit: hypotheses in an answer. */
const HYPOTHESES_MAX = 10;
/** A symptom clearer than this is as clear as can be. */
const EVIDENCE_CAP = 40;

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

/** How clearly there is a symptom at all, on the scale that the weights know. */
export const clarityOf = ({ evidence }: Pick<Scene, "evidence">): number =>
  Math.log1p(Math.max(0, Math.min(EVIDENCE_CAP, evidence)));

/** What "none of these" weighs. */
export function noneUtility(scene: Scene, { none }: Weights): number {
  const isWell = scene.measured.symptom.kind === "none";
  return none.base + none.clarity * clarityOf(scene) + (isWell ? none.well : 0);
}

/** What a suspect weighs. */
function utilityOf({ suspect, features }: Measured, weights: Weights): number {
  let utility = weights.types[suspect.type] ?? 0;
  for (const feature of FEATURES) utility += weights.features[feature] * features[feature];
  return utility;
}

/** Conditional logit over the suspects and "none of these"; probabilities sum to 1. */
export function rank(
  measured: readonly Measured[],
  none: number,
  options: { readonly weights: Weights; readonly calibration?: Calibration },
): Ranking {
  const { weights, calibration } = options;
  const weighed = measured.map((one) => ({ one, utility: utilityOf(one, weights) }));
  const temperature = weights.temperature * (calibration?.temperature ?? 1);
  const top = Math.max(none, ...weighed.map(({ utility }) => utility));
  const exp = (utility: number): number => Math.exp((utility - top) / temperature);
  const total = exp(none) + weighed.reduce((sum, { utility }) => sum + exp(utility), 0);
  const ranked = weighed
    .map(({ one: { suspect, impact, changes }, utility }) => ({
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
