import { errorText } from "../errors.ts";
import { answerWhatIf, type WhatIfAnswer } from "./whatif-answer.ts";
import { whatIfCases } from "./whatif-case.ts";
import { scoreWhatIf, type WhatIfReport } from "./whatif-score.ts";

interface WhatIfOutput {
  /** Each answer as it is made. */
  readonly answered: (answer: WhatIfAnswer) => void;
  /** What went wrong with a case. It is left without answers. */
  readonly failed: (id: string, reason: string) => void;
}

/** Answers the questions of every what-if case below a folder and scores the answers. */
export async function scoreWhatIfCases(root: string, output: WhatIfOutput): Promise<WhatIfReport> {
  const cases = whatIfCases(root);
  const answers: WhatIfAnswer[] = [];
  for (const one of cases) {
    try {
      // biome-ignore lint/performance/noAwaitInLoops: one case in memory at a time
      const made = await answerWhatIf(one, () => performance.now());
      answers.push(...made);
      made.forEach(output.answered);
    } catch (error) {
      output.failed(one.id, errorText(error));
    }
  }
  return scoreWhatIf(cases, answers);
}
