import type { Quantity, Unit } from "../src/model/quantity.ts";
import type { EvidenceDraft, ToolOutcome, ToolRefusal } from "./define-tool.ts";

/** Limit: bytes of JSON that one answer may take in the conversation. */
export const TOOL_ANSWER_BYTES_MAX = 6_144;
/** Limit: evidence items of one answer. */
export const EVIDENCE_MAX = 8;
/** The last instant that a Date can say. */
const TIME_MS_MAX = 8.64e15;

export function answer<Output>(
  data: Output,
  evidence: readonly EvidenceDraft[],
  notes: readonly string[] = [],
): ToolOutcome<Output> {
  return { ok: true, data, evidence: evidence.slice(0, EVIDENCE_MAX).map(citable), notes };
}

/** A clause may only name values that it has: what was not measured is said in words. */
function citable(draft: EvidenceDraft): EvidenceDraft {
  const text = draft.text.replace(/\{\{(\w+)\}\}/g, (citation, key: string) =>
    Object.hasOwn(draft.values, key) ? citation : "an unknown value",
  );
  return { ...draft, text };
}

export function refuse(code: string, message: string, didYouMean?: readonly string[]): ToolRefusal {
  const near = [...new Set(didYouMean)].slice(0, 6);
  return { ok: false, code, message, ...(near.length === 0 ? {} : { didYouMean: near }) };
}

/** At most three significant digits: what was measured is not known better. JSON has no NaN, so nothing seen is null. */
export function rounded(value: number | undefined): number | null {
  if (value === undefined || !Number.isFinite(value)) return null;
  return Number(value.toPrecision(3));
}

/** An instant that no calendar has (a sender's mistake) becomes the nearest that one has. */
export function isoTime(ms: number): string {
  const known = Number.isNaN(ms) ? 0 : Math.max(-TIME_MS_MAX, Math.min(TIME_MS_MAX, ms));
  return new Date(Math.round(known)).toISOString().replace(".000Z", "Z");
}

/** Four significant digits: more than is ever shown of a measured value. Counts and instants are exact. */
function kept(value: number, unit: Unit): number {
  if (unit === "time") return Math.round(value);
  return unit === "count" ? value : Number(value.toPrecision(4));
}

/** Quantities of evidence by key; what was not measured is left out, so that it cannot be cited. */
export function quantities(
  unit: Unit,
  values: Readonly<Record<string, number | undefined>>,
): Record<string, Quantity> {
  const max = unit === "time" ? TIME_MS_MAX : Number.MAX_VALUE;
  const known = Object.entries(values).flatMap(([key, value]) =>
    value === undefined || !(Math.abs(value) <= max)
      ? []
      : [[key, { value: kept(value, unit), unit }] as const],
  );
  return Object.fromEntries(known);
}

/** The first `max` of a list, and a note when that cut something. */
export function firstOf<T>(
  list: readonly T[],
  max: number,
  what: string,
): { readonly kept: readonly T[]; readonly notes: readonly string[] } {
  if (list.length <= max) return { kept: list, notes: [] };
  return { kept: list.slice(0, max), notes: [`${max} of ${list.length} ${what} shown`] };
}
