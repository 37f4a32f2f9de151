import { lookFor, type PlannedCall } from "./move.ts";
import { type Plan, type Ranking, type Simulation, simulationIn } from "./tool-data.ts";
import type { EvidenceRow, Look, TranscriptTurn } from "./transcript.ts";

/** Plans that one simulation compares. */
const PLANS_MAX = 3;
/** An answer that was too long for its place has lost plans or statistics. */
const CUT = /^cut to fit/;

/** The candidates simulated: plan and evidence for each, in their order. */
export interface Simulated {
  readonly simulation: Simulation;
  readonly rows: readonly (EvidenceRow | undefined)[];
  /** Why nothing could be simulated. */
  readonly refusal?: Look;
}

const TOOL = "simulate_intervention";

const plansOf = ({ candidates }: Ranking): readonly (readonly object[])[] =>
  candidates.slice(0, PLANS_MAX).map((one) => [one.intervention]);

/** First all at once on what is hurt, so that they are compared; then without naming it; then each for itself. */
function together({ symptom, ...ranking }: Ranking): readonly PlannedCall[] {
  const plans = plansOf({ symptom, ...ranking });
  return plans.length === 0
    ? []
    : [
        { tool: TOOL, input: { plans, operations: [symptom.operation] } },
        { tool: TOOL, input: { plans } },
      ];
}

function apart(ranking: Ranking): readonly PlannedCall[] {
  const operations = [ranking.symptom.operation];
  return plansOf(ranking).map((plan) => ({ tool: TOOL, input: { plans: [plan], operations } }));
}

const isWhole = (look: Look | undefined): boolean =>
  look?.ok === true && !look.notes.some((note) => CUT.test(note));

/** The next way to simulate the candidates, where those before were refused or cut. */
export function candidatePlans(turn: TranscriptTurn, ranking: Ranking): readonly PlannedCall[] {
  for (const call of together(ranking)) {
    const look = lookFor(turn, call);
    if (isWhole(look)) return [];
    if (look === undefined) return [call];
    if (look.ok) return apart(ranking);
  }
  return [];
}

/** What has been simulated of the candidates; undefined: nothing yet. Another model may have simulated other plans. */
export function simulatedCandidates(turn: TranscriptTurn, ranking: Ranking): Simulated | undefined {
  const looks = together(ranking).flatMap((call) => lookFor(turn, call) ?? []);
  const look = looks.find(isWhole);
  const simulation = simulationIn(look);
  if (look !== undefined && simulation !== undefined)
    return { simulation, rows: simulation.plans.map((_plan, index) => look.evidence[index]) };
  const single = apart(ranking).map((call) => lookFor(turn, call));
  if (single.some((one) => one?.ok === true)) return joined(single);
  const refusal = looks.at(-1);
  const nothing = { noAction: [], plans: [] };
  return refusal === undefined ? undefined : { simulation: nothing, rows: [], refusal };
}

const UNKNOWN: Plan = { plan: "", grade: "D", missing: [], after: [], assumes: [], wrongIf: [] };

function joined(looks: readonly (Look | undefined)[]): Simulated {
  const read = looks.map((look) => simulationIn(look));
  return {
    simulation: {
      noAction: read.find((one) => one !== undefined)?.noAction ?? [],
      plans: read.map((one) => one?.plans[0] ?? UNKNOWN),
    },
    rows: looks.map((look) => look?.evidence[0]),
  };
}
