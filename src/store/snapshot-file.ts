import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as yieldToLoop } from "node:timers/promises";
import { errorText, OperationError } from "../errors.ts";

/** Rows of a list that go into one line: a line is encoded without a pause. */
const ROWS_PER_LINE = 250;
const FORMAT = 1;

type Parts = Readonly<Record<string, unknown>>;

interface PartLine {
  readonly part: string;
  /** Of a list: some of its rows, in order. */
  readonly rows?: readonly unknown[];
  /** Of anything else: all of it. */
  readonly value?: unknown;
}

function* linesOf(parts: Parts): Generator<string> {
  yield JSON.stringify({ format: FORMAT });
  for (const [part, value] of Object.entries(parts)) {
    if (!Array.isArray(value)) {
      yield JSON.stringify({ part, value } satisfies PartLine);
      continue;
    }
    for (let at = 0; at === 0 || at < value.length; at += ROWS_PER_LINE) {
      yield JSON.stringify({ part, rows: value.slice(at, at + ROWS_PER_LINE) } satisfies PartLine);
    }
  }
}

/**
 * Writes an object of JSON values, part by part, so that the event loop gets its turn: to a second file first, onto the
 * disk, then in place of the old one. A crash at any time leaves the old file or the new one, whole.
 * Errors: `OperationError("snapshot_unwritten")`; the old file is untouched then.
 */
export async function writeSnapshot(path: string, parts: Parts): Promise<void> {
  const draft = `${path}.draft`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(draft, "w", 0o600);
    try {
      const hash = createHash("sha256");
      for (const line of linesOf(parts)) {
        hash.update(line);
        // biome-ignore lint/performance/noAwaitInLoops: one line after the other, with others' turns in between
        await file.write(`${line}\n`);
        await yieldToLoop();
      }
      await file.write(`${JSON.stringify({ end: hash.digest("hex") })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw unwritten(path, error);
  }
}

const unwritten = (path: string, cause: unknown): OperationError =>
  new OperationError(
    "snapshot_unwritten",
    `${path} could not be written: ${errorText(cause)}; check the disk`,
    { cause },
  );

/** What a snapshot file holds: its parts, nothing at all, or damage (said, never silently wrong). */
export type ReadSnapshot =
  | { readonly type: "read"; readonly parts: Parts }
  | { readonly type: "missing" }
  | { readonly type: "corrupt"; readonly reason: string };

export async function readSnapshot(path: string): Promise<ReadSnapshot> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { type: "missing" };
    return { type: "corrupt", reason: errorText(error) };
  }
  try {
    return parse(text.split("\n"));
  } catch (error) {
    return { type: "corrupt", reason: errorText(error) };
  }
}

function parse(lines: readonly string[]): ReadSnapshot {
  const hash = createHash("sha256");
  const body = lines.slice(0, -2);
  for (const line of body) hash.update(line);
  const last: unknown = JSON.parse(lines.at(-2) ?? "null");
  const end = typeof last === "object" && last !== null && "end" in last ? last.end : undefined;
  if (end !== hash.digest("hex")) return { type: "corrupt", reason: "its check sum is not right" };
  const [head, ...rest] = body.map((line) => JSON.parse(line) as unknown);
  if (typeof head !== "object" || head === null || !("format" in head) || head.format !== FORMAT)
    return { type: "corrupt", reason: "it has another format" };
  const parts: Record<string, unknown> = {};
  for (const line of rest as readonly PartLine[]) {
    if (line.rows === undefined) parts[line.part] = line.value;
    else parts[line.part] = [...((parts[line.part] as unknown[] | undefined) ?? []), ...line.rows];
  }
  return { type: "read", parts };
}
