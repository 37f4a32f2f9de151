import { chooseAction } from "./action-choice.ts";
import { causeEvidence, comparisonOf, isHurt, placeOf } from "./cause-reading.ts";
import { incidentText } from "./incident-text.ts";
import { firstMove, lookFor, type Move, type PlannedCall, type Situation } from "./move.ts";
import { type Cause, type Ranking, rankingIn, simulationIn } from "./tool-data.ts";
import { type EvidenceRow, lookAt, type TranscriptTurn } from "./transcript.ts";
import { cited } from "./wording.ts";

/** Plans that one simulation compares. */
const PLANS_MAX = 3;
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
  const { onset, kind } = ranking.symptom;
  const compare = (cause: Cause): PlannedCall => ({
    tool: "compare_windows",
    input: { about: placeOf(cause), before: onset },
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
  return [leading, ...rivals];
}

const ids = (...rows: readonly (EvidenceRow | undefined)[]): readonly string[] =>
  rows.flatMap((row) => (row === undefined ? [] : [row.id]));

/** All candidates at once, so that they are compared with each other and with doing nothing, on what is hurt. */
function candidatePlans(turn: TranscriptTurn, ranking: Ranking): readonly PlannedCall[] {
  const plans = ranking.candidates.slice(0, PLANS_MAX).map((one) => [one.intervention]);
  if (plans.length === 0) return [];
  const tool = "simulate_intervention";
  const onHurt: PlannedCall = {
    tool,
    input: { plans, operations: [ranking.symptom.operation] },
  };
  const look = lookFor(turn, onHurt);
  return look === undefined || look.ok ? [onHurt] : [{ tool, input: { plans } }];
}

function proposalCalls(turn: TranscriptTurn, ranking: Ranking): readonly PlannedCall[] {
  const look = lookAt(turn, "simulate_intervention");
  const simulation = simulationIn(look);
  const choice = simulation === undefined ? undefined : chooseAction(ranking, simulation);
  if (choice === undefined) return [];
  const ranked = lookAt(turn, "rank_causes");
  const cause = ranking.causes.find((one) => one.cause === choice.candidate.cause);
  const because = cause === undefined ? undefined : causeEvidence(ranked, cause);
  const compared = cause === undefined ? undefined : comparisonOf(turn, cause);
  const changed = ranked?.evidence.find((row) => row.kind === "change");
  const predicted = look?.evidence[choice.index];
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

/** The page's own investigation, in the order in which a careful engineer would go. */
export function investigate(situation: Situation, sloId: string | undefined): Move {
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
      { tool: "get_slo_status", input: sloId === undefined ? {} : { slo: sloId } },
    ],
    whenHurt(suspectCalls),
    whenHurt((ranked) => hypothesisCalls(turn, ranked)),
    whenHurt((ranked) => candidatePlans(turn, ranked)),
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
