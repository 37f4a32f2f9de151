/** Attribute keys, names and most values repeat within and between requests: they are decoded once. */
const SLOTS = 4096;
/** Longer texts are rarely repeated and cost more to compare. */
const CACHED_BYTES_MAX = 64;

/** Direct-mapped by a hash of the bytes. Limit: `SLOTS` strings; a collision replaces, which costs time and nothing else. */
export class StringCache {
  readonly #texts: string[] = new Array<string>(SLOTS).fill("");
  readonly #bytes: Uint8Array[] = new Array<Uint8Array>(SLOTS).fill(new Uint8Array(0));

  /** The UTF-8 text at `[start, end)`. Invalid sequences become U+FFFD. */
  text(buffer: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > CACHED_BYTES_MAX) return buffer.toString("utf8", start, end);
    let hash = length;
    for (let index = start; index < end; index++) {
      hash = (Math.imul(hash, 31) + (buffer[index] ?? 0)) | 0;
    }
    const slot = (hash ^ (hash >>> 13)) & (SLOTS - 1);
    const cached = this.#bytes[slot];
    if (cached !== undefined && isSame(cached, buffer, start, length)) {
      return this.#texts[slot] ?? "";
    }
    const text = buffer.toString("utf8", start, end);
    this.#texts[slot] = text;
    this.#bytes[slot] = Uint8Array.prototype.slice.call(buffer, start, end);
    return text;
  }
}

function isSame(cached: Uint8Array, buffer: Buffer, start: number, length: number): boolean {
  if (cached.length !== length) return false;
  for (let index = 0; index < length; index++) {
    if (cached[index] !== buffer[start + index]) return false;
  }
  return true;
}
