import type { Intervention } from "../../model/whatif/intervention.ts";
import type { SpokenIntervention } from "./intervention-words.ts";
import type { PlannedCall, Situation } from "./move.ts";
import { type Intent, questionIntent } from "./question-intent.ts";
import { type Candidate, changesIn, type Ranking, rankingIn } from "./tool-data.ts";
import type { Look, TranscriptTurn } from "./transcript.ts";

/** What the conversation was about before: a service as somebody named it, or the incident's objective. */
export function earlierSubject({ turns }: Situation): string | undefined {
  for (const { asked } of [...turns].slice(0, -1).reverse()) {
    if (asked.type === "incident") return asked.sloId;
    const subject =
      asked.type === "question" ? subjectOf(questionIntent(asked.text, asked.now)) : undefined;
    if (subject !== undefined) return subject;
  }
  return undefined;
}

function subjectOf(intent: Intent): string | undefined {
  if ("about" in intent) return intent.about;
  const spoken = "spoken" in intent ? intent.spoken : undefined;
  switch (spoken?.type) {
    case "whole":
      return "entity" in spoken.intervention ? spoken.intervention.entity : undefined;
    case "rollback":
      return spoken.entity;
    default:
      return undefined;
  }
}

function newestLook(turns: readonly TranscriptTurn[], tool: string): Look | undefined {
  return turns.flatMap((turn) => turn.looks).findLast((look) => look.tool === tool && look.ok);
}

/** The newest ranking of the conversation that is still there whole. */
export function latestRanking({
  turns,
}: Situation): { readonly look: Look; readonly ranking: Ranking } | undefined {
  const look = turns
    .flatMap((turn) => turn.looks)
    .findLast((one) => one.tool === "rank_causes" && rankingIn(one) !== undefined);
  const ranking = rankingIn(look);
  return look === undefined || ranking === undefined ? undefined : { look, ranking };
}

/** The plan that was simulated last. */
export function latestPlan({ turns }: Situation): Intervention | undefined {
  const plans = newestLook(turns, "simulate_intervention")?.input.plans;
  const first: unknown = Array.isArray(plans) && Array.isArray(plans[0]) ? plans[0][0] : undefined;
  // It was an input of ours or of the model's, and the tool has checked it.
  return typeof first === "object" && first !== null && "type" in first
    ? (first as Intervention)
    : undefined;
}

/** What was meant; what has to be looked at first; or what to ask back. */
export type Resolved =
  | { readonly type: "known"; readonly intervention: Intervention }
  | { readonly type: "look"; readonly calls: readonly PlannedCall[] }
  | { readonly type: "ask"; readonly text: string };

const known = (intervention: Intervention): Resolved => ({ type: "known", intervention });
const ask = (text: string): Resolved => ({ type: "ask", text });

function candidateOf(
  situation: Situation,
  fits: (candidate: Candidate) => boolean,
): Candidate | undefined {
  return latestRanking(situation)?.ranking.candidates.find(fits);
}

export function resolveSpoken(situation: Situation, spoken: SpokenIntervention): Resolved {
  switch (spoken.type) {
    case "whole":
      return known(spoken.intervention);
    case "rollback":
      return rollback(situation, spoken.entity);
    case "scale":
      return scale(situation, spoken.replicas);
    case "restart":
      return restart(situation);
  }
}

/** To the version before: of the entity that was named, else of the likeliest cause, else of the newest deploy. */
function rollback(situation: Situation, entity: string | undefined): Resolved {
  const candidate = candidateOf(
    situation,
    ({ intervention }) =>
      intervention.type === "rollback" && (entity === undefined || intervention.entity === entity),
  );
  if (candidate !== undefined) return known(candidate.intervention as unknown as Intervention);
  const call: PlannedCall = {
    tool: "list_changes",
    input: { ...(entity === undefined ? {} : { entity }), minutes: 1_440 },
  };
  const look = situation.turn.looks.findLast((one) => one.tool === call.tool);
  if (look === undefined) return { type: "look", calls: [call] };
  const deploy = changesIn(look)?.changes.find(
    (change) => change.facts.previous_version !== undefined,
  );
  const version = deploy?.facts.previous_version;
  return deploy === undefined || version === undefined
    ? ask("I saw no deploy with a version before it; say which version: roll back NAME to VERSION.")
    : known({ type: "rollback", entity: deploy.entity, to_version: version });
}

function scale(situation: Situation, replicas: number | undefined): Resolved {
  const plan = latestPlan(situation);
  const entity = plan !== undefined && "entity" in plan ? plan.entity : earlierSubject(situation);
  if (entity !== undefined && replicas !== undefined)
    return known({ type: "scale", entity, replicas });
  const candidate = candidateOf(situation, ({ intervention }) => intervention.type === "scale");
  return candidate === undefined
    ? ask("Scale what, and to how many replicas? For example: what if we scale NAME to N")
    : known(candidate.intervention as unknown as Intervention);
}

function restart(situation: Situation): Resolved {
  const candidate = candidateOf(situation, ({ intervention }) => intervention.type === "restart");
  if (candidate !== undefined) return known(candidate.intervention as unknown as Intervention);
  const entity = earlierSubject(situation);
  return entity === undefined
    ? ask("Restart what? For example: what if we restart NAME")
    : known({ type: "restart", entity });
}
