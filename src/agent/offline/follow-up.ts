import { canonicalJson } from "../../incident/action.ts";
import type { Intervention } from "../../model/whatif/intervention.ts";
import type { SpokenIntervention } from "./intervention-words.ts";
import { lookFor, type PlannedCall, type Situation } from "./move.ts";
import { type Intent, questionIntent } from "./question-intent.ts";
import { type Candidate, type Change, changesIn, type Ranking, rankingIn } from "./tool-data.ts";
import type { Look, TranscriptTurn } from "./transcript.ts";

/** What the conversation was about before: a service as somebody named it, or the incident's objective. */
export function earlierSubject({ turns }: Pick<Situation, "turns">): string | undefined {
  for (const { asked, looks } of [...turns].slice(0, -1).reverse()) {
    if (asked.type === "incident") return asked.sloId;
    // What nothing is called was no subject.
    const isUnknown = looks.some(({ code }) => code === "entity_unknown");
    const subject =
      asked.type === "question" && !isUnknown
        ? subjectOf(questionIntent(asked.text, asked.now))
        : undefined;
    if (subject !== undefined) return subject;
  }
  return undefined;
}

/** The objective of the incident that the conversation is about. */
export function earlierIncident({ turns }: Pick<Situation, "turns">): string | undefined {
  const asked = turns.findLast((turn) => turn.asked.type === "incident")?.asked;
  return asked?.type === "incident" ? asked.sloId : undefined;
}

/** What doubts and advice are about: the incident, whatever else was asked about in between. */
export function troubleSpokenOf(situation: Pick<Situation, "turns">): string | undefined {
  return earlierIncident(situation) ?? earlierSubject(situation);
}

/** What was asked just before, about something else; undefined: it was nothing that can be asked of another place. */
export function alsoIntent({ turns }: Situation, about: string): Intent | undefined {
  const intents = turns
    .slice(0, -1)
    .map(({ asked }) =>
      asked.type === "question" ? questionIntent(asked.text, asked.now) : undefined,
    );
  const before = intents.findLast((intent) => intent?.type !== "also");
  switch (before?.type) {
    case "why":
    case "status":
    case "changes":
    case "neighbours":
    case "traces":
    case "logs":
      return { ...before, about };
    default:
      return undefined;
  }
}

/** The same, but only as somebody named it: an objective cannot be scaled. */
function namedBefore({ turns }: Situation): string | undefined {
  return earlierSubject({ turns: turns.filter(({ asked }) => asked.type !== "incident") });
}

function spokenOf(intent: Intent): SpokenIntervention | undefined {
  if (intent.type === "what-if") return intent.spoken;
  return intent.type === "propose" && intent.what.type === "named" ? intent.what.spoken : undefined;
}

function subjectOf(intent: Intent): string | undefined {
  if (intent.type === "why-not") return undefined;
  if ("about" in intent) return intent.about;
  const spoken = spokenOf(intent);
  switch (spoken?.type) {
    case "whole":
      return "entity" in spoken.intervention ? spoken.intervention.entity : undefined;
    case "rollback":
      return spoken.entity;
    default:
      return undefined;
  }
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

/** A plan of one intervention that was simulated, and the evidence that tells of it. */
interface SimulatedPlan {
  readonly intervention: Intervention;
  readonly evidenceId: string;
}

function plansOf(turn: TranscriptTurn): readonly SimulatedPlan[] {
  const found = turn.looks.flatMap((look): readonly SimulatedPlan[] => {
    if (look.tool !== "simulate_intervention" || !look.ok) return [];
    const plans: readonly unknown[] = Array.isArray(look.input.plans) ? look.input.plans : [];
    return plans.flatMap((plan: unknown, index) => {
      const only: unknown = Array.isArray(plan) && plan.length === 1 ? plan[0] : undefined;
      const isOne = typeof only === "object" && only !== null && "type" in only;
      const evidenceId = (look.evidence[index] ?? look.evidence[0])?.id;
      if (!isOne || evidenceId === undefined) return [];
      // It was an input of ours or of the model's, and the tool has checked it.
      return [{ intervention: only as Intervention, evidenceId }];
    });
  });
  return [...new Map(found.map((one) => [canonicalJson(one.intervention), one])).values()];
}

/** What was simulated in the newest turn before this one that simulated anything; whether that was the turn just before. */
export function plansBefore({ turns }: Situation): {
  readonly plans: readonly SimulatedPlan[];
  readonly isJustNow: boolean;
} {
  const before = turns.slice(0, -1);
  const index = before.findLastIndex((turn) => plansOf(turn).length > 0);
  const turn = before[index];
  return {
    plans: turn === undefined ? [] : plansOf(turn),
    isJustNow: index === before.length - 1,
  };
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
    case "restore":
      return restore(situation, spoken);
    case "limit":
      return limit(situation, spoken);
    case "switch":
      return switchFlag(situation, spoken.variant);
    case "out-of-range":
      return ask(spoken.text);
  }
}

/** The same for what is to be proposed: only what was named, or what causes were just ranked to suggest. */
export function resolveOrder(situation: Situation, spoken: SpokenIntervention): Resolved {
  if (spoken.type !== "rollback" || spoken.entity !== undefined)
    return resolveSpoken(situation, spoken);
  const candidate = rollbackCandidate(situation, undefined);
  if (latestRanking(situation) === undefined || candidate !== undefined)
    return resolveSpoken(situation, spoken);
  return ask("Roll back what? Name it: roll back NAME to VERSION.");
}

function rollbackCandidate(
  situation: Situation,
  entity: string | undefined,
): Candidate | undefined {
  return candidateOf(
    situation,
    ({ intervention }) =>
      intervention.type === "rollback" && (entity === undefined || intervention.entity === entity),
  );
}

const changeCall = (entity: string | undefined): PlannedCall => ({
  tool: "list_changes",
  input: { ...(entity === undefined ? {} : { entity }), minutes: 1_440 },
});

/** Changes newest first, or the look that brings them. */
function changesOf(
  { turn }: Situation,
  entity: string | undefined,
): readonly Change[] | PlannedCall {
  const call = changeCall(entity);
  const look = lookFor(turn, call);
  return look === undefined ? call : (changesIn(look)?.changes ?? []);
}

const isCall = (found: readonly Change[] | PlannedCall): found is PlannedCall => "tool" in found;

/** To the version before: of the entity that was named, else of the likeliest cause, else of the newest deploy. */
function rollback(situation: Situation, entity: string | undefined): Resolved {
  const candidate = rollbackCandidate(situation, entity);
  if (candidate !== undefined) return known(candidate.intervention as unknown as Intervention);
  const changes = changesOf(situation, entity);
  if (isCall(changes)) return { type: "look", calls: [changes] };
  const deploys = changes.filter(({ facts }) => facts.previous_version !== undefined);
  const [newest] = deploys;
  const version = newest?.facts.previous_version;
  if (newest === undefined || version === undefined)
    return ask(
      "I saw no deploy with a version before it; say which version: roll back NAME to VERSION.",
    );
  // What was gone back from is no version to go back to.
  const isBack = deploys.some(
    (one) =>
      one !== newest &&
      one.entity === newest.entity &&
      one.facts.previous_version === newest.facts.version,
  );
  return isBack
    ? ask(
        `The newest change of ${newest.entity} already went back to an earlier version; name the one that you want: roll back ${newest.entity} to VERSION.`,
      )
    : known({ type: "rollback", entity: newest.entity, to_version: version });
}

/** To the value before. */
function restore(
  situation: Situation,
  { entity, setting }: Extract<SpokenIntervention, { readonly type: "restore" }>,
): Resolved {
  const changes = changesOf(situation, entity);
  if (isCall(changes)) return { type: "look", calls: [changes] };
  const change = changes.find(
    ({ facts }) => facts.setting === setting && facts.previous_value !== undefined,
  );
  const value = change?.facts.previous_value;
  return value === undefined
    ? ask(`I know no earlier value of ${setting}; say it: set ${setting} of ${entity} to VALUE.`)
    : known({ type: "setting", entity, setting, value });
}

function scale(situation: Situation, replicas: number | undefined): Resolved {
  const entity = namedBefore(situation);
  if (entity !== undefined && replicas !== undefined)
    return known({ type: "scale", entity, replicas });
  const candidate = candidateOf(situation, ({ intervention }) => intervention.type === "scale");
  return candidate === undefined || replicas !== undefined
    ? ask("Scale what, and to how many replicas? For example: what if we scale NAME to N")
    : known(candidate.intervention as unknown as Intervention);
}

function limit(
  situation: Situation,
  { from, to }: Extract<SpokenIntervention, { readonly type: "limit" }>,
): Resolved {
  const candidate = candidateOf(
    situation,
    ({ intervention }) =>
      intervention.type === "limit" && intervention.from === from && intervention.to === to,
  );
  return candidate === undefined
    ? ask("To how many calls at once? For example: limit CALLER to N calls to CALLEE")
    : known(candidate.intervention as unknown as Intervention);
}

function restart(situation: Situation): Resolved {
  const entity = namedBefore(situation);
  if (entity !== undefined) return known({ type: "restart", entity });
  const candidate = candidateOf(situation, ({ intervention }) => intervention.type === "restart");
  return candidate === undefined
    ? ask("Restart what? For example: what if we restart NAME")
    : known(candidate.intervention as unknown as Intervention);
}

/** The flag that causes were ranked to suggest, and only to what they suggest. */
function switchFlag(situation: Situation, variant: string): Resolved {
  const candidate = candidateOf(
    situation,
    ({ intervention }) => intervention.type === "flag" && intervention.variant === variant,
  );
  return candidate === undefined
    ? ask(`Which flag? For example: what if we turn FLAG ${variant === "on" ? "on" : "off"}`)
    : known(candidate.intervention as unknown as Intervention);
}
