import { z } from "zod";
import type { EdgeId, EntityId } from "../src/model/entity.ts";
import type { Trace, TraceSpan, WorldView } from "../src/model/view.ts";
import { answer, isoTime, quantities, refuse, rounded } from "./answer.ts";
import { defineTool, type EvidenceDraft, type ToolRefusal } from "./define-tool.ts";
import { resolveEntry } from "./entry-operation.ts";
import { atSchema, pastViewAt } from "./instant.ts";
import { linkBetween, placeName, resolveEntity, resolveLink } from "./named-entity.ts";
import { nameText, untrustedText } from "./untrusted.ts";
import { lastMinutes, minutesSchema, windowSchema, windowText } from "./window.ts";

/** Limits of one answer. */
const TRACES_MAX = 5;
const STEPS_MAX = 5;
const MINUTES = 10;

const input = z.strictObject({
  kind: z.enum(["slow", "error", "any"]).default("slow"),
  operation: z.string().max(200).optional().describe("Entry operation."),
  through: z
    .string()
    .max(200)
    .optional()
    .describe("Service, instance or link a->b that it passed."),
  limit: z.number().int().min(1).max(TRACES_MAX).default(3),
  minutes: minutesSchema(MINUTES),
  at: atSchema,
});
const stepSchema = z.object({
  where: z.string(),
  criticalMs: z.number().nullable(),
  error: z.boolean(),
  untrustedErrorType: z.string().optional(),
});
const traceSchema = z.object({
  traceId: z.string(),
  operation: z.string(),
  start: z.string(),
  durationMs: z.number().nullable(),
  error: z.boolean(),
  spans: z.number(),
  steps: z.array(stepSchema),
});
const output = z.object({ window: windowSchema, traces: z.array(traceSchema) });

const placeOf = (span: TraceSpan): EntityId | EdgeId =>
  span.callee === undefined
    ? (span.instance ?? span.service)
    : linkBetween(span.service, span.callee);

/** Where the time of the request went, most first; failed steps are kept even when they were quick. */
function stepsOf(trace: Trace): readonly TraceSpan[] {
  const weight = (span: TraceSpan): number => span.criticalMs + (span.error ? trace.durationMs : 0);
  return [...trace.spans].sort((a, b) => weight(b) - weight(a)).slice(0, STEPS_MAX);
}

function traceRow(trace: Trace): z.infer<typeof traceSchema> {
  return {
    traceId: trace.traceId,
    operation: placeName(trace.operation),
    start: isoTime(trace.startMs),
    durationMs: rounded(trace.durationMs),
    error: trace.error,
    spans: trace.spans.length,
    steps: stepsOf(trace).map((span) => ({
      where: placeName(placeOf(span)),
      criticalMs: rounded(span.criticalMs),
      error: span.error,
      ...(span.errorType === "" ? {} : { untrustedErrorType: untrustedText(span.errorType, 60) }),
    })),
  };
}

function traceEvidence(trace: Trace): EvidenceDraft {
  const longest = [...trace.spans].sort((a, b) => b.criticalMs - a.criticalMs)[0];
  const where = longest === undefined ? "" : placeName(placeOf(longest));
  const outcome = trace.error ? "failed after" : "took";
  const most = trace.durationMs > 0 && where !== "" ? `, {{share}} of it in ${where}` : "";
  return {
    kind: "trace",
    about: where === "" ? placeName(trace.operation) : where,
    text: `one ${placeName(trace.operation)} at {{start}} ${outcome} {{durationMs}}${most}`,
    values: {
      ...quantities("ms", { durationMs: trace.durationMs, longestMs: longest?.criticalMs }),
      ...quantities("ratio", { share: (longest?.criticalMs ?? Number.NaN) / trace.durationMs }),
      ...quantities("time", { start: trace.startMs }),
      traceId: trace.traceId,
    },
  };
}

function throughOf(
  view: WorldView,
  text: string | undefined,
  minutes: number,
):
  | { readonly ok: true; readonly place?: EntityId }
  | { readonly ok: true; readonly place: EdgeId }
  | ToolRefusal {
  if (text === undefined) return { ok: true };
  const link = resolveLink(view, text, lastMinutes(view, minutes).window);
  if (link !== undefined) return link.ok ? { ok: true, place: link.link.id } : link;
  const entity = resolveEntity(view, text);
  return entity.ok ? { ok: true, place: entity.entity.id } : entity;
}

export const searchTraces = defineTool<z.infer<typeof input>, z.infer<typeof output>>({
  name: "search_traces",
  description:
    "Example requests, slowest or failed, with the steps on their critical path: where the time went and where the failure began. Only `any` is an unbiased sample; never count with the others.",
  input,
  output,
  effect: "read",
  timeoutMs: 3_000,
  title: ({ kind, through }) =>
    `Reading ${kind === "any" ? "" : `${kind} `}traces${through === undefined ? "" : ` through ${nameText(through)}`}`,
  run(context, { kind, operation, through, limit, minutes, at }) {
    const found = pastViewAt(context, at);
    if (!found.ok) return found;
    const { view } = found;
    const entry = operation === undefined ? undefined : resolveEntry(view, operation);
    if (entry?.ok === false) return entry;
    const passed = throughOf(view, through, minutes);
    if (!passed.ok) return passed;
    const { window, notes } = lastMinutes(view, minutes);
    const traces = view.traces({
      window,
      ...(entry === undefined ? {} : { operation: entry.entry.operation }),
      // The model's own query takes a link's id here as well as an entity's.
      ...(passed.place === undefined ? {} : { through: passed.place as EntityId }),
      reservoir: kind === "any" ? "uniform" : kind,
      limit,
    });
    if (traces.length === 0) {
      return refuse(
        "no_traces",
        `No ${kind} traces of that were kept in the last ${minutes} minutes.`,
      );
    }
    return answer(
      { window: windowText(window), traces: traces.map(traceRow) },
      traces.map(traceEvidence),
      notes,
    );
  },
});
