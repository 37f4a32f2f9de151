import { type Action, actionHash } from "../../src/incident/action.ts";
import type { Outcome, Page, Proposal } from "../../src/incident/events.ts";
import type { Diagnosis, Hypothesis } from "../../src/model/causes/diagnosis.ts";
import { type EdgeId, entityId } from "../../src/model/entity.ts";
import type { SloStatus } from "../../src/model/slo/slo.ts";
import type { Change } from "../../src/model/view.ts";
import type { Prediction } from "../../src/model/whatif/prediction.ts";
import type { SloReading } from "../../src/slack/deps.ts";

/** 2026-11-24 02:14:07 UTC. */
const PAGED_MS = Date.UTC(2026, 10, 24, 2, 14, 7);
const ONSET_MS = PAGED_MS - 40_000;

const checkout = entityId("operation", "gateway POST /checkout");
const gateway = entityId("service", "gateway");
const catalog = entityId("service", "catalog");

export const deploy: Change = {
  id: "chg-1",
  timeMs: ONSET_MS - 31_000,
  kind: "deploy",
  entity: catalog,
  entityText: "catalog",
  summary: "deploy catalog 1.1.0",
  attributes: { version: "1.1.0", previous_version: "1.0.0", author: "argo" },
  origin: "reported",
};

export const page: Page = {
  type: "burn",
  sloId: "checkout",
  service: gateway,
  operation: checkout,
  title: "POST /checkout is burning its error budget 21×",
  atMs: PAGED_MS,
  values: { burnRate: { value: 21, unit: "factor" }, badRatio: { value: 0.23, unit: "ratio" } },
  ruleText: "objective 99 %; pages on 60 s and 10 s at 14.4×; an action is judged 60 s after it",
};

export function hypothesis(over: Partial<Hypothesis> = {}): Hypothesis {
  return {
    id: "h1",
    type: "version",
    root: catalog,
    name: "catalog",
    title: "catalog 1.1.0 became slower",
    probability: 0.82,
    supporting: [
      {
        kind: "latency",
        text: "self time of catalog rose from {{before}} to {{after}}",
        values: { before: { value: 18, unit: "ms" }, after: { value: 240, unit: "ms" } },
        traceIds: [],
      },
    ],
    opposing: [],
    changes: [deploy],
    onsetMs: ONSET_MS - 2_000,
    path: [
      { entity: catalog, magnitude: { value: 12, unit: "factor" } },
      { entity: "gateway->catalog" as EdgeId, magnitude: { value: 8, unit: "factor" } },
      { entity: gateway, magnitude: { value: 6, unit: "factor" } },
    ],
    decidedBy: "one catalog replica on 1.0.0 for two minutes",
    ...over,
  };
}

export function diagnosis(over: Partial<Diagnosis> = {}): Diagnosis {
  return {
    asOfMs: PAGED_MS + 2_000,
    healthy: { fromMs: ONSET_MS - 600_000, toMs: ONSET_MS },
    incident: { fromMs: ONSET_MS, toMs: PAGED_MS },
    symptom: {
      sloId: "checkout",
      operation: checkout,
      service: gateway,
      kind: "latency",
      onsetMs: ONSET_MS,
      badRatio: 0.23,
      errorRatio: 0,
      requestRate: 15,
      p95Ms: 2100,
      healthyP95Ms: 210,
      healthyBadRatio: 0.002,
    },
    hypotheses: [
      hypothesis(),
      hypothesis({ id: "h2", name: "pg", title: "the database pg is busy", probability: 0.1 }),
    ],
    noneProbability: 0.08,
    uncalibrated: true,
    blastRadius: {
      operations: [{ operation: checkout, badRatio: 0.23, requestRate: 15 }],
      services: [gateway, catalog],
      badPerMinute: 212,
    },
    recentChanges: [deploy],
    blindSpots: ["payments-ext is seen from its callers only"],
    ...over,
  };
}

export function prediction(over: Partial<Prediction> = {}): Prediction {
  return {
    asOfMs: PAGED_MS + 5_000,
    interventions: [{ type: "rollback", entity: "catalog", to_version: "1.0.0" }],
    horizonMs: 60_000,
    grade: "B",
    missing: [],
    slis: [
      {
        operation: checkout,
        statistic: "p95",
        unit: "ms",
        observed: 2100,
        noAction: { median: 2150, low: 1800, high: 2600 },
        after: { median: 240, low: 200, high: 350 },
        verdict: "number",
      },
    ],
    utilisation: [{ entity: catalog, before: 0.93, after: 0.2 }],
    assumptions: ["load stays at 15/s"],
    falsifiers: ["catalog self time stays above 100 ms"],
    sensitivities: [],
    exemplarCount: 180,
    ...over,
  };
}

const rollback: Action = { type: "rollback", service: "catalog", toVersion: "1.0.0" };

export function proposal(madeMs: number, over: Partial<Proposal> = {}): Proposal {
  const preconditions = { facts: { "version:catalog": "1.1.0" } };
  return {
    id: "p-1",
    incidentId: "i-1",
    action: rollback,
    preconditions,
    actionHash: actionHash(rollback, preconditions),
    prediction: prediction(),
    sloId: "checkout",
    reason: "catalog 1.1.0 is 12 times slower than 1.0.0, and nothing else moved.",
    evidenceIds: ["e1", "e4"],
    madeMs,
    expiresMs: madeMs + 12 * 60_000,
    executable: true,
    ...over,
  };
}

export function outcome(over: Partial<Outcome> = {}): Outcome {
  return {
    settledMs: PAGED_MS + 120_000,
    verdict: "inside",
    observed: [
      {
        operation: checkout,
        statistic: "p95",
        unit: "ms",
        predicted: { median: 240, low: 200, high: 350 },
        value: 231,
        inside: true,
      },
    ],
    note: "",
    ...over,
  };
}

export function sloStatus(over: Partial<SloStatus> = {}): SloStatus {
  return {
    slo: {
      id: "checkout",
      description: "people can pay",
      service: "gateway",
      operation: "POST /checkout",
      objective: 0.99,
      latencyThresholdMs: 500,
      rules: [{ longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" }],
      absentAfterMs: 30_000,
      settle: { effectMs: 20_000, observeMs: 40_000 },
    },
    operation: checkout,
    sli: { good: 770, bad: 230, errors: 0, slow: 230, ratio: 0.77, covered: 1 },
    burnRates: [
      {
        rule: { longMs: 60_000, shortMs: 10_000, burnRate: 14.4, severity: "page" },
        long: 23,
        short: 25,
        firing: true,
      },
    ],
    state: "burning",
    lastSampleMs: PAGED_MS,
    ...over,
  };
}

/** The objective with its share of good requests over 10 s, 60 s and 6 min; undefined: no request. */
export function sloReading(
  good: readonly [tenSeconds?: number, minute?: number, sixMinutes?: number] = [0.75, 0.77, 0.9],
  over: Partial<SloStatus> = {},
): SloReading {
  const lengths = [10_000, 60_000, 360_000];
  return {
    status: sloStatus(over),
    windows: lengths.map((lengthMs, index) => {
      const goodRatio = good[index];
      return goodRatio === undefined ? { lengthMs } : { lengthMs, goodRatio };
    }),
  };
}
