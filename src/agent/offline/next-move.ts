import { investigate } from "./incident-plan.ts";
import type { Move, Situation } from "./move.ts";
import { answerQuestion } from "./question-plan.ts";

/** What the offline investigator does next. Pure: the same conversation gives the same move. */
export function nextMove(situation: Situation): Move {
  const { asked } = situation.turn;
  switch (asked.type) {
    case "incident":
      return investigate(situation, asked.sloId);
    case "question":
      return answerQuestion(situation, asked.text, asked.now);
  }
}
