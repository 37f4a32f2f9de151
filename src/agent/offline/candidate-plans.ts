import { lookFor, type PlannedCall } from "./move.ts";
import type { Ranking } from "./tool-data.ts";
import type { Look, TranscriptTurn } from "./transcript.ts";

/** Plans that one simulation compares. */
const PLANS_MAX = 3;

/** All candidates at once, so that they are compared with each other and with doing nothing; first on what is hurt. */
function simulations({ candidates, symptom }: Ranking): readonly PlannedCall[] {
  const plans = candidates.slice(0, PLANS_MAX).map((one) => [one.intervention]);
  const tool = "simulate_intervention";
  return plans.length === 0
    ? []
    : [
        { tool, input: { plans, operations: [symptom.operation] } },
        { tool, input: { plans } },
      ];
}

/** The simulation of the candidates, plan for candidate; another model may have simulated others. */
export function candidateLook(turn: TranscriptTurn, ranking: Ranking): Look | undefined {
  const looks = simulations(ranking).flatMap((call) => lookFor(turn, call) ?? []);
  return looks.find((look) => look.ok) ?? looks[0];
}

/** The next way to simulate the candidates, where the one before was refused. */
export function candidatePlans(turn: TranscriptTurn, ranking: Ranking): readonly PlannedCall[] {
  for (const call of simulations(ranking)) {
    const look = lookFor(turn, call);
    if (look?.ok === true) return [];
    if (look === undefined) return [call];
  }
  return [];
}
