import type { z } from "zod";
import type { AnyTool } from "./define-tool.ts";
import { fieldsOf } from "./input-problems.ts";

/** Limit: rounds of mending; each can bring the next slip to light. */
const ROUNDS_MAX = 4;
/** Limit: characters of a text that is read as JSON. */
const JSON_CHARS_MAX = 20_000;

/** Fields that mean the same to who writes them; spelling (`toVersion`, `to_version`) is of no account. */
const SAME_FIELD: readonly (readonly string[])[] = [
  ["entity", "service", "about"],
  ["from", "caller"],
  ["to", "callee"],
  ["toversion", "version"],
  ["severity", "level"],
];
/** Kinds of intervention and of action that are the same deed. */
const SAME_TYPE: readonly (readonly string[])[] = [
  ["flag", "set_flag"],
  ["setting", "restore_setting"],
  ["limit", "limit_caller"],
  ["rollback", "roll_back"],
];

type Issue = z.core.$ZodIssue;
type Fields = Record<string, unknown>;
type ReadInput =
  | { readonly ok: true; readonly data: unknown; readonly isMended: boolean }
  | { readonly ok: false; readonly error: z.ZodError };

/**
 * An input as the tool's schema wants it. A slip of form whose meaning is clear is put right: a number or a list that is
 * written as text, one thing where a list of it is asked, a field under its other name. Nothing is guessed: what is still
 * wrong after that is told as it was sent.
 */
export function readInput(tool: AnyTool, raw: unknown): ReadInput {
  const { input } = tool;
  const first = input.safeParse(raw ?? {});
  if (first.success) return { ok: true, data: first.data, isMended: false };
  const root: { input: unknown } = { input: structuredClone(raw) };
  let issues: readonly Issue[] = first.error.issues;
  const fields = fieldsOf(tool);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const all = issues;
    const mended = issues.filter((issue) => mend(root, { issue, all, fields }));
    if (mended.length === 0) break;
    const again = input.safeParse(root.input);
    if (again.success) return { ok: true, data: again.data, isMended: true };
    issues = again.error.issues;
  }
  return { ok: false, error: first.error };
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Place {
  readonly holder: Fields;
  readonly key: string;
}

/** What holds the value at a path, and under which key. */
function placeOf(root: { input: unknown }, path: readonly PropertyKey[]): Place | undefined {
  let holder: unknown = root;
  const keys = ["input", ...path.map(String)];
  for (const key of keys.slice(0, -1)) {
    if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, key))
      return undefined;
    holder = (holder as Fields)[key];
  }
  if (typeof holder !== "object" || holder === null) return undefined;
  return { holder: holder as Fields, key: keys.at(-1) ?? "" };
}

interface Slip {
  readonly issue: Issue;
  readonly all: readonly Issue[];
  /** Fields of the whole input. */
  readonly fields: readonly string[];
}

/** Whether something was put right. */
function mend(root: { input: unknown }, slip: Slip): boolean {
  const { issue } = slip;
  const place = placeOf(root, issue.path);
  if (place === undefined) return false;
  const { holder, key } = place;
  switch (issue.code) {
    case "invalid_type":
      return holder[key] === null ? delete holder[key] : retype(place, issue.expected);
    case "invalid_union": {
      const options: readonly unknown[] =
        "options" in issue && Array.isArray(issue.options) ? issue.options : [];
      const right = sameAs(SAME_TYPE, String(holder[key])).find((one) => options.includes(one));
      if (right === undefined) return false;
      holder[key] = right;
      return true;
    }
    case "unrecognized_keys": {
      const owner = holder[key];
      return isFields(owner) && issue.keys.filter((name) => rename(owner, name, slip)).length > 0;
    }
    default:
      return false;
  }
}

function sameAs(groups: readonly (readonly string[])[], word: string): readonly string[] {
  return groups.find((group) => group.includes(word)) ?? [word];
}

/** A value of the type that is asked, where the text or the single thing that stands there is one. */
function retype({ holder, key }: Place, expected: string): boolean {
  const value = holder[key];
  const read = typeof value === "string" ? fromJson(value) : undefined;
  const isIt = Array.isArray(read) ? expected === "array" : typeof read === expected;
  if (isIt && read !== undefined && read !== null) holder[key] = read;
  else if (expected === "array" && (isFields(value) || typeof value === "string"))
    holder[key] = [value];
  else return false;
  return true;
}

function fromJson(text: string): unknown {
  if (text.length > JSON_CHARS_MAX) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const spelling = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");

/** Gives a field that the schema does not know the name of the one that it lacks, when only one can be meant. */
function rename(owner: Fields, name: string, { issue, all, fields }: Slip): boolean {
  const lacking = all.flatMap(({ path }) => {
    const field = path.at(-1);
    const isOwn =
      path.length === issue.path.length + 1 && String(path.slice(0, -1)) === String(issue.path);
    return isOwn && typeof field === "string" ? [field] : [];
  });
  const wanted = sameAs(SAME_FIELD, spelling(name));
  const meant = [...new Set([...lacking, ...(issue.path.length === 0 ? fields : [])])].filter(
    (field) => !Object.hasOwn(owner, field) && wanted.includes(spelling(field)),
  );
  const [field] = meant;
  if (field === undefined || meant.length > 1) return false;
  owner[field] = owner[name];
  delete owner[name];
  return true;
}
