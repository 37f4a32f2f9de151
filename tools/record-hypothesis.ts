import { z } from "zod";
import { answer, refuse } from "./answer.ts";
import { evidenceIdsSchema, resolveCited, vouched } from "./cited-evidence.ts";
import { defineTool } from "./define-tool.ts";

const TITLE_CHARS_MAX = 160;

const input = z.strictObject({
  title: z.string().min(3).max(TITLE_CHARS_MAX).describe("One clause, numbers as {{e1.key}}."),
  stance: z.enum(["leading", "weakened", "ruled-out"]),
  evidenceFor: evidenceIdsSchema.default([]),
  evidenceAgainst: evidenceIdsSchema.default([]),
});
const output = z.object({
  recorded: z.string(),
  stance: z.string(),
  evidenceFor: z.array(z.string()),
  evidenceAgainst: z.array(z.string()),
});

export const recordHypothesis = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "record_hypothesis",
  description:
    "Writes a hypothesis to the incident's record, where responders see it. Record the leading one with evidence for it, and rivals when evidence speaks against them.",
  input,
  output,
  effect: "notify",
  timeoutMs: 3_000,
  title: ({ stance }) => `Recording a ${stance} hypothesis`,
  async run(context, { title, stance, evidenceFor, evidenceAgainst }) {
    if (context.incidentId === undefined) {
      return refuse("no_incident", "Hypotheses belong to an incident; here just say it.");
    }
    const pro = resolveCited(context, evidenceFor);
    if (!pro.ok) return pro;
    const contra = resolveCited(context, evidenceAgainst);
    if (!contra.ok) return contra;
    const needed = stance === "leading" ? pro : contra;
    if (needed.ids.length === 0) {
      const field = stance === "leading" ? "evidenceFor" : "evidenceAgainst";
      return refuse(
        "evidence_missing",
        `A ${stance} hypothesis needs at least one id in ${field}.`,
      );
    }
    const evidenceIds = [...pro.ids, ...contra.ids];
    const checked = vouched(context, title, { evidenceIds, charsMax: TITLE_CHARS_MAX });
    if (!checked.ok) return checked;
    const hypothesis = {
      title: checked.text,
      stance,
      evidenceFor: pro.ids,
      evidenceAgainst: contra.ids,
    };
    await context.recordHypothesis(hypothesis, context.callKey);
    return answer(
      {
        recorded: hypothesis.title,
        stance,
        evidenceFor: [...pro.ids],
        evidenceAgainst: [...contra.ids],
      },
      [],
    );
  },
});
