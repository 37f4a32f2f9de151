import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { createGunzip } from "node:zlib";

/** Limit: bytes of one line; a longer one is left out and counted. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;
const NEWLINE = 10;

/** What could not be used while files were read: what, and how often. */
export type Faults = Map<string, number>;

export function noteFault(faults: Faults, what: string, count = 1): void {
  faults.set(what, (faults.get(what) ?? 0) + count);
}

/** `NAME` or `NAME.gz` in a folder; undefined when there is neither. */
function pathOf(folder: string, name: string): string | undefined {
  return [name, `${name}.gz`].map((one) => join(folder, one)).find((path) => existsSync(path));
}

/** Cuts bytes into lines; `rest` is what stands after the last line break. */
class LineCutter {
  #parts: Buffer[] = [];
  #length = 0;
  tooLong = 0;

  *push(chunk: Buffer): Generator<Buffer, void, void> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, at));
      yield* this.rest();
      from = at + 1;
    }
    this.#add(chunk.subarray(from));
  }

  #add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length <= LINE_BYTES_MAX) this.#parts.push(part);
    else this.#parts = [];
  }

  *rest(): Generator<Buffer, void, void> {
    const line = Buffer.concat(this.#parts);
    const isTooLong = this.#length > LINE_BYTES_MAX;
    this.#parts = [];
    this.#length = 0;
    if (isTooLong) this.tooLong += 1;
    else if (line.length > 0) yield line;
  }
}

/**
 * Lines of `NAME` or `NAME.gz`, one at a time; none when there is no such file. A file that ends too early or cannot be
 * unpacked gives the lines before that, and a fault.
 */
export async function* linesOf(
  folder: string,
  name: string,
  faults: Faults,
): AsyncGenerator<Buffer, void, void> {
  const path = pathOf(folder, name);
  if (path === undefined) return;
  const cutter = new LineCutter();
  try {
    for await (const chunk of bytesOf(path)) yield* cutter.push(chunk);
    yield* cutter.rest();
  } catch {
    noteFault(faults, `${name}: cannot be read to its end`);
  }
  if (cutter.tooLong > 0) noteFault(faults, `${name}: line too long`, cutter.tooLong);
}

async function* bytesOf(path: string): AsyncGenerator<Buffer, void, void> {
  const file = createReadStream(path);
  const gunzip = path.endsWith(".gz") ? createGunzip() : undefined;
  if (gunzip !== undefined) file.on("error", (error) => gunzip.destroy(error));
  try {
    yield* gunzip === undefined ? file : file.pipe(gunzip);
  } finally {
    file.destroy();
  }
}
