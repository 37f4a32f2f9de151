import { createHash } from "node:crypto";
import { z } from "zod";
import { OperationError } from "../errors.ts";
import type { ChangeKind, ChangeRecord } from "../model/signal.ts";
import { cleanText, redact } from "../redact.ts";
import { flatAttributes } from "./flat-attributes.ts";

/** Limit: changes in one request. */
const CHANGES_PER_REQUEST_MAX = 1000;
const TEXT_CHARS_MAX = 1024;
const NAME_CHARS_MAX = 256;
/** A change further ahead than this cannot have happened; clocks differ by less. */
const AHEAD_MS_MAX = 600_000;

const KINDS: ReadonlySet<string> = new Set<ChangeKind>([
  "deploy",
  "config",
  "flag",
  "scale",
  "restart",
  "commit",
  "limit",
  "other",
]);
const isKind = (kind: string): kind is ChangeKind => KINDS.has(kind);

const clean = (text: string, maxChars: number): string => redact(cleanText(text, maxChars));
const name = z.string().transform((text) => clean(text, NAME_CHARS_MAX));

const change = z
  .object({
    id: z.string().min(1).max(NAME_CHARS_MAX).optional(),
    time: z.union([z.iso.datetime({ offset: true }), z.number()]).optional(),
    timeMs: z.number().optional(),
    kind: z.string().max(NAME_CHARS_MAX),
    entity: name.nullish(),
    summary: z
      .string()
      .nullish()
      .transform((text) => clean(text ?? "", TEXT_CHARS_MAX)),
    attributes: flatAttributes.nullish(),
  })
  .refine((held) => held.time !== undefined || held.timeMs !== undefined, "time is missing");

const batch = z.array(change).max(CHANGES_PER_REQUEST_MAX);

/** The same content gives the same id, so that a sender may repeat itself. */
function mintId(record: Omit<ChangeRecord, "id">): string {
  const { timeMs, kind, entity, summary } = record;
  // The keys of `attributes` are sorted.
  const content = JSON.stringify([timeMs, kind, entity, summary, record.attributes]);
  return `change-${createHash("sha256").update(content).digest("hex").slice(0, 16)}`;
}

function recordOf(parsed: z.infer<typeof change>): ChangeRecord {
  const { time, timeMs = time } = parsed;
  const record = {
    timeMs: typeof timeMs === "number" ? timeMs : Date.parse(timeMs ?? ""),
    kind: isKind(parsed.kind) ? parsed.kind : "other",
    entity: parsed.entity ?? "",
    summary: parsed.summary,
    attributes: parsed.attributes ?? {},
  } satisfies Omit<ChangeRecord, "id">;
  // Recorded changes carry their source's id among the attributes.
  const given = parsed.id ?? record.attributes.id;
  const hasId = typeof given === "string" && given !== "";
  return { id: hasId ? clean(given, NAME_CHARS_MAX) : mintId(record), ...record };
}

/**
 * Changes from outside: one object or an array, in the case format (`time`) or as `ChangeRecord` (`timeMs`). Ids are
 * minted from the content where they are absent; repeats within the request are dropped.
 * Errors: `OperationError("changes_malformed")`, with the first fault and where it is.
 */
export function parseChanges(value: unknown, nowMs: number): readonly ChangeRecord[] {
  const parsed = batch.safeParse(Array.isArray(value) ? value : [value]);
  if (!parsed.success) throw new OperationError("changes_malformed", faultText(parsed.error));
  const records = new Map<string, ChangeRecord>();
  for (const item of parsed.data) {
    const record = recordOf(item);
    if (!(record.timeMs > 0 && record.timeMs <= nowMs + AHEAD_MS_MAX)) {
      throw new OperationError(
        "changes_malformed",
        "A change has a time that is not in the past; send epoch milliseconds or RFC 3339.",
      );
    }
    records.set(record.id, record);
  }
  return [...records.values()];
}

function faultText(error: z.ZodError): string {
  const [issue] = error.issues;
  const at = issue === undefined || issue.path.length === 0 ? "the body" : issue.path.join(".");
  const what = issue?.message ?? "not a change";
  return cleanText(`Not a change or a list of changes: ${at}: ${what}`, 300);
}
