import { z } from "zod";
import { flagHistory, flagsKnown } from "../src/incident/change-history.ts";
import { observe } from "../src/incident/observed.ts";
import { versionsKnown } from "../src/incident/observed-versions.ts";
import type { EntityType } from "../src/model/entity.ts";
import { entityName } from "../src/model/entity.ts";
import type { WorldView } from "../src/model/view.ts";
import type { Intervention } from "../src/model/whatif/intervention.ts";
import type { Prediction } from "../src/model/whatif/prediction.ts";
import { answer, isoTime, refuse } from "./answer.ts";
import { defineTool, type EvidenceDraft, type ToolRefusal } from "./define-tool.ts";
import { resolveEntry } from "./entry-operation.ts";
import { atSchema, viewAtInstant } from "./instant.ts";
import { planText } from "./intervention-text.ts";
import { resolveEntity } from "./named-entity.ts";
import { operationsAbout } from "./operations-about.ts";
import {
  outlookRows,
  outlookSchema,
  predictedRow,
  predictedSchema,
  predictionEvidence,
} from "./prediction-evidence.ts";
import { clauseText, nameText } from "./untrusted.ts";

/** Limits of one question. */
const PLANS_MAX = 3;
const INTERVENTIONS_MAX = 4;
const OPERATIONS_MAX = 2;

const name = z.string().min(1).max(200);
const link = { from: name, to: name };
/** The words of what-if cases, closed. */
const interventionSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("none") }),
  z.strictObject({ type: z.enum(["restart", "drain"]), entity: name }),
  z.strictObject({ type: z.literal("rollback"), entity: name, to_version: name }),
  z.strictObject({ type: z.literal("scale"), entity: name, replicas: z.int().min(1).max(1000) }),
  z.strictObject({ type: z.literal("flag"), flag: name, variant: name }),
  z.strictObject({ type: z.literal("setting"), entity: name, setting: name, value: name }),
  z.strictObject({
    type: z.literal("limit"),
    ...link,
    max_concurrent: z.int().min(1).max(10_000),
  }),
  z.strictObject({ type: z.literal("load"), factor: z.number().min(0.01).max(100) }),
  z.strictObject({ type: z.literal("shed"), share: z.number().min(0).max(1) }),
  z.strictObject({
    type: z.literal("demand"),
    entity: name,
    factor: z.number().min(0.01).max(100),
  }),
  z.strictObject({ type: z.literal("pool"), ...link, size: z.int().min(1).max(10_000) }),
  z.strictObject({ type: z.literal("timeout"), ...link, ms: z.number().min(1).max(600_000) }),
  z.strictObject({ type: z.literal("retries"), ...link, count: z.int().min(0).max(20) }),
]);

const input = z.strictObject({
  plans: z
    .array(z.array(interventionSchema).min(1).max(INTERVENTIONS_MAX))
    .min(1)
    .max(PLANS_MAX)
    .describe("Plans to compare, [[a], [b, c]]: what stands in one plan happens together."),
  operations: z
    .array(name)
    .max(OPERATIONS_MAX)
    .optional()
    .describe("Entry operations; default what is hurt, else what passes the place."),
  at: atSchema,
});
const output = z.object({
  asOf: z.string(),
  horizonSeconds: z.number(),
  /** By every plan. */
  assumes: z.array(z.string()),
  noAction: z.array(outlookSchema),
  plans: z.array(predictedSchema.extend({ plan: z.string() })),
});

const CALLEES: readonly EntityType[] = ["service", "database", "cache", "queue", "external"];
/** Every type that what-ifs know, in the order in which a bare name is understood. */
const TYPES: readonly EntityType[] = [...CALLEES, "service.instance", "host", "zone"];

/** What each kind of intervention can be done to. */
const TARGETS: Readonly<Partial<Record<Intervention["type"], readonly EntityType[]>>> = {
  restart: ["service", "service.instance"],
  drain: ["host", "zone"],
  rollback: ["service"],
  scale: ["service"],
  setting: ["service"],
  demand: CALLEES,
};

/** The name that what-ifs understand as this entity and no other. */
function plainName(
  view: WorldView,
  text: string,
  types: readonly EntityType[],
): { readonly ok: true; readonly name: string } | ToolRefusal {
  const resolved = resolveEntity(view, text, types);
  if (!resolved.ok) return resolved;
  const { entity } = resolved;
  const again = view.resolve(entity.name, TYPES);
  const isPlain = again.ok && again.entity.id === entity.id;
  return { ok: true, name: isPlain ? entity.name : entity.id };
}

/** What puts something back needs something that was there; undefined: it was. */
function neverSeen(view: WorldView, intervention: Intervention): ToolRefusal | undefined {
  if (intervention.type === "flag") return flagNeverSeen(view, intervention);
  if (intervention.type !== "rollback") return undefined;
  const { entity, to_version: version } = intervention;
  const service = resolveEntity(view, entity, ["service"]);
  if (!service.ok) return service;
  const known = versionsKnown(observe(view), service.entity.id);
  if (known.includes(version)) return undefined;
  return refuse(
    "version_unknown",
    `${nameText(entity)} was never seen to serve ${nameText(version)}.`,
    known.map(nameText),
  );
}

function flagNeverSeen(
  view: WorldView,
  { flag, variant }: Extract<Intervention, { readonly type: "flag" }>,
): ToolRefusal | undefined {
  const observed = observe(view);
  const flags = flagsKnown(observed);
  if (!flags.includes(flag))
    return refuse(
      "flag_unknown",
      `No change of a flag called ${nameText(flag)} was observed.`,
      flags.map(nameText),
    );
  const { current, earlier } = flagHistory(observed, flag);
  const variants = [...earlier, ...(current === undefined ? [] : [current])];
  if (variants.includes(variant)) return undefined;
  return refuse(
    "variant_unknown",
    `Flag ${nameText(flag)} was never seen to be ${nameText(variant)}.`,
    variants.map(nameText),
  );
}

/** The same intervention with names that exist. What was never seen of a setting, the model says itself. */
function resolveIntervention(
  view: WorldView,
  intervention: Intervention,
): { readonly ok: true; readonly intervention: Intervention } | ToolRefusal {
  const types = TARGETS[intervention.type];
  if ("entity" in intervention && types !== undefined) {
    const target = plainName(view, intervention.entity, types);
    if (!target.ok) return target;
    return { ok: true, intervention: { ...intervention, entity: target.name } };
  }
  if ("from" in intervention) {
    const from = plainName(view, intervention.from, ["service"]);
    const to = plainName(view, intervention.to, CALLEES);
    if (!from.ok) return from;
    if (!to.ok) return to;
    return { ok: true, intervention: { ...intervention, from: from.name, to: to.name } };
  }
  return { ok: true, intervention };
}

type Plans = readonly (readonly Intervention[])[];

function resolvePlans(
  view: WorldView,
  plans: Plans,
): { readonly ok: true; readonly plans: Plans } | ToolRefusal {
  const resolved: Intervention[][] = [];
  for (const plan of plans) {
    const known: Intervention[] = [];
    for (const intervention of plan) {
      const one = resolveIntervention(view, intervention);
      if (!one.ok) return one;
      const unseen = neverSeen(view, one.intervention);
      if (unseen !== undefined) return unseen;
      known.push(one.intervention);
    }
    resolved.push(known);
  }
  return { ok: true, plans: resolved };
}

function resolveOperations(
  view: WorldView,
  asked: { readonly operations: readonly string[] | undefined; readonly plans: Plans },
): { readonly ok: true; readonly operations?: readonly string[] } | ToolRefusal {
  const { operations } = asked;
  if (operations === undefined || operations.length === 0) {
    // Of several plans only one operation is compared.
    const max = asked.plans.length > 1 ? 1 : OPERATIONS_MAX;
    const about = operationsAbout(view, asked.plans.flat(), max);
    return about.length === 0 ? { ok: true } : { ok: true, operations: about };
  }
  const names: string[] = [];
  for (const text of operations) {
    const entry = resolveEntry(view, text);
    if (!entry.ok) return entry;
    names.push(entityName(entry.entry.operation));
  }
  return { ok: true, operations: [...new Set(names)] };
}

/** The first operation of every plan before the second of any. */
function evidenceOf(predictions: readonly Prediction[], plans: Plans): readonly EvidenceDraft[] {
  const drafts = predictions.map((one, index) =>
    predictionEvidence(one, planText(plans[index] ?? [])),
  );
  return [0, 1].flatMap((rank) => drafts.flatMap((list) => list[rank] ?? []));
}

export const simulateIntervention = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "simulate_intervention",
  description:
    "What would happen: predicted p95, errors and bad requests with 90 % intervals for up to 3 plans, beside no action. Grade A to C gives numbers; D says what is missing. Nothing is executed.",
  input,
  output,
  effect: "read",
  timeoutMs: 8_000,
  title: ({ plans }) => `Simulating ${plans.map(planText).join("; ")}`,
  async run(context, { plans: asked, operations: named, at }) {
    const found = viewAtInstant(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const resolved = resolvePlans(view, asked);
    if (!resolved.ok) return resolved;
    const { plans } = resolved;
    const operations = resolveOperations(view, { operations: named, plans });
    if (!operations.ok) return operations;
    const predictions = await Promise.all(
      plans.map((plan) => context.predict(view, plan, operations.operations)),
    );
    const [first] = predictions;
    const shared = (first?.assumptions ?? []).filter((one) =>
      predictions.every(({ assumptions }) => assumptions.includes(one)),
    );
    return answer(
      {
        asOf: isoTime(view.asOfMs),
        horizonSeconds: (first?.horizonMs ?? 0) / 1000,
        assumes: shared.map((one) => clauseText(one)),
        noAction: first === undefined ? [] : outlookRows(first),
        plans: predictions.map((one, index) => {
          const own = one.assumptions.filter((assumption) => !shared.includes(assumption));
          return {
            plan: planText(plans[index] ?? []),
            ...predictedRow({ ...one, assumptions: own }),
          };
        }),
      },
      evidenceOf(predictions, plans),
    );
  },
});
