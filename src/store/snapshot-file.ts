import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate as yieldToLoop } from "node:timers/promises";
import { errorText, OperationError } from "../errors.ts";

const FORMAT = 2;
/** Bytes that are summed in one go. */
const HASHED_BYTES_MAX = 1_048_576;
const NEWLINE = 10;

/**
 * Writes JSON values, one a line, so that the event loop gets its turn in between: to a second file first, onto the disk,
 * then in place of the old one. A crash at any time leaves the old file or the new one, whole.
 * Errors: `OperationError("snapshot_unwritten")`; the old file is untouched then.
 */
export async function writeSnapshot(path: string, values: Iterable<unknown>): Promise<void> {
  const draft = `${path}.draft`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(draft, "w", 0o600);
    try {
      const hash = createHash("sha256");
      for (const line of linesOf(values)) {
        hash.update(line);
        // biome-ignore lint/performance/noAwaitInLoops: one line after the other, with others' turns in between
        await file.write(line);
        await yieldToLoop();
      }
      await file.write(`${JSON.stringify({ end: hash.digest("hex") })}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw unwritten(path, error);
  }
}

function* linesOf(values: Iterable<unknown>): Generator<string> {
  yield `${JSON.stringify({ format: FORMAT })}\n`;
  for (const value of values) yield `${JSON.stringify(value)}\n`;
}

/** That a file is in its folder is on the disk only when the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const unwritten = (path: string, cause: unknown): OperationError =>
  new OperationError(
    "snapshot_unwritten",
    `${path} could not be written: ${errorText(cause)}; check the disk`,
    { cause },
  );

/** What a snapshot file holds: its values, nothing at all, or damage (said, never silently wrong). */
export type ReadSnapshot =
  | { readonly type: "read"; readonly values: Iterable<unknown> }
  | { readonly type: "missing" }
  | { readonly type: "corrupt"; readonly reason: string };

/** The values are parsed as they are asked for: the sum of the whole file has vouched for them by then. */
export async function readSnapshot(path: string): Promise<ReadSnapshot> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { type: "missing" };
    return { type: "corrupt", reason: errorText(error) };
  }
  try {
    return await parse(bytes);
  } catch (error) {
    return { type: "corrupt", reason: errorText(error) };
  }
}

async function parse(bytes: Buffer): Promise<ReadSnapshot> {
  const lastLine = bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1;
  const last: unknown = JSON.parse(bytes.toString("utf8", lastLine));
  const end = typeof last === "object" && last !== null && "end" in last ? last.end : undefined;
  const body = bytes.subarray(0, lastLine);
  if (bytes.at(-1) !== NEWLINE || end !== (await hashOf(body)))
    return { type: "corrupt", reason: "its check sum is not right" };
  const values = valuesIn(body);
  const { value: head } = values.next();
  if (typeof head !== "object" || head === null || !("format" in head) || head.format !== FORMAT)
    return { type: "corrupt", reason: "it has another format" };
  return { type: "read", values };
}

async function hashOf(bytes: Buffer): Promise<string> {
  const hash = createHash("sha256");
  for (let from = 0; from < bytes.length; from += HASHED_BYTES_MAX) {
    hash.update(bytes.subarray(from, from + HASHED_BYTES_MAX));
    // biome-ignore lint/performance/noAwaitInLoops: others run in between
    await yieldToLoop();
  }
  return hash.digest("hex");
}

function* valuesIn(body: Buffer): Generator<unknown> {
  for (let from = 0; from < body.length; ) {
    const to = body.indexOf(NEWLINE, from);
    yield JSON.parse(body.toString("utf8", from, to));
    from = to + 1;
  }
}
