import { GRADE_WORDS } from "../../model/whatif/grade-words.ts";

/** What the words and buttons of the product mean, in a sentence or two. Without digits: nothing of it is evidence. */
const MEANINGS: Readonly<Record<string, string>> = {
  hush: "Hush makes me quiet in this incident, for everybody: from then on I post only actions, what came of them, and a relapse. Whoever asks me still gets an answer. The button Speak again, in the same place, takes it back.",
  approve:
    "Approve lets the executor do exactly the action on the card, once, after you confirm it. Only the people named on the card may. Then I check whether the prediction held.",
  reject:
    "Reject takes the proposal off the table; nothing is done, and its numbers stay on the card. To see another one, ask: what should we do?",
  grade: `The grade says how far a predicted number can be trusted: A is ${GRADE_WORDS.A}, B is ${GRADE_WORDS.B}, C is ${GRADE_WORDS.C}, and D means that there is ${GRADE_WORDS.D}.`,
  evidence:
    "An id in square brackets names the observation that a sentence rests on. Ask what one of them is, and I show it.",
  burn: "Burning means that the error budget of an objective is used up too fast: so many requests are bad that the objective will be missed if it goes on.",
  burning:
    "Burning means that the error budget of an objective is used up too fast: so many requests are bad that the objective will be missed if it goes on.",
  budget:
    "The error budget is the share of requests that may be bad before an objective is missed.",
  objective:
    "An objective says which share of the requests of an operation has to be good: without an error, and fast enough.",
  absent:
    "Absent means that requests have stopped coming at all. That is no sign of health: the way to us may be broken.",
  baseline: "The baseline is how the same place behaved before the trouble began.",
  onset: "The onset is when the trouble began, as the requests themselves show it.",
};

export const hasMeaning = (word: string): boolean => Object.hasOwn(MEANINGS, word);

/** Contract: `word` has a meaning. */
export const meaningOf = (word: string): string => MEANINGS[word] ?? "";
