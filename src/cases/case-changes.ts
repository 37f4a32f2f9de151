import type { ChangeRecord } from "../model/signal.ts";
import { parseChanges } from "../telemetry/changes.ts";
import { type Faults, linesOf, noteFault } from "./line-file.ts";

/** Limit: changes of one case; later lines are left out and counted. */
const CHANGES_MAX = 5_000;
/** Attribute values beyond this much text are cut before they are read. */
const VALUE_CHARS_MAX = 4_096;

function flat(value: unknown): string | number | boolean {
  if (typeof value === "number" || typeof value === "boolean") return value;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (text ?? "").slice(0, VALUE_CHARS_MAX);
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** The case format lets attributes nest and gives commits a `sha`; a change record is flat and has an id. */
function normalised(line: Buffer): Record<string, unknown> {
  const held = objectOf(JSON.parse(line.toString("utf8")));
  const attributes = Object.fromEntries(
    Object.entries(objectOf(held.attributes)).map(([key, value]) => [key, flat(value)]),
  );
  const id = held.id ?? attributes.id ?? attributes.sha ?? attributes.commit_sha;
  return {
    time: held.time ?? held.timeMs,
    kind: typeof held.kind === "string" ? held.kind : "other",
    entity: typeof held.entity === "string" ? held.entity : "",
    summary: typeof held.summary === "string" ? held.summary : "",
    attributes,
    ...(id === undefined ? {} : { id: String(id) }),
  };
}

/** Changes that were known at `cutMs`, oldest first. What is no change is left out and counted. */
export async function readChanges(
  folder: string,
  cutMs: number,
  faults: Faults,
): Promise<readonly ChangeRecord[]> {
  const changes: ChangeRecord[] = [];
  for await (const line of linesOf(folder, "changes.jsonl", faults)) {
    if (changes.length >= CHANGES_MAX) {
      noteFault(faults, "changes.jsonl: too many changes");
      continue;
    }
    try {
      const read = parseChanges(normalised(line), Number.MAX_SAFE_INTEGER / 2);
      changes.push(...read.filter((change) => change.timeMs <= cutMs));
    } catch {
      noteFault(faults, "changes.jsonl: not a change");
    }
  }
  return changes.sort((a, b) => a.timeMs - b.timeMs);
}
