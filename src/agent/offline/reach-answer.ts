import { isHurt } from "./cause-reading.ts";
import { troubleSpokenOf } from "./follow-up.ts";
import { rankCall } from "./incident-plan.ts";
import { hurtText } from "./incident-text.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { hurtObjectives } from "./recovery-answer.ts";
import { rankingIn } from "./tool-data.ts";
import { lookAt, type TranscriptTurn } from "./transcript.ts";
import { bullets, cited, paragraphs, refusalText, value } from "./wording.ts";

/** "who is hurt, how many?": the requests of whoever uses it, by objective; users are not counted. */
export function answerReach(situation: Situation): Move {
  const calls = (): readonly PlannedCall[] => [
    rankCall(troubleSpokenOf(situation)),
    { tool: "get_slo_status", input: {} },
  ];
  return firstMove(situation, [calls], () => reachText(situation.turn));
}

function reachText(turn: TranscriptTurn): string {
  const look = lookAt(turn, "rank_causes");
  const ranking = rankingIn(look);
  const objectives = bullets(hurtObjectives(turn).map(cited));
  if (look === undefined || ranking === undefined) {
    const why = look === undefined ? "I could not look at that any more." : refusalText(look);
    return paragraphs(why, objectives);
  }
  const symptom = look.evidence[0];
  const perMinute = isHurt(ranking) ? value(symptom, "badPerMinuteInAll") : undefined;
  const inAll =
    perMinute === undefined
      ? ""
      : `In all ${perMinute} bad requests a minute [${symptom?.id}]. I count requests, not people.`;
  return paragraphs(hurtText(look, ranking), objectives, inAll);
}
