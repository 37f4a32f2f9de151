import { chooseAction } from "./action-choice.ts";
import { candidatePlans, simulatedCandidates } from "./candidate-plans.ts";
import { causeEvidence, comparisonOf, isHurt, placeOf } from "./cause-reading.ts";
import { blindText, incidentText } from "./incident-text.ts";
import { firstMove, type Move, type PlannedCall, type Situation } from "./move.ts";
import { type Cause, type Ranking, rankingIn } from "./tool-data.ts";
import { type EvidenceRow, lookAt, type TranscriptTurn } from "./transcript.ts";
import { cited } from "./wording.ts";

/** A cause below this is not written down as leading. */
const LEADING_MIN = 0.3;
const RULED_OUT_MAX = 0.1;
const RIVALS_MAX = 2;
const REASON_CHARS_MAX = 400;

export function rankCall(about: string | undefined, at?: string): PlannedCall {
  const input = { ...(about === undefined ? {} : { about }), ...(at === undefined ? {} : { at }) };
  return { tool: "rank_causes", input };
}

/** What tells a suspect that changed from one that waits: itself before and after, its rival, and what passed through it. */
export function suspectCalls(ranking: Ranking): readonly PlannedCall[] {
  const [top, rival] = ranking.causes;
  const { onset, healthyFrom, kind } = ranking.symptom;
  const compare = (cause: Cause): PlannedCall => ({
    tool: "compare_windows",
    input: {
      about: placeOf(cause),
      before: onset,
      ...(healthyFrom === undefined ? {} : { healthyFrom }),
    },
  });
  const traces: readonly PlannedCall[] =
    top === undefined || kind === "absent" || top.cause.startsWith("traffic:")
      ? []
      : [
          {
            tool: "search_traces",
            input: { kind: kind === "errors" ? "error" : "slow", through: placeOf(top) },
          },
        ];
  const logs: readonly PlannedCall[] =
    kind === "latency" || top === undefined ? [] : [{ tool: "search_logs", input: {} }];
  return [
    ...[top, rival].flatMap((cause) => (cause === undefined ? [] : [compare(cause)])),
    ...traces,
    ...logs,
    { tool: "list_changes", input: {} },
  ];
}

function hypothesisCalls(turn: TranscriptTurn, ranking: Ranking): readonly PlannedCall[] {
  const look = lookAt(turn, "rank_causes");
  const [top, ...others] = ranking.causes;
  if (top === undefined || top.probability < LEADING_MIN) return [];
  const own = causeEvidence(look, top);
  const compared = comparisonOf(turn, top);
  const changed = look?.evidence.find((row) => row.kind === "change");
  const recorded = turn.looks.filter((one) => one.tool === "record_hypothesis" && one.ok);
  const isRecorded = (call: PlannedCall): boolean =>
    recorded.some(({ input }) =>
      call.input.stance === "leading"
        ? input.stance === "leading"
        : input.title === call.input.title,
    );
  const leading: PlannedCall = {
    tool: "record_hypothesis",
    input: {
      title: top.title,
      stance: "leading",
      evidenceFor: ids(own, compared?.isSteady === false ? compared.row : undefined, changed),
      evidenceAgainst: compared?.isSteady === true ? ids(compared.row) : [],
    },
  };
  const rivals = others.slice(0, RIVALS_MAX).map((rival): PlannedCall => {
    const seen = comparisonOf(turn, rival);
    const isOut = rival.probability < RULED_OUT_MAX && seen?.isSteady !== false;
    return {
      tool: "record_hypothesis",
      input: {
        title: rival.title,
        stance: isOut ? "ruled-out" : "weakened",
        evidenceFor: ids(causeEvidence(look, rival)),
        evidenceAgainst: ids(seen?.isSteady === true ? seen.row : undefined, own),
      },
    };
  });
  // Another model may have written some of it down before this one took over.
  return [leading, ...rivals].filter((call) => !isRecorded(call));
}

const ids = (...rows: readonly (EvidenceRow | undefined)[]): readonly string[] =>
  rows.flatMap((row) => (row === undefined ? [] : [row.id]));

function proposalCalls(turn: TranscriptTurn, ranking: Ranking): readonly PlannedCall[] {
  if (turn.looks.some((one) => one.tool === "propose_action" && one.ok)) return [];
  // What is over needs no action.
  if (ranking.symptom.isOver) return [];
  const simulated = simulatedCandidates(turn, ranking);
  const choice = simulated === undefined ? undefined : chooseAction(ranking, simulated.simulation);
  if (choice === undefined) return [];
  const ranked = lookAt(turn, "rank_causes");
  const cause = ranking.causes.find((one) => one.cause === choice.candidate.cause);
  const because = cause === undefined ? undefined : causeEvidence(ranked, cause);
  const compared = cause === undefined ? undefined : comparisonOf(turn, cause);
  const changed = ranked?.evidence.find((row) => row.kind === "change");
  const predicted = simulated?.rows[choice.index];
  const reason = [
    because === undefined ? choice.candidate.why : cited(because),
    choice.isPredicted && predicted !== undefined ? cited(predicted) : "effect unknown",
  ];
  return [
    {
      tool: "propose_action",
      input: {
        action: choice.candidate.action,
        reason: fitting(reason),
        evidenceIds: ids(because, compared?.row, changed, predicted),
      },
    },
  ];
}

/** As many of the clauses, from the first on, as the field takes. */
function fitting(clauses: readonly string[]): string {
  const whole = clauses.join("; ");
  if (whole.length <= REASON_CHARS_MAX) return whole;
  return clauses.find((clause) => clause.length <= REASON_CHARS_MAX) ?? "see the evidence";
}

/** Without an objective there is nothing to rank for: the page says that the model cannot see. */
function lookAround(situation: Situation): Move {
  const stages = [
    (): readonly PlannedCall[] => [
      { tool: "survey_system", input: {} },
      { tool: "get_slo_status", input: {} },
      { tool: "list_changes", input: {} },
    ],
  ];
  return firstMove(situation, stages, () => blindText(situation.turn));
}

/** The page's own investigation, in the order in which a careful engineer would go. */
export function investigate(situation: Situation, sloId: string | undefined): Move {
  if (sloId === undefined) return lookAround(situation);
  const { turn } = situation;
  const ranking = (): Ranking | undefined => rankingIn(lookAt(turn, "rank_causes"));
  const whenHurt =
    (calls: (ranking: Ranking) => readonly PlannedCall[]): (() => readonly PlannedCall[]) =>
    () => {
      const ranked = ranking();
      return ranked !== undefined && isHurt(ranked) ? calls(ranked) : [];
    };
  const stages = [
    (): readonly PlannedCall[] => [
      rankCall(sloId),
      { tool: "get_slo_status", input: { slo: sloId } },
    ],
    whenHurt(suspectCalls),
    whenHurt((ranked) => hypothesisCalls(turn, ranked)),
    whenHurt((ranked) => candidatePlans(turn, ranked)),
    whenHurt((ranked) => proposalCalls(turn, ranked)),
    (): readonly PlannedCall[] => {
      const ranked = ranking();
      return ranked !== undefined && isHurt(ranked)
        ? []
        : [
            { tool: "survey_system", input: {} },
            { tool: "list_changes", input: {} },
          ];
    },
  ];
  return firstMove(situation, stages, () => incidentText(turn));
}
