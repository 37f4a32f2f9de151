import type { Intervention } from "../../model/whatif/intervention.ts";
import { chooseAction, hasLikelyCause } from "./action-choice.ts";
import { candidatePlans, simulatedCandidates } from "./candidate-plans.ts";
import { causeEvidence, isHurt } from "./cause-reading.ts";
import { troubleSpokenOf } from "./follow-up.ts";
import { rankCall } from "./incident-plan.ts";
import { hurtText, predictionLines } from "./incident-text.ts";
import { orderText } from "./intervention-words.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { type Candidate, outcomesIn, type Ranking, rankingIn } from "./tool-data.ts";
import { lookAt, type TranscriptTurn } from "./transcript.ts";
import { bullets, cited, paragraphs, refusalText } from "./wording.ts";

// The tool has checked it: it is one of the interventions that there are.
const interventionOf = ({ intervention }: Candidate): Intervention =>
  intervention as unknown as Intervention;

/** In the words that ask for it, without its numbers: those would need evidence of their own. */
export function candidateText(candidate: Candidate): string {
  const intervention = interventionOf(candidate);
  switch (intervention.type) {
    case "rollback":
      return `roll back ${intervention.entity}`;
    case "setting":
      return `restore ${intervention.setting} of ${intervention.entity}`;
    case "scale":
      return `scale up ${intervention.entity}`;
    case "limit":
      return `limit the calls of ${intervention.from} to ${intervention.to}`;
    default:
      return orderText(intervention) ?? intervention.type.replaceAll("_", " ");
  }
}

/** "what should we do?": the proposal that waits, else the action that is predicted to help most, else why there is none. */
export function answerAdvice(situation: Situation): Move {
  const { turn } = situation;
  const stages = [
    (): readonly PlannedCall[] => [
      rankCall(troubleSpokenOf(situation)),
      { tool: "check_outcome", input: {} },
    ],
    (): readonly PlannedCall[] => {
      const ranking = rankingIn(lookAt(turn, "rank_causes"));
      return ranking !== undefined && isHurt(ranking) && !ranking.symptom.isOver
        ? candidatePlans(turn, ranking)
        : [];
    },
  ];
  return firstMove(situation, stages, () => adviceText(turn));
}

function adviceText(turn: TranscriptTurn): string {
  const look = lookAt(turn, "rank_causes");
  const ranking = rankingIn(look);
  if (look === undefined || ranking === undefined)
    return look === undefined ? "I could not look at that any more." : refusalText(look);
  const waiting = waitingText(turn);
  if (!isHurt(ranking) || ranking.symptom.isOver)
    return paragraphs(
      "**Nothing now:** what was asked about is not hurt.",
      waiting,
      hurtText(look, ranking),
    );
  const [top] = ranking.causes;
  const row = top === undefined ? undefined : causeEvidence(look, top);
  const because = row === undefined ? undefined : `It rests on this: ${cited(row)}.`;
  return paragraphs(waiting ?? chosenText(turn, ranking), predictedText(turn, ranking), because);
}

/** What an approver has before them already. */
export function waitingText(turn: TranscriptTurn): string | undefined {
  const look = lookAt(turn, "check_outcome");
  const proposals = outcomesIn(look)?.proposals ?? [];
  const index = proposals.findIndex(({ state }) => state === "open");
  const row = index < 0 ? undefined : look?.evidence[index];
  const action = proposals[index]?.action;
  return row === undefined || action === undefined
    ? undefined
    : `**Decide on "${action}":** it is proposed already, and waits for an approval [${row.id}].`;
}

function chosenText(turn: TranscriptTurn, ranking: Ranking): string {
  const simulated = simulatedCandidates(turn, ranking);
  const choice = simulated === undefined ? undefined : chooseAction(ranking, simulated.simulation);
  if (choice !== undefined) {
    const order = orderText(interventionOf(choice.candidate)) ?? candidateText(choice.candidate);
    const row = simulated?.rows[choice.index];
    const id = row === undefined ? "" : ` [${row.id}]`;
    return `**Do:** ${order}${id}. To put it before an approver, say in the incident's thread: propose ${order}`;
  }
  if (simulated?.refusal !== undefined)
    return `**I cannot say:** nothing could be predicted. ${refusalText(simulated.refusal)}`;
  if (ranking.candidates.length === 0) return "**No action** follows from what I see.";
  return hasLikelyCause(ranking)
    ? "**No action that I know is predicted to help.**"
    : "**No action yet:** no cause is likely enough to act on.";
}

function predictedText(turn: TranscriptTurn, ranking: Ranking): string | undefined {
  const simulated = simulatedCandidates(turn, ranking);
  return simulated === undefined ? undefined : bullets(predictionLines(simulated, ranking));
}
