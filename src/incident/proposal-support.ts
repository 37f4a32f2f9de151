import type { Prediction } from "../model/whatif/prediction.ts";
import type { Answer, ProposalDraft } from "./contract.ts";
import { refuse, shownName } from "./refusal.ts";

/** Limit: pieces of evidence that one proposal names. */
const EVIDENCE_MAX = 30;
/** Kinds of evidence that an attacker's text cannot make up: one of them must be cited. */
const CARRYING: ReadonlySet<string> = new Set([
  "cause",
  "change",
  "topology",
  "service",
  "edge",
  "slo",
  "prediction",
]);
/** Kinds that carry an action whose effect nobody can tell. */
const CARRYING_UNKNOWN: ReadonlySet<string> = new Set(["cause", "change", "topology"]);
/** Limit: characters of what is missing for a prediction. */
const MISSING_CHARS_MAX = 300;
/** An effect smaller than this share of what is without the action is none. */
const EFFECT_MIN = 0.05;

type Cited = Pick<ProposalDraft, "evidenceIds" | "evidenceKinds">;

/** Log, trace and series text alone carries no proposal: others can write it. */
export function checkEvidence({ evidenceIds, evidenceKinds }: Cited): Answer<null> {
  if (evidenceIds.length === 0)
    return refuse("evidence_missing", "A proposal names the evidence that it rests on.");
  if (evidenceIds.length > EVIDENCE_MAX)
    return refuse("evidence_excessive", `Name the at most ${EVIDENCE_MAX} that matter.`);
  if (evidenceKinds.some((kind) => CARRYING.has(kind))) return { ok: true, data: null };
  return refuse(
    "evidence_weak",
    `Evidence of kind ${[...new Set(evidenceKinds)].join(", ") || "none"} alone carries no action. Cite a cause, a change, topology, a service, a link, an objective or a prediction.`,
  );
}

/**
 * A prediction with numbers must promise something; one without (grade D) needs a cause, a change or topology to rest
 * on. Refusals: `effect_unknown`, `no_effect`.
 */
export function checkEffect(prediction: Prediction, { evidenceKinds }: Cited): Answer<null> {
  if (prediction.grade === "D") {
    if (evidenceKinds.some((kind) => CARRYING_UNKNOWN.has(kind))) return { ok: true, data: null };
    const missing =
      shownName(prediction.missing.join("; "), MISSING_CHARS_MAX) || "what the model would need";
    return refuse(
      "effect_unknown",
      `Its effect is unknown (missing: ${missing}), so that it needs a cause, a change or topology as evidence.`,
    );
  }
  const numbers = prediction.slis.filter(({ verdict }) => verdict === "number");
  const isHelped = numbers.some(
    ({ noAction, after }) => after.median < (1 - EFFECT_MIN) * noAction.median,
  );
  if (isHelped) return { ok: true, data: null };
  return refuse("no_effect", "By the model's prediction it would not improve anything.");
}
