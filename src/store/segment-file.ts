import { type FileHandle, open, readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { errorText, OperationError } from "../errors.ts";

/** The first bytes of every segment. */
const HEAD = Buffer.from("orrery segment 1\n");
/** Before each record: its length, and its check sum; little-endian. */
const RECORD_HEAD_BYTES = 8;
/** Limit: bytes of one record. A length beyond is damage. */
const RECORD_BYTES_MAX = 256 * 1_048_576;

const unwritten = (path: string, cause: unknown): OperationError =>
  new OperationError(
    "segment_unwritten",
    `${path} could not be written: ${errorText(cause)}; check the disk`,
    { cause },
  );

/** A file that records are added to, each with its length and check sum. */
export class SegmentWriter {
  readonly path: string;
  readonly #file: FileHandle;
  #bytes: number;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
    this.#bytes = HEAD.length;
  }

  /** Errors: `OperationError("segment_unwritten")`, also when there is a file of that name. */
  static async create(path: string): Promise<SegmentWriter> {
    try {
      const file = await open(path, "wx", 0o600);
      await file.write(HEAD);
      return new SegmentWriter(path, file);
    } catch (error) {
      throw unwritten(path, error);
    }
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** On the disk when it resolves. After an error the file's end is not known: go on with another. */
  async append(records: readonly Uint8Array[]): Promise<void> {
    if (records.length === 0) return;
    const parts = records.flatMap((record) => [headOf(record), record]);
    try {
      const { bytesWritten } = await this.#file.writev(parts);
      const bytes = parts.reduce((sum, part) => sum + part.length, 0);
      if (bytesWritten !== bytes) throw new Error(`only ${bytesWritten} of ${bytes} bytes fit`);
      await this.#file.datasync();
      this.#bytes += bytes;
    } catch (error) {
      throw unwritten(this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

function headOf(record: Uint8Array): Buffer {
  const head = Buffer.alloc(RECORD_HEAD_BYTES);
  head.writeUInt32LE(record.length, 0);
  head.writeUInt32LE(crc32(record), 4);
  return head;
}

/** How far a segment could be read. `cut`: it ends inside a record, as after a crash. */
export type SegmentEnd =
  | { readonly type: "whole" }
  | { readonly type: "cut"; readonly atByte: number }
  | { readonly type: "corrupt"; readonly atByte: number; readonly reason: string };

/** The records of a segment, in order, up to its end or to the first that is damaged. Never throws. */
export async function* readSegment(path: string): AsyncGenerator<Uint8Array, SegmentEnd> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { type: "corrupt", atByte: 0, reason: errorText(error) };
  }
  if (bytes.length < HEAD.length && HEAD.subarray(0, bytes.length).equals(bytes))
    return { type: "cut", atByte: 0 };
  if (!bytes.subarray(0, HEAD.length).equals(HEAD))
    return { type: "corrupt", atByte: 0, reason: "it does not begin as a segment does" };
  for (let at = HEAD.length; at < bytes.length; ) {
    const from = at + RECORD_HEAD_BYTES;
    if (from > bytes.length) return { type: "cut", atByte: at };
    const length = bytes.readUInt32LE(at);
    if (length > RECORD_BYTES_MAX)
      return { type: "corrupt", atByte: at, reason: "a record has an impossible length" };
    if (from + length > bytes.length) return { type: "cut", atByte: at };
    const record = bytes.subarray(from, from + length);
    if (crc32(record) !== bytes.readUInt32LE(at + 4))
      return { type: "corrupt", atByte: at, reason: "a check sum is not right" };
    yield record;
    at = from + length;
  }
  return { type: "whole" };
}
