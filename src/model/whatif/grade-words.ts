import type { Grade } from "./prediction.ts";

/** What a grade says, in the same words wherever it is told. */
export const GRADE_WORDS: Readonly<Record<Grade, string>> = {
  A: "proven here",
  B: "tested on this system's past",
  C: "untested here",
  D: "no number",
};
