import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { SegmentWriter } from "./segment-file.ts";

const NAME = /^(\d{13,16})-(\d{6})\.segment$/;
/** Limit: records' bytes in one segment; a new one begins then. */
const SEGMENT_BYTES_MAX = 64 * 1_048_576;

/** One file of records, and when its first was written. */
export interface Segment {
  readonly path: string;
  readonly startedMs: number;
  readonly bytes: number;
}

export interface FolderLimits {
  /** A segment is full when its first record is so old … */
  readonly segmentMs: number;
  /** … and given up when all of it is older than this, */
  readonly keptMs: number;
  /** or when all together hold more than this: the oldest first. */
  readonly bytesMax: number;
}

/** Records in files that are only added to: a new file every few minutes, and old ones are given up whole. */
export class SegmentFolder {
  readonly #folder: string;
  readonly #limits: FolderLimits;
  #kept: Segment[];
  #writer: SegmentWriter | undefined;
  #writerStartedMs = 0;
  #number: number;
  /** Segments that had to go before their time. */
  givenUp = 0;

  private constructor(folder: string, limits: FolderLimits, kept: Segment[]) {
    this.#folder = folder;
    this.#limits = limits;
    this.#kept = kept;
    this.#number = kept.length === 0 ? 0 : Number(NAME.exec(nameIn(kept.at(-1)))?.[2] ?? 0) + 1;
  }

  /** Errors: those of the file system. */
  static async open(folder: string, limits: FolderLimits): Promise<SegmentFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const names = (await readdir(folder)).filter((name) => NAME.test(name)).sort();
    const kept = await Promise.all(
      names.map(async (name): Promise<Segment> => {
        const path = join(folder, name);
        const { size } = await stat(path);
        return { path, startedMs: Number(NAME.exec(name)?.[1]), bytes: size };
      }),
    );
    return new SegmentFolder(folder, limits, kept);
  }

  /** Oldest first; what is written now is not among them. */
  get segments(): readonly Segment[] {
    return this.#kept;
  }

  get bytes(): number {
    return this.#kept.reduce((sum, one) => sum + one.bytes, this.#writer?.bytes ?? 0);
  }

  /** Whether the next records go into a new segment: they must then stand for themselves. */
  beginsAnew(nowMs: number): boolean {
    if (this.#writer === undefined) return true;
    const isOld = nowMs - this.#writerStartedMs >= this.#limits.segmentMs;
    return isOld || this.#writer.bytes >= SEGMENT_BYTES_MAX;
  }

  /**
   * On the disk when it resolves. After an error the next records go into a new segment.
   * Errors: `OperationError("segment_unwritten")`.
   */
  async append(records: readonly Uint8Array[], nowMs: number): Promise<void> {
    if (records.length === 0) return;
    if (this.beginsAnew(nowMs)) await this.#begin(nowMs);
    try {
      await this.#writer?.append(records);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #begin(nowMs: number): Promise<void> {
    await this.close();
    // In the order of their numbers, also when a clock was set back.
    const startedMs = Math.max(nowMs, this.#kept.at(-1)?.startedMs ?? 0);
    const number = String(this.#number % 1_000_000).padStart(6, "0");
    const name = `${String(startedMs).padStart(13, "0")}-${number}.segment`;
    this.#writer = await SegmentWriter.create(join(this.#folder, name));
    this.#writerStartedMs = startedMs;
    this.#number += 1;
  }

  /** Ends the segment that is being written. */
  async close(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    const { path, bytes } = writer;
    this.#kept.push({ path, startedMs: this.#writerStartedMs, bytes });
    await writer.close();
  }

  /** Gives up what is older than is kept, and than `neededMs`. */
  async prune(nowMs: number, neededMs: number): Promise<void> {
    const keptFromMs = Math.min(nowMs - this.#limits.keptMs, neededMs);
    const next = (at: number): number => this.#kept[at + 1]?.startedMs ?? this.#writerStartedMs;
    let old = 0;
    while (old < this.#kept.length && next(old) <= keptFromMs) old += 1;
    let { bytes } = this;
    for (let at = 0; at < this.#kept.length; at += 1) {
      if (at >= old && bytes <= this.#limits.bytesMax) break;
      if (at >= old) {
        old = at + 1;
        this.givenUp += 1;
      }
      bytes -= this.#kept[at]?.bytes ?? 0;
    }
    const gone = this.#kept.splice(0, old);
    await Promise.all(gone.map(({ path }) => rm(path, { force: true })));
  }
}

const nameIn = (segment: Segment | undefined): string => segment?.path.split("/").at(-1) ?? "";
