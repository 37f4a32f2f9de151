import { errorText } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { readCase } from "./case-folder.ts";
import { causeAnswer } from "./cause-answer.ts";
import { type CauseReport, causeReport } from "./cause-report.ts";
import { type CaseOnDisk, labelledCases } from "./labelled-cases.ts";

/** Each case is answered so long after its detection, in seconds. */
const DELAYS_S = [0, 60, 180] as const;

export interface ScoreOutput {
  /** Each answer as it is made. */
  readonly answered: (answer: Answer) => void;
  /** What went wrong with a case. Its answer is an empty ranking. */
  readonly failed: (id: string, reason: string) => void;
}

async function answerOf(one: CaseOnDisk, delayS: number, output: ScoreOutput): Promise<Answer> {
  try {
    return causeAnswer(await readCase(one.folder, delayS * 1000), delayS).answer;
  } catch (error) {
    output.failed(one.id, errorText(error));
    return { id: one.id, delay_s: delayS, ranking: [] };
  }
}

/** Answers every case below a folder and scores the labelled ones. */
export async function scoreCauses(root: string, output: ScoreOutput): Promise<CauseReport> {
  const cases = labelledCases(root);
  const answers: Answer[] = [];
  for (const one of cases) {
    if (one.truth.purpose === "what-if") continue;
    for (const delayS of DELAYS_S) {
      // One at a time: two cores, and a case may be large.
      // biome-ignore lint/performance/noAwaitInLoops: one case in memory at a time
      const answer = await answerOf(one, delayS, output);
      answers.push(answer);
      output.answered(answer);
    }
  }
  return causeReport(
    cases.filter(({ isLabelled }) => isLabelled),
    answers,
  );
}
