import { z } from "zod";
import { type Action, actionTitle, hashWords, interventionOf } from "../src/incident/action.ts";
import { actionSchema } from "../src/incident/action-schema.ts";
import type { Proposal } from "../src/incident/events.ts";
import type { EntityType } from "../src/model/entity.ts";
import type { WorldView } from "../src/model/view.ts";
import { answer, isoTime, quantities, refuse } from "./answer.ts";
import { evidenceIdsSchema, resolveCited, vouched } from "./cited-evidence.ts";
import { defineTool, type EvidenceDraft, type ToolRefusal } from "./define-tool.ts";
import { interventionText } from "./intervention-text.ts";
import { resolveEntity } from "./named-entity.ts";
import { predictedRow, predictedSchema, predictionEvidence } from "./prediction-evidence.ts";
import { clauseText } from "./untrusted.ts";

const REASON_CHARS_MAX = 400;

const input = z.strictObject({
  action: actionSchema,
  reason: z
    .string()
    .min(10)
    .max(REASON_CHARS_MAX)
    .describe("Why, in one sentence; numbers as {{e1.key}}."),
  evidenceIds: evidenceIdsSchema.min(1),
});
const output = z.object({
  proposalId: z.string(),
  action: z.string(),
  planWords: z.string(),
  state: z.string(),
  expires: z.string(),
  executable: z.boolean(),
  /** Its numbers are in the evidence. */
  prediction: predictedSchema.pick({ grade: true, missing: true, assumes: true, wrongIf: true }),
});

const CALLEES: readonly EntityType[] = ["service", "database", "cache", "queue", "external"];

/** Which of an action's words name an entity, and of what type. */
const NAMED: Readonly<Record<string, readonly EntityType[]>> = {
  service: ["service"],
  instance: ["service.instance"],
  caller: ["service"],
  callee: CALLEES,
};

/** The same action with names as the model has them; the gate checks versions, variants and values. */
function resolveAction(
  view: WorldView,
  action: Action,
): { readonly ok: true; readonly action: Action } | ToolRefusal {
  const names: Record<string, string> = {};
  for (const [word, value] of Object.entries(action)) {
    const types = NAMED[word];
    if (types === undefined || typeof value !== "string") continue;
    const resolved = resolveEntity(view, value, types);
    if (!resolved.ok) return resolved;
    names[word] = resolved.entity.name;
  }
  return { ok: true, action: { ...action, ...names } };
}

function evidenceOf(proposal: Proposal): readonly EvidenceDraft[] {
  const plan = interventionText(interventionOf(proposal.action));
  return predictionEvidence(proposal.prediction, plan).map((draft) => ({
    ...draft,
    values: {
      ...draft.values,
      ...quantities("time", { expires: proposal.expiresMs }),
      proposalId: proposal.id,
    },
  }));
}

export const proposeAction = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "propose_action",
  description:
    "Puts one action before a human with its prediction. Nothing happens until a permitted person approves; it expires by itself. Use observed names and earlier versions, variants or values only, and cite the evidence.",
  input,
  output,
  effect: "propose",
  timeoutMs: 10_000,
  title: ({ action }) => `Proposing: ${clauseText(actionTitle(action))}`,
  async run(context, { action: asked, reason, evidenceIds }) {
    if (context.incidentId === undefined) {
      return refuse(
        "no_incident",
        "An action is proposed in an incident's thread only. Ask for it there, as a reply to the page.",
      );
    }
    const cited = resolveCited(context, evidenceIds);
    if (!cited.ok) return cited;
    const resolved = resolveAction(context.view, asked);
    if (!resolved.ok) return resolved;
    const limits = { evidenceIds: cited.ids, charsMax: REASON_CHARS_MAX };
    const checked = vouched(context, reason, limits);
    if (!checked.ok) return checked;
    const made = await context.propose({
      action: resolved.action,
      reason: checked.text,
      evidenceIds: cited.ids,
      evidenceKinds: [...new Set(cited.ids.flatMap((id) => context.evidence?.(id)?.kind ?? []))],
      ...(context.callKey === undefined ? {} : { key: context.callKey }),
    });
    if (!made.ok) return made;
    const { proposal } = made;
    const { grade, missing, assumes, wrongIf } = predictedRow(proposal.prediction);
    return answer(
      {
        proposalId: proposal.id,
        action: clauseText(actionTitle(proposal.action)),
        planWords: hashWords(proposal.actionHash),
        state: "waits for approval",
        expires: isoTime(proposal.expiresMs),
        executable: proposal.executable,
        prediction: { grade, missing, assumes, wrongIf },
      },
      evidenceOf(proposal),
      proposal.executable ? [] : ["nothing here can execute it: a person must do it by hand"],
    );
  },
});
