import { z } from "zod";
import type { Diagnosis, Hypothesis } from "../src/model/causes/diagnosis.ts";
import { entityName } from "../src/model/entity.ts";
import type { EntryWindow, WorldView } from "../src/model/view.ts";
import { answer, firstOf, isoTime, quantities, refuse, rounded } from "./answer.ts";
import { candidateRows, candidateSchema } from "./candidate-rows.ts";
import { causeEvidence, causeFindings, type FindingRow, findingSchema } from "./cause-evidence.ts";
import {
  defineTool,
  type EvidenceDraft,
  type ToolContext,
  type ToolRefusal,
} from "./define-tool.ts";
import { entriesSeen, entriesThrough, entrySpokenOf, ownerOf } from "./entry-operation.ts";
import { sloNamed, standingOf } from "./get-slo-status.ts";
import { atSchema, viewAtInstant } from "./instant.ts";
import { changeClause, changeEvidence } from "./list-changes.ts";
import { placeName, resolveEntity } from "./named-entity.ts";
import { clauseText, nameText } from "./untrusted.ts";

/** Limits of one answer. */
const HYPOTHESES_MAX = 4;
const CHANGES_MAX = 2;
const PATH_MAX = 6;
const OPERATIONS_MAX = 4;
const BLIND_SPOTS_MAX = 4;

const input = z.strictObject({
  about: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe("SLO id, entry operation, service or store; default what is worst off."),
  at: atSchema,
});
const causeSchema = z.object({
  cause: z.string(),
  type: z.string(),
  title: z.string(),
  probability: z.number(),
  onset: z.string().nullable(),
  /** From cause to symptom. */
  path: z.array(z.string()),
  /** Share of the shift that this cause reproduces on healthy traces. */
  reproduced: z.number().nullable(),
  for: z.array(findingSchema),
  against: z.array(findingSchema),
  changes: z.array(z.string()),
  decidedBy: z.string().optional(),
});
const output = z.object({
  asOf: z.string(),
  symptom: z.object({
    operation: z.string(),
    slo: z.string().nullable(),
    kind: z.string(),
    onset: z.string(),
    /** From here to the onset all was well: what "before" is. */
    healthyFrom: z.string(),
    /** Its objective is met again. */
    isOver: z.boolean(),
    badRatio: z.number().nullable(),
    healthyBadRatio: z.number().nullable(),
    p95Ms: z.number().nullable(),
    healthyP95Ms: z.number().nullable(),
  }),
  causes: z.array(causeSchema),
  noneOfThese: z.number(),
  uncalibrated: z.boolean(),
  hurt: z.object({ operations: z.array(z.string()), badPerMinuteInAll: z.number().nullable() }),
  notSeen: z.array(z.string()),
  /** What to simulate, best first. */
  candidates: z.array(candidateSchema),
});

type Query = Parameters<ToolContext["diagnose"]>[1];

const queryOf = (entry: EntryWindow): Query => ({
  service: entityName(entry.service),
  operation: entityName(entry.operation),
});

/** What to diagnose for what was asked about: causes are ranked for the requests that enter the system. */
function resolveQuery(
  view: WorldView,
  about: string | undefined,
): { readonly ok: true; readonly query: Query; readonly notes: readonly string[] } | ToolRefusal {
  if (about === undefined) return { ok: true, query: {}, notes: [] };
  const slo = sloNamed(view, about);
  if (slo !== undefined) return { ok: true, query: { sloId: slo.id }, notes: [] };
  const resolved = resolveEntity(view, about);
  if (!resolved.ok) {
    const spokenOf = entrySpokenOf(view, about);
    if (spokenOf !== undefined) return { ok: true, query: queryOf(spokenOf), notes: [] };
    const ids = view.slos().map((one) => nameText(one.id));
    return { ...resolved, didYouMean: [...(resolved.didYouMean ?? []), ...ids].slice(0, 6) };
  }
  const entries = entriesSeen(view);
  const own = entries.find((one) => one.operation === resolved.entity.id);
  if (own !== undefined) return { ok: true, query: queryOf(own), notes: [] };
  const place = ownerOf(view, resolved.entity);
  if (entries.some((one) => one.service === place.id)) {
    return { ok: true, query: { service: place.name }, notes: [] };
  }
  const through = entriesThrough(view, place)[0];
  if (through === undefined) {
    const names = entries.map((one) => placeName(one.operation));
    const what = placeName(resolved.entity.id);
    return refuse("no_requests", `No request from outside is known to pass ${what}.`, names);
  }
  const note = `ranked for ${placeName(through.operation)}, whose requests pass ${placeName(place.id)}`;
  return { ok: true, query: queryOf(through), notes: [note] };
}

function blindSpotsOf({ blindSpots }: Diagnosis): string[] {
  return blindSpots.slice(0, BLIND_SPOTS_MAX).map((one) => clauseText(one));
}

/** An incident window that begins this near to the onset is the time since. */
const SINCE_ONSET_MS = 10_000;

/** Whether what is diagnosed has passed: its objective is met again. */
function isOver(view: WorldView, { symptom }: Diagnosis): boolean {
  if (symptom.kind === "none" || symptom.sloId === undefined) return false;
  const status = view.sloStatus(symptom.sloId);
  return status !== undefined && ["met", "recovered"].includes(standingOf(view, status));
}

/** What is hurt, or was; every share with the time that it is a share of. */
function hurtClause({ symptom, incident }: Diagnosis, over: boolean): string {
  const since = over
    ? "was hurt from {{onset}} on, and is not any more"
    : "is hurt since {{onset}}";
  if (symptom.kind === "absent") return "has had no requests since {{onset}}";
  const window =
    Math.abs(incident.fromMs - symptom.onsetMs) < SINCE_ONSET_MS
      ? "in the {{over}} since then"
      : "in the last {{over}}";
  const before = Number.isFinite(symptom.healthyBadRatio) ? ", {{healthyBadRatio}} before it" : "";
  return `${since}: {{badRatio}} of requests were bad ${window}${before}`;
}

function symptomEvidence(view: WorldView, diagnosis: Diagnosis): EvidenceDraft {
  const { symptom, blastRadius, noneProbability, hypotheses, incident } = diagnosis;
  const operation = placeName(symptom.operation);
  const isHurt = symptom.kind !== "none";
  const isAbsent = symptom.kind === "absent";
  const ranked =
    hypotheses.length === 0
      ? "no cause stands out"
      : "that it is none of the causes ranked has probability {{noneProbability}}";
  const notSeen = blindSpotsOf(diagnosis).join("; ");
  const text = isHurt
    ? `${operation} ${hurtClause(diagnosis, isOver(view, diagnosis))}; ${ranked}`
    : `nothing is wrong with ${operation} that stands out: {{badRatio}} of requests were bad in the last {{over}}`;
  return {
    kind: "service",
    about: operation,
    text,
    values: {
      // Where no requests came, a share of them would be no measurement.
      ...quantities("ratio", {
        badRatio: isAbsent ? undefined : symptom.badRatio,
        healthyBadRatio: symptom.healthyBadRatio,
        errorRatio: isAbsent ? undefined : symptom.errorRatio,
      }),
      ...quantities("ms", {
        p95Ms: isAbsent ? undefined : symptom.p95Ms,
        healthyP95Ms: symptom.healthyP95Ms,
        over: incident.toMs - incident.fromMs,
      }),
      ...quantities("time", isHurt ? { onset: symptom.onsetMs } : {}),
      ...quantities("probability", { noneProbability }),
      ...quantities("count", { badPerMinuteInAll: Math.round(blastRadius.badPerMinute) }),
      ...(notSeen === "" ? {} : { notSeen }),
    },
    window: diagnosis.incident,
  };
}

function causeRow(
  hypothesis: Hypothesis,
  findings: { readonly for: readonly FindingRow[]; readonly against: readonly FindingRow[] },
): z.infer<typeof causeSchema> {
  const { onsetMs, decidedBy } = hypothesis;
  return {
    cause: nameText(hypothesis.name),
    type: hypothesis.type,
    title: clauseText(hypothesis.title),
    probability: rounded(hypothesis.probability) ?? 0,
    onset: onsetMs === undefined ? null : isoTime(onsetMs),
    path: hypothesis.path.slice(0, PATH_MAX).map((step) => placeName(step.entity)),
    reproduced: rounded(hypothesis.reproduced),
    for: [...findings.for],
    against: [...findings.against],
    changes: hypothesis.changes
      .slice(0, CHANGES_MAX)
      .map((one) => `${changeClause(one)} at ${isoTime(one.timeMs)}`),
    ...(decidedBy === undefined ? {} : { decidedBy: clauseText(decidedBy) }),
  };
}

function evidenceOf(
  view: WorldView,
  diagnosis: Diagnosis,
  causes: readonly Hypothesis[],
): readonly EvidenceDraft[] {
  const suspects = [
    ...new Map(causes.flatMap((one) => one.changes).map((one) => [one.id, one])).values(),
  ];
  return [
    symptomEvidence(view, diagnosis),
    ...causes.map((one, index) => causeEvidence(one, index)),
    ...suspects.slice(0, CHANGES_MAX).map((one) => changeEvidence(one, diagnosis.asOfMs)),
  ];
}

export const rankCauses = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "rank_causes",
  description:
    "What probably caused the trouble: hypotheses with probability, path, what speaks for and against, changes, what would decide, and candidates to simulate. Computed from traces, errors, onset and changes; with `noneOfThese` it sums to 1.",
  input,
  output,
  effect: "read",
  timeoutMs: 5_000,
  title: ({ about }) => `Ranking the causes${about === undefined ? "" : ` of ${nameText(about)}`}`,
  run(context, { about, at }) {
    const found = viewAtInstant(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const asked = resolveQuery(view, about);
    if (!asked.ok) return asked;
    const diagnosis = context.diagnose(view, asked.query);
    const { symptom, blastRadius } = diagnosis;
    const isAbsent = symptom.kind === "absent";
    const { kept, notes } = firstOf(diagnosis.hypotheses, HYPOTHESES_MAX, "hypotheses");
    const operations = blastRadius.operations.map((one) => placeName(one.operation));
    return answer(
      {
        asOf: isoTime(diagnosis.asOfMs),
        symptom: {
          operation: placeName(symptom.operation),
          slo: symptom.sloId === undefined ? null : nameText(symptom.sloId),
          kind: symptom.kind,
          onset: isoTime(symptom.onsetMs),
          healthyFrom: isoTime(diagnosis.healthy.fromMs),
          isOver: isOver(view, diagnosis),
          badRatio: isAbsent ? null : rounded(symptom.badRatio),
          healthyBadRatio: rounded(symptom.healthyBadRatio),
          p95Ms: isAbsent ? null : rounded(symptom.p95Ms),
          healthyP95Ms: rounded(symptom.healthyP95Ms),
        },
        causes: kept.map((one, index) => causeRow(one, causeFindings(one, index))),
        noneOfThese: rounded(diagnosis.noneProbability) ?? 0,
        uncalibrated: diagnosis.uncalibrated,
        hurt: {
          operations: operations.slice(0, OPERATIONS_MAX),
          badPerMinuteInAll: rounded(blastRadius.badPerMinute),
        },
        notSeen: blindSpotsOf(diagnosis),
        candidates: symptom.kind === "none" ? [] : candidateRows(view, diagnosis),
      },
      evidenceOf(view, diagnosis, kept),
      [...asked.notes, ...notes],
    );
  },
});
