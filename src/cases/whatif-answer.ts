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
  const operations = question.ask.flatMap(({ entity, operation }) =>
    operation === undefined ? [] : [`${entity} ${operation}`],
  );
  return predict(view, {
    interventions: question.interventions,
    operations: [...new Set(operations)],
    horizonMs: question.horizonMs,
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
  const place = `operation:${ask.entity} ${ask.operation}`;
  return prediction.slis.find((one) => one.operation === place && one.statistic === statistic);
}
