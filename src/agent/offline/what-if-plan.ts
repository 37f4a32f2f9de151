import { type Action, canonicalJson } from "../../incident/action.ts";
import type { Intervention } from "../../model/whatif/intervention.ts";
import { causeEvidence } from "./cause-reading.ts";
import {
  latestRanking,
  plansBefore,
  type Resolved,
  resolveOrder,
  resolveSpoken,
} from "./follow-up.ts";
import { rankCall } from "./incident-plan.ts";
import { orderText, type SpokenIntervention } from "./intervention-words.ts";
import { isNear } from "./misspelt-words.ts";
import { firstMove, lookFor, type Move, type PlannedCall, type Situation } from "./move.ts";
import type { Wanted } from "./question-intent.ts";
import { type Look, lookAt } from "./transcript.ts";
import { bullets, cited, paragraphs, refusalText, value } from "./wording.ts";

/** On what was hurt when causes were last ranked, if they were; else on what is worst off. */
function simulateCall(situation: Situation, intervention: Intervention): PlannedCall {
  const operation = latestRanking(situation)?.ranking.symptom.operation;
  const operations = operation === undefined ? {} : { operations: [operation] };
  return { tool: "simulate_intervention", input: { plans: [[intervention]], ...operations } };
}

const callsOf = (situation: Situation, resolved: Resolved): readonly PlannedCall[] => {
  switch (resolved.type) {
    case "known":
      return [simulateCall(situation, resolved.intervention)];
    case "look":
      return resolved.calls;
    case "ask":
      return [];
  }
};

/** The same of the one name that is nearly what was said, where nothing is called that. */
function nearIntervention(look: Look | undefined, meant: Intervention): Intervention | undefined {
  if (look?.code !== "entity_unknown" || !("entity" in meant)) return undefined;
  const said = meant.entity.toLowerCase();
  const [near, ...others] = look.didYouMean.filter((name) => isNear(said, name.toLowerCase()));
  return near === undefined || others.length > 0 ? undefined : { ...meant, entity: near };
}

/** Also on what it was asked for; where no request enters by that, without it. */
function askedCall(
  situation: Situation,
  intervention: Intervention,
  on: string | undefined,
): PlannedCall {
  const plain = simulateCall(situation, intervention);
  if (on === undefined) return plain;
  const hurt = latestRanking(situation)?.ranking.symptom.operation;
  const operations = [...(hurt === undefined ? [] : [hurt]), on];
  const asked = { ...plain, input: { ...plain.input, operations } };
  return lookFor(situation.turn, asked)?.ok === false ? plain : asked;
}

/** What would happen. Nothing is put before anybody. */
export function answerWhatIf(
  situation: Situation,
  { spoken, on }: { readonly spoken: SpokenIntervention; readonly on?: string },
): Move {
  const resolved = (): Resolved => resolveSpoken(situation, spoken);
  const near = (): Intervention | undefined => {
    const meant = resolved();
    if (meant.type !== "known") return undefined;
    const plain = simulateCall(situation, meant.intervention);
    return nearIntervention(lookFor(situation.turn, plain), meant.intervention);
  };
  const calls = (): readonly PlannedCall[] => {
    const meant = resolved();
    if (meant.type !== "known") return callsOf(situation, meant);
    return [askedCall(situation, meant.intervention, on)];
  };
  const nearCalls = (): readonly PlannedCall[] => {
    const meant = near();
    return meant === undefined ? [] : [simulateCall(situation, meant)];
  };
  return firstMove(situation, [calls, calls, calls, nearCalls], () => {
    const meant = near();
    const text = predictionText(situation, resolved());
    return meant === undefined || !("entity" in meant)
      ? text
      : paragraphs(`Nothing is called that; I took it for ${meant.entity}.`, text);
  });
}

function predictionText({ turn }: Situation, resolved: Resolved): string {
  const look = lookAt(turn, "simulate_intervention");
  if (resolved.type === "ask") return resolved.text;
  if (look === undefined) return "I could not look at that any more.";
  if (!look.ok) return refusalText(look);
  return paragraphs(
    bullets(look.evidence.map(cited)),
    reasonsText(look),
    "This is a prediction; nothing was done.",
  );
}

function reasonsText({ evidence }: Look): string | undefined {
  const wrongIf = value(evidence[0], "wrongIf");
  return wrongIf === undefined ? undefined : `Wrong if: ${wrongIf} [${evidence[0]?.id}].`;
}

/** The action that does an intervention; undefined: there is none that may be proposed. */
function actionFor(intervention: Intervention): Action | undefined {
  switch (intervention.type) {
    case "rollback":
      return {
        type: "rollback",
        service: intervention.entity,
        toVersion: intervention.to_version,
      };
    case "scale":
      return { type: "scale", service: intervention.entity, replicas: intervention.replicas };
    case "restart":
      return { type: "restart", service: intervention.entity };
    case "flag":
      return { type: "set_flag", flag: intervention.flag, variant: intervention.variant };
    case "setting": {
      const { entity: service, setting, value: text } = intervention;
      return { type: "restore_setting", service, setting, value: text };
    }
    case "limit": {
      const { from: caller, to: callee, max_concurrent: maxConcurrent } = intervention;
      return { type: "limit_caller", caller, callee, maxConcurrent };
    }
    default:
      return undefined;
  }
}

/** Puts before an approver what somebody named, or what was just simulated, with its prediction; and nothing else. */
export function answerPropose(situation: Situation, wanted: Wanted): Move {
  const resolved = (): Resolved => resolveWanted(situation, wanted);
  const isMeant = resolved().type !== "ask";
  const stages = [
    () => (isMeant && latestRanking(situation) === undefined ? [rankCall(undefined)] : []),
    () => callsOf(situation, resolved()),
    () => callsOf(situation, resolved()),
    () => proposalCalls(situation, resolved()),
  ];
  return firstMove(situation, stages, () => proposedText(situation, resolved()));
}

const FORMS_TEXT =
  "I can propose: roll back NAME to VERSION, scale NAME to N, restart NAME, turn FLAG on or off, " +
  "restore SETTING of NAME, limit CALLER to N calls to CALLEE.";

function resolveWanted(situation: Situation, wanted: Wanted): Resolved {
  switch (wanted.type) {
    case "named":
      return resolveOrder(situation, wanted.spoken);
    case "spoken-of":
      return resolveSpokenOf(situation);
    case "several":
      return { type: "ask", text: "One action at a time, so that each has its own prediction." };
    case "unread":
      return {
        type: "ask",
        text: `I did not understand which action "${wanted.words}" is, so I proposed nothing. ${FORMS_TEXT}`,
      };
  }
}

/** What "it" is: the one plan of the turn just before. Of several, or of an older one, the person has to say which. */
function resolveSpokenOf(situation: Situation): Resolved {
  const { plans, isJustNow } = plansBefore(situation);
  const [plan] = plans;
  if (plan !== undefined && plans.length === 1 && isJustNow)
    return { type: "known", intervention: plan.intervention };
  const orders = plans.flatMap(({ intervention, evidenceId }) => {
    const order = orderText(intervention);
    return order === undefined ? [] : [`propose ${order} [${evidenceId}]`];
  });
  const choice = orders.length === 0 ? `\n${FORMS_TEXT}` : `\n${bullets(orders)}`;
  return { type: "ask", text: `Propose what? Name it, so that nothing else is proposed:${choice}` };
}

function proposalCalls(situation: Situation, resolved: Resolved): readonly PlannedCall[] {
  if (resolved.type !== "known") return [];
  const action = chosenAction(situation, resolved.intervention);
  const predicted = lookAt(situation.turn, "simulate_intervention")?.evidence[0];
  if (action === undefined || predicted === undefined) return [];
  const ranked = latestRanking(situation);
  const top = ranked?.ranking.causes[0];
  const because = top === undefined ? undefined : causeEvidence(ranked?.look, top);
  const changed = ranked?.look.evidence.find((row) => row.kind === "change");
  const rows = [because, changed, predicted].filter((row) => row !== undefined);
  return [
    {
      tool: "propose_action",
      input: {
        action,
        reason: `asked for by a responder; ${cited(predicted)}`.slice(0, 400),
        evidenceIds: rows.map((row) => row.id),
      },
    },
  ];
}

/** A candidate of the ranking knows more of its action (whose replica it is) than its intervention says. */
function chosenAction(situation: Situation, intervention: Intervention): object | undefined {
  const same = latestRanking(situation)?.ranking.candidates.find(
    (one) => canonicalJson(one.intervention) === canonicalJson(intervention),
  );
  return same?.action ?? actionFor(intervention);
}

function proposedText(situation: Situation, resolved: Resolved): string {
  if (resolved.type === "ask") return resolved.text;
  const proposed = lookAt(situation.turn, "propose_action");
  const row = proposed?.evidence[0];
  if (proposed?.ok === true && row !== undefined)
    return paragraphs(
      `Proposed; it waits for approval until ${value(row, "expires") ?? "it expires"} [${row.id}].`,
      bullets([cited(row)]),
    );
  const simulated = lookAt(situation.turn, "simulate_intervention");
  if (simulated?.ok === false) return `${refusalText(simulated)} I proposed nothing.`;
  const refused =
    proposed === undefined
      ? "I have no action that does this; it can only be simulated."
      : refusalText(proposed);
  return paragraphs(refused, predictionText(situation, resolved));
}
