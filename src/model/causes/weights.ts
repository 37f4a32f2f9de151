import type { HypothesisType } from "./diagnosis.ts";

/** What is weighed about a suspect. Features without evidence are 0. */
export const FEATURES = [
  /** Logarithm of its share of what the hurt requests gained (the fix condition), from critical paths. */
  "impact",
  /** Logarithm of one plus its standard score in spans. */
  "score",
  /** First of all to deviate. */
  "onset",
  /** A fresh change of it. */
  "change",
  /** Set apart from its like. */
  "contrast",
  /** Something below it accounts for the wait. */
  "explainedBelow",
  /** Old and new version are equally sick. */
  "versionAlike",
  /** Failures that callers try again. */
  "masked",
  /** Its share of what the symptom gained, from metrics. */
  "placeImpact",
  /** Logarithm of one plus its standard score in metrics. */
  "placeScore",
  /** The worst of its gauges. */
  "gauge",
  /** Something of it is full. */
  "full",
  /** The symptom does not depend on it. */
  "unreached",
  /** The page names it. */
  "named",
  /** New complaints in logs. */
  "logFresh",
  /** The last word of its logs is a complaint. */
  "logStanding",
  /** Ordinary log lines no longer come. */
  "logGone",
  /** Its telemetry stopped. */
  "silent",
  /** The load at the entry grew. */
  "surge",
  /** Its own load grew with that at the entry. */
  "loaded",
  /** A replica of it, or its host, accounts for what it shows. */
  "elsewhere",
] as const;

export type Feature = (typeof FEATURES)[number];

/** Weights of the conditional logit, in nats. */
export interface Weights {
  readonly features: Readonly<Record<Feature, number>>;
  /** Prior odds by type. */
  readonly types: Readonly<Partial<Record<HypothesisType, number>>>;
  /** What "none of these" weighs: at least, and for each unit of the symptom's clarity. */
  readonly none: { readonly base: number; readonly clarity: number; readonly well: number };
  /** Divides all: above 1 flattens. */
  readonly temperature: number;
}

/** What there is to go by: whole requests; metrics with a known structure; or neither. */
export type Sight = "spans" | "places" | "sparse";
