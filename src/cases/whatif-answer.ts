import { entityId, entityName } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import { predict } from "../model/whatif/predict.ts";
import type { PredictedSli, Prediction } from "../model/whatif/prediction.ts";
import { readCase } from "./case-folder.ts";
import { worldOf } from "./case-world.ts";
import type { WhatIfAsk, WhatIfCase, WhatIfQuestion } from "./whatif-case.ts";

/** One line of an answer file. */
export interface WhatIfAnswer {
  readonly id: string;
  readonly question: string;
  readonly entity: string;
  readonly operation?: string;
  readonly signal: string;
  readonly stat: string;
  readonly median?: number;
  readonly low?: number;
  readonly high?: number;
  readonly verdict: "number" | "saturates" | "insufficient_data";
  /** With `insufficient_data`: what is missing. */
  readonly missing?: readonly string[];
  /** Time that the question took, all its figures together. */
  readonly ms: number;
}

const STATISTICS = ["mean", "p50", "p95", "p99", "error_ratio"] as const;

const placeOf = ({ entity, operation }: WhatIfAsk): string =>
  operation === undefined ? entity : `${entity} ${operation}`;

/** Everything that was recorded may be used: a what-if case ends where the question is asked. */
const WHOLE_RECORD_MS = 365 * 24 * 3_600_000;

/** Answers all questions of a case. `nowMs` measures how long each took. */
export async function answerWhatIf(
  one: Pick<WhatIfCase, "id" | "folder" | "questions">,
  nowMs: () => number,
): Promise<readonly WhatIfAnswer[]> {
  const record = await readCase(one.folder, WHOLE_RECORD_MS);
  const view = worldOf(record).at(record.cutMs);
  return one.questions.flatMap((question) => {
    const startedMs = nowMs();
    const prediction = predictionOf(view, question);
    const ms = nowMs() - startedMs;
    return question.ask.map((ask) => ({
      id: one.id,
      question: question.id,
      entity: ask.entity,
      ...(ask.operation === undefined ? {} : { operation: ask.operation }),
      signal: ask.signal,
      stat: ask.stat,
      ...figuresOf(prediction, ask),
      ms,
    }));
  });
}

function predictionOf(view: WorldView, question: WhatIfQuestion): Prediction {
  const places = question.ask.map(placeOf);
  const window = { fromMs: view.retainedFromMs, toMs: view.closedMs };
  const entries = new Set<string>(view.entries(window).map((one) => entityName(one.operation)));
  return predict(view, {
    interventions: question.interventions,
    operations: [...new Set(places.filter((place) => entries.has(place)))],
    places: [...new Set(places)],
    statistics: STATISTICS,
    horizonMs: question.horizonMs,
    observeMs: question.horizonMs,
  });
}

function figuresOf(
  prediction: Prediction,
  ask: WhatIfAsk,
): Pick<WhatIfAnswer, "median" | "low" | "high" | "verdict" | "missing"> {
  const sli = sliOf(prediction, ask);
  const missing = { verdict: "insufficient_data" as const, missing: prediction.missing };
  if (sli === undefined) return missing;
  switch (sli.verdict) {
    case "insufficient_data":
      return missing;
    case "saturates":
    case "number":
      return { ...sli.after, verdict: sli.verdict };
  }
}

function sliOf(prediction: Prediction, ask: WhatIfAsk): PredictedSli | undefined {
  const statistic = ask.signal === "error_ratio" ? "error_ratio" : ask.stat;
  const place = entityId(ask.operation === undefined ? "service" : "operation", placeOf(ask));
  return prediction.slis.find((one) => one.operation === place && one.statistic === statistic);
}
