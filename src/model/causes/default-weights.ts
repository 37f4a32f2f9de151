import type { Sight, Weights } from "./weights.ts";

const FEATURES: Weights["features"] = {
  impact: 1.4,
  score: 0.45,
  onset: 0.7,
  change: 1.4,
  contrast: 1.3,
  explainedBelow: -1.4,
  versionAlike: -0.8,
  masked: 1.5,
  placeImpact: 0.3,
  placeScore: 0.2,
  gauge: 0.2,
  full: 0.4,
  unreached: -2,
  named: 0,
  logFresh: 0.8,
  logStanding: 0.3,
  logGone: 0.3,
  silent: 1,
  surge: 1.5,
  loaded: -0.5,
  elsewhere: -1,
};

/** Set by reasoning; replaced by what training on simulated incidents finds. */
export const DEFAULT_WEIGHTS: Readonly<Record<Sight, Weights>> = {
  spans: {
    features: FEATURES,
    types: { edge: -0.5, host: 0.2, traffic: -0.2, stopped: 0.6 },
    none: { base: -0.6, clarity: 0, well: 4.6 },
    temperature: 1.1,
  },
  places: {
    features: { ...FEATURES, placeImpact: 1, placeScore: 0.6, gauge: 0.35 },
    types: { edge: -0.5, external: -1.2, host: 0.2, traffic: -0.2, stopped: 0.6 },
    none: { base: 1.5, clarity: -0.3, well: 1.2 },
    temperature: 1,
  },
  sparse: {
    features: {
      ...FEATURES,
      placeImpact: 0.7,
      placeScore: 0.5,
      gauge: 0.4,
      named: 1.5,
      logStanding: 1.5,
    },
    types: { edge: -0.5, host: 0, traffic: -0.5 },
    none: { base: 2, clarity: -0.3, well: 0.8 },
    temperature: 1,
  },
};
