import { z } from "zod";
import { formatQuantity } from "../src/model/quantity.ts";
import { refuse, TOOL_ANSWER_BYTES_MAX } from "./answer.ts";
import type { ToolOutcome, ToolRefusal } from "./define-tool.ts";

/** A list or record inside an answer that may lose its last entries and still fits its schema. */
interface Shrinkable {
  readonly path: string;
  readonly length: number;
  readonly bytes: number;
  /** Lists inside of its entries: each of them is cut before an entry goes. */
  readonly holdsLists: boolean;
  cut(): void;
}

const encoder = new TextEncoder();

/** Bytes of JSON. */
export function jsonBytes(value: unknown): number {
  return encoder.encode(JSON.stringify(value) ?? "").length;
}

/** Bytes of an answer as it stands in the conversation: the values of evidence as they are shown, not as they are kept. */
export function answerBytes({ evidence, ...rest }: ToolOutcome<unknown>): number {
  const shown = evidence.map(({ window: _window, ...item }) => ({
    ...item,
    values: Object.fromEntries(
      Object.entries(item.values).map(([key, value]) => [
        key,
        typeof value === "string" ? value : formatQuantity(value),
      ]),
    ),
  }));
  return jsonBytes({ ...rest, evidence: shown });
}

/** Arrays and records by the schema; objects with fixed fields are only looked into. */
function shrinkables(schema: unknown, value: unknown, path: string): Shrinkable[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return value === null || value === undefined ? [] : shrinkables(schema.unwrap(), value, path);
  }
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    const inner = value.flatMap((item: unknown) => shrinkables(schema.element, item, path));
    const cut = (): void => {
      value.length = Math.floor(value.length / 2);
    };
    const holdsLists = inner.some((one) => one.length > 1);
    return [{ path, length: value.length, bytes: jsonBytes(value), holdsLists, cut }, ...inner];
  }
  if (schema instanceof z.ZodRecord && isRecord(value)) {
    const inner = Object.values(value).flatMap((item) => shrinkables(schema.valueType, item, path));
    const keys = Object.keys(value);
    const cut = (): void => {
      for (const key of keys.slice(Math.floor(keys.length / 2))) delete value[key];
    };
    const holdsLists = inner.some((one) => one.length > 1);
    return [{ path, length: keys.length, bytes: jsonBytes(value), holdsLists, cut }, ...inner];
  }
  if (schema instanceof z.ZodObject && isRecord(value)) {
    return Object.entries(schema.shape).flatMap(([key, field]) =>
      shrinkables(field, value[key], path === "" ? key : `${path}.${key}`),
    );
  }
  return [];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const evidenceSchema = z.object({ evidence: z.array(z.unknown()) });

/**
 * Lists that still have more than one entry before lists of one; what entries hold before the entries, so that of several
 * things that are compared none is lost; data before evidence; largest first.
 */
function nextToCut(data: readonly Shrinkable[], evidence: readonly Shrinkable[]) {
  const inmost = data.filter((one) => !one.holdsLists);
  const largest = (list: readonly Shrinkable[], least: number): Shrinkable | undefined =>
    list.filter((one) => one.length > least).sort((a, b) => b.bytes - a.bytes)[0];
  return (
    largest(inmost, 1) ??
    largest(data, 1) ??
    largest(evidence, 1) ??
    largest(data, 0) ??
    largest(evidence, 0)
  );
}

/**
 * The same answer in at most `TOOL_ANSWER_BYTES_MAX` bytes of JSON as the model reads it: the longest lists lose their last entries, which tools
 * put in order of importance, and a note says so. An answer that is short enough comes back as it is.
 */
export function fitAnswer(
  outcome: ToolOutcome<unknown>,
  schema: z.ZodType,
): ToolOutcome<unknown> | ToolRefusal {
  if (answerBytes(outcome) <= TOOL_ANSWER_BYTES_MAX) return outcome;
  const whole = structuredClone({ data: outcome.data, evidence: [...outcome.evidence] });
  const cutPaths = new Set<string>();
  const notes = (): string[] => [
    ...outcome.notes.slice(0, NOTES_MAX),
    `cut to fit an answer: ${[...cutPaths].join(", ")}`,
  ];
  for (;;) {
    const data = shrinkables(schema, whole.data, "");
    const next = nextToCut(data, shrinkables(evidenceSchema, whole, ""));
    if (next === undefined) break;
    next.cut();
    cutPaths.add(next.path);
    const fitted = { ok: true as const, ...whole, notes: notes() };
    if (answerBytes(fitted) <= TOOL_ANSWER_BYTES_MAX) return fitted;
  }
  return refuse("answer_too_large", "The answer does not fit: ask for less, or about one entity.");
}

/** Limit: notes kept of an answer that has to be cut. */
const NOTES_MAX = 4;
